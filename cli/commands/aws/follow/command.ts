import { Command } from 'commander';
import { examples } from '../../../help.ts';
import type { Output } from '../../../output.ts';
import { addAccountOptions, type EnvironmentFlags, jsonOption, parseTarget, repositoryArgument } from '../options.ts';

/** `recode aws follow` */
export function followCommand(output: Output): Command {
  const command = new Command('follow')
    .summary('Follow the operation running on an environment')
    .description(
      'Follow the operation that is running on an environment, or that you started with --no-wait on this machine. When it ends, this ' +
        'prints the same as the command that started it.',
    )
    .argument(...repositoryArgument)
    .option('--owner <owner>', "follow a teammate's environment");
  return addAccountOptions(command)
    .option(...jsonOption)
    .addHelpText('after', examples([['Start now, follow later', 'recode aws start acme/api --no-wait && recode aws follow acme/api']]))
    .action(async (repository: string, _: unknown, invoked: Command) => {
      const flags = invoked.optsWithGlobals<EnvironmentFlags>();
      const target = parseTarget(repository, flags, process.env);
      const { runFollow } = await import('./run.ts');
      await runFollow(target, output);
    });
}
