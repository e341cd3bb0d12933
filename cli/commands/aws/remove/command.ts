import { Command } from 'commander';
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
        'This also works if the first start failed or if someone deleted resources by hand.',
    )
    .argument(...repositoryArgument);
  addOperationOptions(remove, 'before removing it');
  return addAccountOptions(remove)
    .option(...jsonOption)
    .addHelpText(
      'after',
      examples([
        ['Remove an environment after confirmation', 'recode aws remove acme/api'],
        ['Remove it in a script', 'recode aws remove acme/api --force'],
        ['Remove the environment of a teammate who has left', 'recode aws remove acme/api --owner alice'],
      ]),
    )
    .action(async (repository: string, _: unknown, invoked: Command) => {
      const flags = invoked.optsWithGlobals<OperationFlags>();
      const request = parseOperation(repository, flags, process.env);
      const { runRemove } = await import('./run.ts');
      await runRemove(request, output);
    });
}
