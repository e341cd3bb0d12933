import { Command } from 'commander';
import { examples } from '../../../help.ts';
import type { Output } from '../../../output.ts';
import { type AccountFlags, addAccountOptions, jsonOption, parseAccount } from '../options.ts';

/** `recode aws uninstall` */
export function command(output: Output): Command {
  const uninstall = new Command('uninstall')
    .summary('Delete the network and table of a region')
    .description(
      'Delete the network and the table that the environments of a region share. Fails while any environment exists, or if you lack ' +
        'the RecodeAdmin policy. It also fails while the disk of a removed environment is kept, which costs, unless --delete-kept deletes it.\n\n' +
        'The next "recode aws start" creates them again. To delete the functions and state machines too, run "npx serverless remove".',
    );
  return addAccountOptions(uninstall)
    .option('--force', 'do not ask for confirmation')
    .option('--delete-kept', 'also delete the kept disks of removed environments')
    .option(...jsonOption)
    .addHelpText(
      'after',
      examples([
        ['Uninstall after confirmation', 'recode aws uninstall --region eu-west-1'],
        ['Uninstall in a script', 'recode aws uninstall --region eu-west-1 --force'],
      ]),
    )
    .action(async (_: unknown, invoked: Command) => {
      const flags = invoked.optsWithGlobals<AccountFlags & { readonly force?: boolean; readonly deleteKept?: boolean }>();
      const account = parseAccount(flags, process.env);
      const { runUninstall } = await import('./run.ts');
      await runUninstall({ account, force: flags.force ?? false, deleteKept: flags.deleteKept ?? false }, output);
    });
}
