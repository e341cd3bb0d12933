import { Command, Option } from 'commander';
import { parseKeep } from '../../../../core/kept.ts';
import { examples } from '../../../help.ts';
import type { Output } from '../../../output.ts';
import { addAccountOptions, addOperationOptions, jsonOption, type OperationFlags, parseOperation, repositoryArgument } from '../options.ts';

/** `recode aws remove` */
export function command(output: Output): Command {
  const remove = new Command('remove')
    .summary('Remove the environment of a repository')
    .description(
      'Remove the environment of a repository: its instance and disk, network interface, key pair and security group, and its key and ' +
        'SSH files on this machine. Push your work first: everything on the disk is deleted.\n\n' +
        'With --keep, the instance is stopped first, and a snapshot keeps its disk for a number of days. "recode aws restore" makes the ' +
        'environment again from it. The removal ends when the snapshot is completed, which takes minutes. Your team may keep disks by ' +
        'default. AWS charges for a snapshot until it is deleted: "recode aws list --removed" shows them.\n\n' +
        'This also works if the first start failed or if someone deleted resources by hand.',
    )
    .argument(...repositoryArgument);
  addOperationOptions(remove, 'before removing it');
  remove
    .option('--keep <time>', 'keep the disk for a number of days, for example 30d')
    .option('--no-keep', 'delete the disk, whatever your team keeps')
    .addOption(new Option('--kept', 'delete what is kept of a removed environment').conflicts('keep'));
  return addAccountOptions(remove)
    .option(...jsonOption)
    .addHelpText(
      'after',
      examples([
        ['Remove an environment after confirmation', 'recode aws remove acme/api'],
        ['Remove it, and keep its disk for 30 days', 'recode aws remove acme/api --keep 30d'],
        ['Delete the disk that is kept of it', 'recode aws remove acme/api --kept'],
        ['Remove it in a script', 'recode aws remove acme/api --force'],
        ['Remove the environment of a teammate who has left', 'recode aws remove acme/api --owner alice'],
      ]),
    )
    .action(async (repository: string, _: unknown, invoked: Command) => {
      const { keep, kept, ...flags } = invoked.optsWithGlobals<
        OperationFlags & { readonly keep?: string | false; readonly kept?: boolean }
      >();
      const days = typeof keep === 'string' ? parseKeep(keep) : keep;
      const request = parseOperation(repository, flags, process.env);
      if (kept) return (await import('./kept.ts')).runRemoveKept(request, output);
      const { runRemove } = await import('./run.ts');
      await runRemove({ ...request, ...(days !== undefined && { keep: days }) }, output);
    });
}
