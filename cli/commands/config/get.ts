import { Command } from 'commander';
import { exitCodes } from '../../../core/errors.ts';
import { examples } from '../../help.ts';
import { type Output, writeJson } from '../../output.ts';
import { jsonOption } from '../aws/options.ts';
import { parseSettingName, settingArgument, settingsHelp } from './arguments.ts';

/** `recode config get` */
export function getCommand(output: Output): Command {
  return new Command('get')
    .summary('Print a setting')
    .description('Print the value of a setting. The exit code is 1 if it is not set. Variables and defaults do not count.')
    .argument(...settingArgument)
    .option(...jsonOption)
    .addHelpText('after', settingsHelp)
    .addHelpText(
      'after',
      examples([
        ['Print the editor', 'recode config get editor'],
        ['Use a setting in a script', 'region=$(recode config get region) || region=us-east-1'],
      ]),
    )
    .action(async (text: string) => {
      const name = parseSettingName(text);
      const { readUserSettings } = await import('../../settings/user-settings.ts');
      const value = readUserSettings(process.env).get(name);
      if (value === undefined) process.exitCode = exitCodes.failed;
      if (output.json) writeJson(output, { name, value: value ?? null });
      else if (value !== undefined) output.stdout.write(`${value}\n`);
    });
}
