import { RecodeError } from '../core/errors.ts';

/**
 * Reads what was typed for a region. Which regions there are is AWS's to say; what is refused here could not be one.
 *
 * @throws RecodeError UsageNotValid
 */
export function parseRegion(text: string): string {
  if (/^[a-z0-9]+(-[a-z0-9]+)*$/.test(text)) return text;
  throw new RecodeError('UsageNotValid', `Invalid region '${text}'. Use the name of an AWS region, for example us-east-1.`);
}
