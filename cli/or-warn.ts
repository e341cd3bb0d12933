import { RecodeError } from '../core/errors.ts';
import { type Output, paint } from './output.ts';

/**
 * Does something with the files on this machine that the operation does not depend on, or not any more: where it fails, that is a warning.
 * Returns whether it has worked.
 */
export function orWarn({ stderr }: Output, work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (!(error instanceof RecodeError)) throw error;
    stderr.write(`${paint(stderr, 'yellow', '!')} ${error.message}\n`);
    return false;
  }
}
