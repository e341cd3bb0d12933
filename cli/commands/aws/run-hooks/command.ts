import { Argument, Command } from 'commander';
import { examples } from '../../../help.ts';
import type { Output } from '../../../output.ts';
import { hookNames } from '../../../workspace/hook-names.ts';
import { addConnectionOptions, type ConnectionFlags, jsonOption, parseConnection, repositoryArgument } from '../options.ts';

/** `recode aws run-hooks` */
export function runHooksCommand(output: Output): Command {
  const command = new Command('run-hooks')
    .summary('Run the hooks of a repository again')
    .description(
      'Run .recode/hooks/init.sh, then .recode/hooks/start.sh, in the repository on its instance, or one of them. "recode aws start" runs ' +
        'the first one once after it has cloned the repository, and the second one after each start.',
    )
    .argument(...repositoryArgument)
    .addArgument(new Argument('[hook]', `the hook to run: {${hookNames.join('|')}} (default: both)`));
  return addConnectionOptions(command)
    .option(...jsonOption)
    .addHelpText(
      'after',
      examples([
        ['Run both hooks', 'recode aws run-hooks acme/api'],
        ['Run init.sh again after it failed', 'recode aws run-hooks acme/api init'],
      ]),
    )
    .action(async (repository: string, hook: string | undefined, _: unknown, invoked: Command) => {
      const flags = invoked.optsWithGlobals<ConnectionFlags>();
      const target = parseConnection(repository, flags, process.env);
      const { parseHook, runHooks } = await import('./run.ts');
      await runHooks({ ...target, names: parseHook(hook) }, output);
    });
}
