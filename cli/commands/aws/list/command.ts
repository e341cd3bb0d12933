import { Command } from 'commander';
import { examples } from '../../../help.ts';
import { listFields, removedFields } from '../../../json/fields.ts';
import { addJsonOptions, type JsonFlags } from '../../../json/options.ts';
import type { Output } from '../../../output.ts';
import { checkWeb, webOption } from '../../../web/option.ts';
import { type AccountFlags, addAccountOptions, parseAccount } from '../options.ts';

/** `recode aws list` */
export function listCommand(output: Output): Command {
  const command = new Command('list')
    .summary('List your environments')
    .description(
      'List your environments in a region. In a narrow terminal, some columns are left out.\n\n' +
        '$/HOUR is the price of an hour while an environment runs: its instance and public address. MONTH estimates this month if nobody ' +
        'touches it: it runs from its last start until it stops automatically, and keeps its volume. Earlier runs are not included. ' +
        'The prices are those of AWS in the region. The JSON field costUnknown says why a price is missing.\n\n' +
        'If your team limits hours per month (hoursPerOwner), a line shows how many hours your environments have run, and how many are ' +
        'reserved until their automatic stops. Months begin at midnight UTC.\n\n' +
        'With --removed, $/MONTH is the most that AWS charges in a month for the snapshot that keeps a disk, – if that is not known.',
    )
    .option('--all', 'list the environments of everyone')
    .option('--removed', 'list the disks of removed environments that are kept')
    .option(...webOption);
  return addJsonOptions(addAccountOptions(command), listFields, { '--removed': removedFields })
    .addHelpText(
      'after',
      examples([
        ['List your environments', 'recode aws list'],
        ['List the environments of everyone', 'recode aws list --all'],
        ['List what is kept of your removed environments', 'recode aws list --removed'],
        ['Print some fields as JSON', 'recode aws list --json repository,status'],
        [
          'Print the owners of started environments',
          'recode aws list --all --json owner,status --jq \'.[] | select(.status == "started") | .owner\'',
        ],
      ]),
    )
    .action(async (_: unknown, invoked: Command) => {
      const flags = invoked.optsWithGlobals<
        AccountFlags & { readonly all?: boolean; readonly web?: boolean; readonly removed?: boolean }
      >();
      const account = parseAccount(flags, process.env);
      const { parseSelection } = await import('../../../json/selection.ts');
      const selection = parseSelection(invoked.opts<JsonFlags>(), output, flags.removed ? removedFields : listFields);
      if (flags.web) {
        checkWeb(account, output);
        const { openList } = await import('./web.ts');
        return openList(account, output);
      }
      const request = { account, all: flags.all ?? false, selection };
      if (flags.removed) return (await import('./removed.ts')).runListRemoved(request, output);
      const { runList } = await import('./run.ts');
      await runList(request, output);
    });
}
