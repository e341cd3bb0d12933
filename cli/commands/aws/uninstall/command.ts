import { Command } from 'commander';
import { examples } from '../../../help.ts';
import type { Output } from '../../../output.ts';
import { type AccountFlags, addAccountOptions, jsonOption } from '../options.ts';

/** `recode aws uninstall` */
export function uninstallCommand(output: Output): Command {
  const command = new Command('uninstall')
    .summary('Delete what all environments of a region share')
    .description(
      'Delete what all environments of a region share: the network and the table. Refused while there is an environment, ' +
        'and to whoever has not the policy RecodeAdmin.\n\n' +
        'The next "recode aws start" makes it again. Recode\'s own functions and state machines stay until "npx serverless remove".',
    );
  return addAccountOptions(command)
    .option('--force', 'do not ask')
    .option(...jsonOption)
    .addHelpText(
      'after',
      examples([
        ['Uninstall after a question', 'recode aws uninstall --region eu-west-1'],
        ['Uninstall in a script', 'recode aws uninstall --region eu-west-1 --force'],
      ]),
    )
    .action(async (_: unknown, invoked: Command) => {
      const flags = invoked.optsWithGlobals<AccountFlags & { readonly force?: boolean }>();
      const { parseAccount } = await import('../options.ts');
      const account = parseAccount(flags, process.env);
      const { runUninstall } = await import('./run.ts');
      await runUninstall({ account, force: flags.force ?? false }, output);
    });
}
