import { Command } from 'commander';
import { examples } from '../../help.ts';
import { line, type Output, warn, writeJson } from '../../output.ts';
import { jsonOption } from '../aws/options.ts';
import { parseSettingName, settingArgument, settingsHelp } from './arguments.ts';

/** `recode config set` */
export function setCommand(output: Output): Command {
  return new Command('set')
    .summary('Save a setting')
    .description('Save a setting. It is the default of the option of the same name.')
    .argument(...settingArgument)
    .argument('<value>', 'the value of the setting')
    .option(...jsonOption)
    .addHelpText('after', settingsHelp)
    .addHelpText(
      'after',
      examples([
        ['Use a profile of the AWS CLI without typing it', 'recode config set profile team'],
        ['Choose the instance type of new environments', 'recode config set instance-type t3.large'],
        ['Choose your editor', 'recode config set editor code'],
        ['Choose your dotfiles', 'recode config set dotfiles alice/dotfiles'],
      ]),
    )
    .action(async (text: string, value: string) => {
      const name = parseSettingName(text);
      const missing = name === 'profile' ? await missingProfile(value) : undefined;
      const { saveUserSetting } = await import('../../settings/user-settings.ts');
      const saved = await saveUserSetting(name, value, process.env);
      if (output.json) writeJson(output, { name, value: saved });
      else output.stdout.write(`${line`${name} is now ${saved}`}\n`);
      const { overridingVariable } = await import('../../settings/effective.ts');
      const variable = overridingVariable(name, process.env);
      if (variable) warn(output, line`${variable.name} overrides it: ${variable.value}`);
      if (missing !== undefined) warn(output, missing);
    });
}

/** What to say of a profile that the files of the AWS CLI do not have. It may be made later. */
async function missingProfile(profile: string): Promise<string | undefined> {
  const { readSharedFiles } = await import('../../identity/files.ts');
  const { profiles } = await readSharedFiles(process.env);
  if (profiles.has(profile)) return undefined;
  const known = profiles.size === 0 ? 'none' : [...profiles.keys()].join(', ');
  return line`The AWS CLI has no profile "${profile}" on this machine. Its profiles: ${known}`;
}
