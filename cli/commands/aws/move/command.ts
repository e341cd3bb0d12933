import { Command } from 'commander';
import { examples } from '../../../help.ts';
import type { Output } from '../../../output.ts';
import { addAccountOptions, addOperationOptions, jsonOption, repositoryArgument } from '../options.ts';
import type { MoveFlags } from './request.ts';

/** `recode aws move` */
export function command(output: Output): Command {
  const move = new Command('move')
    .summary('Move the environment of a repository to another availability zone')
    .description(
      'Move the environment of a repository to another availability zone, for example because its own has no capacity: stop its instance, ' +
        'keep its disk in a snapshot, terminate the instance and start a new one from the snapshot. What runs on it ends. The name, the ' +
        'files and the keys that let in stay the same. The address and the host key change. The environment is started then, and the ' +
        'snapshot is deleted.\n\n' +
        'The snapshot is complete before the instance is terminated, which takes minutes, and stays until the new instance runs. If no ' +
        'other zone has capacity, "recode aws start" and "recode aws move" go on with the disk.',
    )
    .argument(...repositoryArgument)
    .option('--zone <zone>', 'move it to this zone, for example eu-west-1b (default: any other that has capacity)');
  addOperationOptions(move, 'before moving it');
  return addAccountOptions(move)
    .option(...jsonOption)
    .addHelpText(
      'after',
      examples([
        ['Move an environment to any other zone', 'recode aws move acme/api'],
        ['Move it to one zone', 'recode aws move acme/api --zone eu-west-1b'],
        ['Move it in a script', 'recode aws move acme/api --force'],
      ]),
    )
    .action(async (repository: string, _: unknown, invoked: Command) => {
      const { parseMove } = await import('./request.ts');
      const request = parseMove(repository, invoked.optsWithGlobals<MoveFlags>(), process.env);
      const { runMove } = await import('./run.ts');
      await runMove(request, output);
    });
}
