import { RecodeError } from '../core/errors.ts';

/**
 * Reads what was typed for a region. Which regions there are is AWS's to say; what is refused here could not be one.
 *
 * @throws RecodeError UsageNotValid
 */
export function parseRegion(text: string): string {
  if (/^[a-z0-9]+(-[a-z0-9]+)*$/.test(text)) return text;
  throw new RecodeError('UsageNotValid', `"${text}" is not the name of a region, such as us-east-1.`);
}
