import { Command } from 'commander';
import { examples } from '../../../help.ts';
import type { Output } from '../../../output.ts';
import { addAccountOptions, type EnvironmentFlags, jsonOption, repositoryArgument } from '../options.ts';

/** `recode aws logs` */
export function logsCommand(output: Output): Command {
  const command = new Command('logs')
    .summary('Show the steps of the operation running on an environment')
    .description(
      'Show the steps of an operation: when each began, how long it took, and the attempts that failed. It is the operation that is ' +
        'running on the environment, or the one that you started with --no-wait on this machine and have not followed. Others are not ' +
        'recorded once they have ended: find them in the Step Functions console.',
    )
    .argument(...repositoryArgument)
    .option('--owner <owner>', "show a teammate's environment");
  return addAccountOptions(command)
    .option(...jsonOption)
    .addHelpText(
      'after',
      examples([
        ['Show the steps so far', 'recode aws logs acme/api'],
        ['List the steps with a failed attempt', "recode aws logs acme/api --json | jq '.steps[] | select(.failedAttempts != [])'"],
      ]),
    )
    .action(async (repository: string, _: unknown, invoked: Command) => {
      const flags = invoked.optsWithGlobals<EnvironmentFlags>();
      const { parseTarget } = await import('../options.ts');
      const target = parseTarget(repository, flags, process.env);
      const { runLogs } = await import('./run.ts');
      await runLogs(target, output);
    });
}
