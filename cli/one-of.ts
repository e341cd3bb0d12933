import { RecodeError } from '../core/errors.ts';

/**
 * Reads one of a few words.
 *
 * @param source what it was given for, such as `--editor`
 * @throws RecodeError UsageNotValid
 */
export function oneOf<Word extends string>(words: readonly Word[], text: string, source: string): Word {
  const known = words.find((word) => word === text);
  if (known !== undefined) return known;
  throw new RecodeError('UsageNotValid', `Invalid ${source} '${text}'. Use ${words.slice(0, -1).join(', ')} or ${words.at(-1)}.`);
}
