import { Command } from 'commander';
import { examples } from '../../../help.ts';
import type { Output } from '../../../output.ts';
import { addAccountOptions, addOperationOptions, jsonOption, type OperationFlags, repositoryArgument } from '../options.ts';

/** `recode aws rename` */
export function command(output: Output): Command {
  const rename = new Command('rename')
    .summary('Rename the environment of a repository')
    .description(
      'Rename the environment of a repository: its resources in AWS and its host name for ssh get the new name. It can be started or ' +
        'stopped. Connections stay open, and the host name that it had before keeps working on this machine.',
    )
    .argument(...repositoryArgument)
    .argument('<name>', 'new name: lower-case letters, digits and single hyphens');
  addOperationOptions(rename, "before renaming a teammate's environment");
  return addAccountOptions(rename)
    .option(...jsonOption)
    .addHelpText(
      'after',
      examples([
        ['Rename an environment', 'recode aws rename acme/api billing'],
        ['Rename it without waiting', 'recode aws rename acme/api billing --no-wait'],
        ["Rename a teammate's environment", 'recode aws rename acme/api billing --owner alice'],
      ]),
    )
    .action(async (repository: string, name: string, _: unknown, invoked: Command) => {
      const { parseRename } = await import('./request.ts');
      const request = parseRename(repository, name, invoked.optsWithGlobals<OperationFlags>(), process.env);
      const { runRename } = await import('./run.ts');
      await runRename(request, output);
    });
}
