import { RecodeError } from '../core/errors.ts';

/** Whether a text could be the name of a region: words and a number at the end. Which regions there are is AWS's to say. */
export const isRegion = (text: string): boolean => /^(?=.{1,63}$)[a-z]+(-[a-z]+)+-\d+$/.test(text);

/** The name of a region that an invalid text may mean: `US_EAST-1 ` is us-east-1. */
export function regionMeant(text: string): string | undefined {
  const meant = text.trim().toLowerCase().replaceAll('_', '-');
  return isRegion(meant) ? meant : undefined;
}

/**
 * Reads what was typed for a region.
 *
 * @throws RecodeError UsageNotValid
 */
export function parseRegion(text: string): string {
  if (isRegion(text)) return text;
  throw new RecodeError(
    'UsageNotValid',
    `Invalid region '${text}'. Use the name of an AWS region, for example ${regionMeant(text) ?? 'us-east-1'}.`,
  );
}
