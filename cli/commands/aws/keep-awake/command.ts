import { Command } from 'commander';
import { examples } from '../../../help.ts';
import type { Output } from '../../../output.ts';
import { addConnectionOptions, type ConnectionFlags, jsonOption, parseConnection, repositoryArgument } from '../options.ts';

/** `recode aws keep-awake` */
export function keepAwakeCommand(output: Output): Command {
  const command = new Command('keep-awake')
    .summary('Keep an environment from stopping while nobody uses it')
    .description(
      'Keep an environment from stopping while nobody uses it, for a duration from now. It tells the instance over SSH. The stops of the ' +
        'schedule stay as they are: "recode aws extend" postpones the next one. After a stop and a start, the idle time counts again.',
    )
    .argument(...repositoryArgument)
    .argument('<duration>', 'how long to keep it awake: hours or minutes, for example 3h or 90m; off to end that');
  return addConnectionOptions(command)
    .option(...jsonOption)
    .addHelpText(
      'after',
      examples([
        ['Let a job run that uses little CPU', 'recode aws keep-awake acme/api 3h'],
        ['Let the idle time count again', 'recode aws keep-awake acme/api off'],
      ]),
    )
    .action(async (repository: string, duration: string, _: unknown, invoked: Command) => {
      const target = parseConnection(repository, invoked.optsWithGlobals<ConnectionFlags>(), process.env);
      const { runKeepAwake } = await import('./run.ts');
      await runKeepAwake({ ...target, duration }, output);
    });
}
