import { Command } from 'commander';
import { examples } from '../../../help.ts';
import type { Output } from '../../../output.ts';
import { addAccountOptions, addOperationOptions, jsonOption, type OperationFlags, repositoryArgument } from '../options.ts';

/** `recode aws remove` */
export function removeCommand(output: Output): Command {
  const command = new Command('remove')
    .summary('Remove the development environment of a repository')
    .description(
      'Remove the development environment of a repository with all that was made for it: its instance, its disk and what is on it, its ' +
        'network interface, key pair and security group, and the key and SSH files on this machine. What was not pushed is lost.\n\n' +
        'It works on one that was never finished, too, and on one whose resources somebody has deleted by hand.',
    )
    .argument(...repositoryArgument);
  addOperationOptions(command, 'before it is removed');
  return addAccountOptions(command)
    .option(...jsonOption)
    .addHelpText(
      'after',
      examples([
        ['Remove an environment after a question', 'recode aws remove acme/api'],
        ['Remove it in a script', 'recode aws remove acme/api --force'],
        ['Remove the environment of somebody who has left', 'recode aws remove acme/api --owner alice'],
      ]),
    )
    .action(async (repository: string, _: unknown, invoked: Command) => {
      const flags = invoked.optsWithGlobals<OperationFlags>();
      const { parseOperation } = await import('../options.ts');
      const request = parseOperation(repository, flags, process.env);
      const { runRemove } = await import('./run.ts');
      await runRemove(request, output);
    });
}
