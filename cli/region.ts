import { RecodeError } from '../core/errors.ts';

/** Whether a text could be the name of a region. Which regions there are is AWS's to say. */
export const isRegion = (text: string): boolean => /^[a-z0-9]+(-[a-z0-9]+)*$/.test(text);

/**
 * Reads what was typed for a region.
 *
 * @throws RecodeError UsageNotValid
 */
export function parseRegion(text: string): string {
  if (isRegion(text)) return text;
  throw new RecodeError('UsageNotValid', `Invalid region '${text}'. Use the name of an AWS region, for example us-east-1.`);
}
