import { RecodeError } from '../core/errors.ts';

/**
 * The refusal of an environment variable's value.
 *
 * @param advice what to set instead, as a sentence
 */
export function settingNotValid(variable: string, text: string, advice: string): RecodeError {
  // As JSON, because a space at the end would not be seen.
  return new RecodeError('SettingNotValid', `${variable} is ${JSON.stringify(text)}. ${advice}`);
}
