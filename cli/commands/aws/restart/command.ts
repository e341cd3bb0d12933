import { Command } from 'commander';
import { examples } from '../../../help.ts';
import type { Output } from '../../../output.ts';
import { addAccountOptions, addOperationOptions, jsonOption, repositoryArgument } from '../options.ts';
import type { RestartFlags } from './request.ts';

/** `recode aws restart` */
export function command(output: Output): Command {
  const restart = new Command('restart')
    .summary('Restart the environment of a repository')
    .description(
      'Restart the environment of a repository: stop its instance, then start it again. A stopped environment is started. The disk and the ' +
        'host key stay the same; the address can change. A time to stop that counts from the start, such as 8h, counts from now. Your own environment needs its key on this ' +
        'machine, because a restart ends with a connection, as a start does.',
    )
    .argument(...repositoryArgument);
  restart.option('--instance-type <type>', 'change it to this EC2 instance type, of the same architecture');
  addOperationOptions(restart, "before restarting a teammate's environment");
  return addAccountOptions(restart)
    .option(...jsonOption)
    .addHelpText(
      'after',
      examples([
        ['Restart an environment', 'recode aws restart acme/api'],
        ['Change its instance type', 'recode aws restart acme/api --instance-type m6i.large'],
        ['Restart it without waiting', 'recode aws restart acme/api --no-wait'],
      ]),
    )
    .action(async (repository: string, _: unknown, invoked: Command) => {
      const { parseRestart } = await import('./request.ts');
      const request = parseRestart(repository, invoked.optsWithGlobals<RestartFlags>(), process.env);
      const { runRestart } = await import('./run.ts');
      await runRestart(request, output);
    });
}
