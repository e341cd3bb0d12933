import { Command } from 'commander';
import { examples } from '../../help.ts';
import { type Output, writeJson } from '../../output.ts';
import { jsonOption } from '../aws/options.ts';
import { parseSettingName, settingArgument, settingsHelp } from './arguments.ts';

/** `recode config unset` */
export function unsetCommand(output: Output): Command {
  return new Command('unset')
    .summary('Remove a setting')
    .description('Remove a setting. Its default holds again.')
    .argument(...settingArgument)
    .option(...jsonOption)
    .addHelpText('after', settingsHelp)
    .addHelpText('after', examples([["Use the region of the AWS CLI's profile again", 'recode config unset region']]))
    .action(async (text: string) => {
      const name = parseSettingName(text);
      const { removeUserSetting } = await import('../../settings/user-settings.ts');
      const removed = await removeUserSetting(name, process.env);
      if (output.json) writeJson(output, { name, value: null, removed });
      else output.stdout.write(removed ? `${name} is no longer set\n` : `${name} was not set\n`);
    });
}
