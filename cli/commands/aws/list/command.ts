import { Command } from 'commander';
import { examples } from '../../../help.ts';
import type { Output } from '../../../output.ts';
import { type AccountFlags, addAccountOptions, jsonOption } from '../options.ts';

/** `recode aws list` */
export function listCommand(output: Output): Command {
  const command = new Command('list')
    .summary('List your environments')
    .description('List your environments in a region. In a narrow terminal, some columns are left out.')
    .option('--all', 'list the environments of everyone');
  return addAccountOptions(command)
    .option(...jsonOption)
    .addHelpText(
      'after',
      examples([
        ['List your environments', 'recode aws list'],
        ['List the environments of everyone', 'recode aws list --all'],
        [
          'List the owners of started environments in a script',
          'recode aws list --all --json | jq -r \'.[] | select(.status == "started") | .owner\'',
        ],
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
