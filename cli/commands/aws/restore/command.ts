import { Command } from 'commander';
import { examples } from '../../../help.ts';
import type { Output } from '../../../output.ts';
import { addAccountOptions, addOperationOptions, jsonOption, repositoryArgument } from '../options.ts';
import { addStartOptions } from '../start/options.ts';
import type { StartFlags } from '../start/request.ts';

/** `recode aws restore` */
export function restoreCommand(output: Output): Command {
  const restore = new Command('restore')
    .summary('Restore a removed environment whose disk was kept')
    .description(
      'Restore an environment that was removed with --keep: start a new instance from the newest disk that is kept of it. It has your files, ' +
        'a new address and a new host key. Only the key of this machine lets in: keys that were added before, also in ' +
        '~/.ssh/authorized_keys, no longer do. It has the instance type and volume it had, unless you choose others.\n\n' +
        'The kept disk stays until its time is over: "recode aws remove --kept" deletes it earlier.',
    )
    .argument(...repositoryArgument)
    .option('--instance-type <type>', 'EC2 instance type of the same architecture (default: what it had)')
    .option('--volume-size <GiB>', 'size of the root volume in GiB, at least what it had (default: what it had)')
    .option('--volume-type <type>', 'type of the root volume: {gp2|gp3} (default: what it had)');
  addStartOptions(restore);
  addOperationOptions(restore, 'before restoring it');
  return addAccountOptions(restore)
    .option(...jsonOption)
    .addHelpText(
      'after',
      examples([
        ['See what can be restored', 'recode aws list --removed'],
        ['Restore an environment', 'recode aws restore acme/api'],
        ['Restore it with a larger instance and disk', 'recode aws restore acme/api --instance-type m6i.xlarge --volume-size 64'],
      ]),
    )
    .action(async (repository: string, _: unknown, invoked: Command) => {
      const { parseStart } = await import('../start/request.ts');
      const request = parseStart(repository, invoked.optsWithGlobals<StartFlags>(), process.env);
      const { runStart } = await import('../start/run.ts');
      await runStart({ ...request, restore: true }, output);
    });
}
