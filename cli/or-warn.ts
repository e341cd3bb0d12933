import { RecodeError } from '../core/errors.ts';
import { type Output, warn } from './output.ts';

/**
 * Does something with the files on this machine that the operation does not depend on, or not any more: where it fails, that is a warning.
 * Returns whether it has worked.
 */
export function orWarn(output: Output, work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (!(error instanceof RecodeError)) throw error;
    warn(output, error.message);
    return false;
  }
}
