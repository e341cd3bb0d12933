import { Command } from 'commander';
import { examples } from '../../../help.ts';
import type { Output } from '../../../output.ts';
import { type AccountFlags, addAccountOptions, jsonOption } from '../options.ts';

/** `recode aws list` */
export function listCommand(output: Output): Command {
  const command = new Command('list')
    .summary('List your development environments in a region')
    .description('List your development environments in a region, or those of everyone.')
    .option('--all', "everyone's");
  return addAccountOptions(command)
    .option(...jsonOption)
    .addHelpText(
      'after',
      examples([
        ['See yours', 'recode aws list'],
        ["See everyone's", 'recode aws list --all'],
        ['See whose are started, in a script', 'recode aws list --all --json | jq -r \'.[] | select(.status == "started") | .owner\''],
      ]),
    )
    .action(async (_: unknown, invoked: Command) => {
      const flags = invoked.optsWithGlobals<AccountFlags & { readonly all?: boolean }>();
      const { parseAccount } = await import('../options.ts');
      const account = parseAccount(flags, process.env);
      const { runList } = await import('./run.ts');
      await runList({ account, all: flags.all ?? false }, output);
    });
}
