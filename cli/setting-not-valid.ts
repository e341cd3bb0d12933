import { RecodeError } from '../core/errors.ts';

/**
 * Why a value cannot be used, with what it came from: an environment variable.
 *
 * @param expected `a switch`
 * @param example what may have been meant, or what such a value looks like
 */
export function settingNotValid(source: string, text: string, expected: string, example: string): RecodeError {
  // As JSON, because a space at its end would not be seen.
  const message = `${source} is ${JSON.stringify(text)}, which is not ${expected}. Use one like ${example}.`;
  return new RecodeError('SettingNotValid', message);
}
