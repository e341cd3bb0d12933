import { Command } from 'commander';
import { examples } from '../../help.ts';
import type { Output } from '../../output.ts';
import { settingsHelp } from './arguments.ts';
import { getCommand } from './get.ts';
import { listCommand } from './list.ts';
import { setCommand } from './set.ts';
import { unsetCommand } from './unset.ts';

/** `recode config` */
export function configCommand(output: Output): Command {
  return new Command('config')
    .summary('Manage your settings on this machine')
    .description(
      'Manage your settings on this machine: the defaults of options that you would type again and again.\n\n' +
        'An option overrides an environment variable, which overrides a setting. A setting overrides the files of the AWS CLI and your ' +
        "team's defaults. With --local, profile is ignored, and region counts at the first start of the embedded AWS.\n\n" +
        'The settings are in recode/config.json in XDG_CONFIG_HOME, or else in ~/.config (on Windows: %APPDATA%).',
    )
    .addCommand(listCommand(output))
    .addCommand(getCommand(output))
    .addCommand(setCommand(output))
    .addCommand(unsetCommand(output))
    .addHelpText('after', settingsHelp)
    .addHelpText(
      'after',
      examples([
        ['Use a profile and region without typing them', 'recode config set profile team && recode config set region eu-west-1'],
        ['Show your settings', 'recode config list'],
      ]),
    );
}
