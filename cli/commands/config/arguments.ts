import { RecodeError } from '../../../core/errors.ts';
import { meantSettings } from '../../did-you-mean.ts';
import { heading } from '../../help.ts';
import { line } from '../../output.ts';
import { type SettingName, settingNames, settingRows } from '../../settings/rows.ts';
import { didYouMean } from '../../unknown.ts';

/** The argument of the commands about one setting. */
export const settingArgument = ['<setting>', 'the name of the setting'] as const;

/**
 * Reads the name of a setting.
 *
 * @throws RecodeError UsageNotValid
 */
export function parseSettingName(text: string): SettingName {
  const known = settingNames.find((name) => name === text);
  if (known) return known;
  const meant = didYouMean(meantSettings(text, settingNames));
  throw new RecodeError('UsageNotValid', line`Unknown setting '${text}'.${meant} The settings are ${settingNames.join(', ')}.`);
}

/** All settings, for the help. */
export function settingsHelp(): string {
  const width = Math.max(...settingNames.map((name) => name.length));
  const rows = settingNames.map((name) => {
    const { summary, values = [], fallback } = settingRows[name];
    const choice = values.length === 0 ? '' : `: {${values.join('|')}}`;
    return `  ${name.padEnd(width)}  ${summary}${choice} (default: ${fallback})`;
  });
  return `\n${heading('Settings:')}\n${rows.join('\n')}`;
}
