import { Command } from 'commander';
import { examples } from '../../../help.ts';
import type { Output } from '../../../output.ts';
import { addAccountOptions, type EnvironmentFlags, jsonOption, repositoryArgument } from '../options.ts';

/** `recode aws status` */
export function statusCommand(output: Output): Command {
  const command = new Command('status')
    .summary('Show an environment and the operation in progress')
    .description('Show an environment: its resources, how to connect to it, the operation in progress, and its last error.')
    .argument(...repositoryArgument)
    .option('--owner <owner>', "show a teammate's environment");
  return addAccountOptions(command)
    .option(...jsonOption)
    .addHelpText(
      'after',
      examples([
        ['Show an environment', 'recode aws status acme/api'],
        ['Run a command on it from a script', 'eval "$(recode aws status acme/api --json | jq -r .sshCommand) uname -a"'],
      ]),
    )
    .action(async (repository: string, _: unknown, invoked: Command) => {
      const flags = invoked.optsWithGlobals<EnvironmentFlags>();
      const { parseTarget } = await import('../options.ts');
      const target = parseTarget(repository, flags, process.env);
      const { runStatus } = await import('./run.ts');
      await runStatus(target, output);
    });
}
