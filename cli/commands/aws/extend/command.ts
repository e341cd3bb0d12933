import { Command } from 'commander';
import { examples } from '../../../help.ts';
import type { Output } from '../../../output.ts';
import { addAccountOptions, type EnvironmentFlags, jsonOption, parseTarget, repositoryArgument } from '../options.ts';

/** `recode aws extend` */
export function extendCommand(output: Output): Command {
  const command = new Command('extend')
    .summary('Postpone the next automatic stop of an environment')
    .description(
      'Postpone the next automatic stop of an environment by a duration. The stops after that stay as they are: "recode aws schedule" ' +
        'changes them.',
    )
    .argument(...repositoryArgument)
    .argument('<duration>', 'how much later it stops: hours or minutes, for example 2h or 90m');
  return addAccountOptions(command.option('--owner <owner>', "act on a teammate's environment"))
    .option(...jsonOption)
    .addHelpText('after', examples([['Work two hours longer', 'recode aws extend acme/api 2h']]))
    .action(async (repository: string, duration: string, _: unknown, invoked: Command) => {
      const target = parseTarget(repository, invoked.optsWithGlobals<EnvironmentFlags>(), process.env);
      const { runExtend } = await import('./run.ts');
      await runExtend({ ...target, duration }, output);
    });
}
