import { Command } from 'commander';
import { examples } from '../../../help.ts';
import type { Output } from '../../../output.ts';
import { addAccountOptions, addOperationOptions, jsonOption, type OperationFlags, parseOperation, repositoryArgument } from '../options.ts';

/** `recode aws retry` */
export function retryCommand(output: Output): Command {
  const command = new Command('retry')
    .summary('Run the operation that failed last again')
    .description(
      'Run the operation that failed last on an environment again: a start, stop, restart or remove, also an automatic stop. It continues ' +
        'where that one stopped, with the options that are recorded. If the last operation did not fail, this does nothing.',
    )
    .argument(...repositoryArgument);
  addOperationOptions(command, "before a removal, or an operation on a teammate's environment");
  return addAccountOptions(command)
    .option(...jsonOption)
    .addHelpText(
      'after',
      examples([
        ['See what failed', 'recode aws logs acme/api'],
        ['Run it again', 'recode aws retry acme/api'],
      ]),
    )
    .action(async (repository: string, _: unknown, invoked: Command) => {
      const flags = invoked.optsWithGlobals<OperationFlags>();
      const request = parseOperation(repository, flags, process.env);
      const { runRetry } = await import('./run.ts');
      await runRetry(request, output);
    });
}
