import { Command } from 'commander';
import { examples } from '../../../help.ts';
import type { Output } from '../../../output.ts';
import { addAccountOptions, addOperationOptions, jsonOption, type OperationFlags, parseOperation, repositoryArgument } from '../options.ts';

/** `recode aws stop` */
export function command(output: Output): Command {
  const stop = new Command('stop')
    .summary('Stop the environment of a repository')
    .description(
      'Stop the environment of a repository. AWS no longer charges for the instance. The disk and its data are kept, and ' +
        '"recode aws start" starts the environment again.',
    )
    .argument(...repositoryArgument);
  addOperationOptions(stop, "before stopping a teammate's environment");
  return addAccountOptions(stop)
    .option(...jsonOption)
    .addHelpText(
      'after',
      examples([
        ['Stop an environment', 'recode aws stop acme/api'],
        ['Stop it without waiting', 'recode aws stop acme/api --no-wait'],
        ["Stop a teammate's environment", 'recode aws stop acme/api --owner alice'],
      ]),
    )
    .action(async (repository: string, _: unknown, invoked: Command) => {
      const flags = invoked.optsWithGlobals<OperationFlags>();
      const request = parseOperation(repository, flags, process.env);
      const { runStop } = await import('./run.ts');
      await runStop(request, output);
    });
}
