import { Command } from 'commander';
import { examples } from '../../../help.ts';
import type { Output } from '../../../output.ts';
import { addAccountOptions, addOperationOptions, jsonOption, type OperationFlags, repositoryArgument } from '../options.ts';

/** `recode aws stop` */
export function stopCommand(output: Output): Command {
  const command = new Command('stop')
    .summary('Stop the development environment of a repository')
    .description(
      'Stop the development environment of a repository. Its instance costs nothing then; its disk stays, and so does what is on it. ' +
        '"recode aws start" starts it again.',
    )
    .argument(...repositoryArgument);
  addOperationOptions(command, "before a teammate's environment is stopped");
  return addAccountOptions(command)
    .option(...jsonOption)
    .addHelpText(
      'after',
      examples([
        ['Stop an environment', 'recode aws stop acme/api'],
        ['Go home without waiting for it', 'recode aws stop acme/api --no-wait'],
        ["Stop a teammate's, who is on holiday", 'recode aws stop acme/api --owner alice'],
      ]),
    )
    .action(async (repository: string, _: unknown, invoked: Command) => {
      const flags = invoked.optsWithGlobals<OperationFlags>();
      const { parseOperation } = await import('../options.ts');
      const request = parseOperation(repository, flags, process.env);
      const { runStop } = await import('./run.ts');
      await runStop(request, output);
    });
}
