import { Command } from 'commander';
import { examples } from '../../../help.ts';
import type { Output } from '../../../output.ts';
import { addAccountOptions, type EnvironmentFlags, jsonOption, parseTarget, repositoryArgument } from '../options.ts';

/** `recode aws cancel` */
export function cancelCommand(output: Output): Command {
  const command = new Command('cancel')
    .summary('Cancel the operation running on an environment')
    .description(
      'Cancel the operation that is running on an environment, no matter who started it. What it has done stays: "recode aws retry" continues it, ' +
        'and any other command works as well, half a minute later at the latest. An automatic stop that is cancelled runs again within ' +
        'five minutes, unless "recode aws extend" postpones it.',
    )
    .argument(...repositoryArgument)
    .option('--owner <owner>', "act on a teammate's environment")
    .option('--force', "do not ask for confirmation before cancelling an operation on a teammate's environment");
  return addAccountOptions(command)
    .option(...jsonOption)
    .addHelpText(
      'after',
      examples([
        ['Cancel a start', 'recode aws cancel acme/api'],
        ['Continue it later', 'recode aws retry acme/api'],
        ["Cancel what runs on a teammate's environment", 'recode aws cancel acme/api --owner alice'],
      ]),
    )
    .action(async (repository: string, _: unknown, invoked: Command) => {
      const { force = false, ...flags } = invoked.optsWithGlobals<EnvironmentFlags & { force?: boolean }>();
      const request = { ...parseTarget(repository, flags, process.env), force };
      const { runCancel } = await import('./run.ts');
      await runCancel(request, output);
    });
}
