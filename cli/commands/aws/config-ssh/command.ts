import { Command } from 'commander';
import { examples } from '../../../help.ts';
import type { Output } from '../../../output.ts';
import { jsonOption } from '../options.ts';
import type { ConfigSshFlags } from './run.ts';

/** `recode aws config-ssh` */
export function configSshCommand(output: Output): Command {
  return new Command('config-ssh')
    .summary('Let ssh, scp, git and editors connect by host name')
    .description(
      'Add one line to the top of your SSH configuration, ~/.ssh/config. It includes a host for each environment of yours on this ' +
        'machine, such as acme-api.recode, so that ssh, scp, rsync, git and editors connect to it from any folder.\n\n' +
        'The line is added once. Everything else in the file stays as it is. Recode keeps the hosts up to date: their addresses, ports, ' +
        'keys and host keys. If another environment has the name already, the region is added, and then the account.',
    )
    .option('--remove', 'remove the line')
    .option('--dry-run', 'show what would change, and change nothing')
    .option('--ssh-config <file>', 'change this file instead of ~/.ssh/config; also RECODE_SSH_CONFIG')
    .option(...jsonOption)
    .addHelpText(
      'after',
      examples([
        ['Add the line, and list the hosts', 'recode aws config-ssh'],
        ['Then connect from any program', 'ssh acme-api.recode'],
        ['Copy a folder', 'rsync -a src/ acme-api.recode:src/'],
        ['Show the change first', 'recode aws config-ssh --dry-run'],
        ['Remove the line', 'recode aws config-ssh --remove'],
      ]),
    )
    .action(async (_: unknown, invoked: Command) => {
      const { runConfigSsh } = await import('./run.ts');
      await runConfigSsh(invoked.optsWithGlobals<ConfigSshFlags>(), output);
    });
}
