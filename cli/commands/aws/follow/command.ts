import { Command } from 'commander';
import { examples } from '../../../help.ts';
import type { Output } from '../../../output.ts';
import { addAccountOptions, type EnvironmentFlags, jsonOption, repositoryArgument } from '../options.ts';

/** `recode aws follow` */
export function followCommand(output: Output): Command {
  const command = new Command('follow')
    .summary('Follow what is at work on a development environment')
    .description(
      'Follow the operation that is at work on a development environment, or that this machine has begun with --no-wait, to its end, and ' +
        'print what its own command would have printed.',
    )
    .argument(...repositoryArgument)
    .option('--owner <owner>', "follow what is at work on a teammate's environment");
  return addAccountOptions(command)
    .option(...jsonOption)
    .addHelpText('after', examples([['Begin now, look later', 'recode aws start acme/api --no-wait && recode aws follow acme/api']]))
    .action(async (repository: string, _: unknown, invoked: Command) => {
      const flags = invoked.optsWithGlobals<EnvironmentFlags>();
      const { parseTarget } = await import('../options.ts');
      const target = parseTarget(repository, flags, process.env);
      const { runFollow } = await import('./run.ts');
      await runFollow(target, output);
    });
}
