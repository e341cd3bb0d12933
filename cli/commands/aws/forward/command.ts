import { Command } from 'commander';
import { examples } from '../../../help.ts';
import type { Output } from '../../../output.ts';
import { addConnectionOptions, repositoryArgument } from '../options.ts';
import type { ForwardFlags } from './run.ts';

/** `recode aws forward` */
export function forwardCommand(output: Output): Command {
  const command = new Command('forward')
    .summary('Forward ports of this machine to an environment')
    .description(
      'Make ports of an environment reachable on this machine, until you press Ctrl-C.\n\n' +
        'A port is a number, for the same one on both sides, or local:remote. Only programs on this machine can use it, unless you ' +
        'listen on another --address.',
    )
    .argument(...repositoryArgument)
    .argument('<port...>', 'a port, or local:remote, for example 8080:80')
    .option('--address <address>', 'address of this machine to listen on', '127.0.0.1');
  return addConnectionOptions(command)
    .addHelpText(
      'after',
      examples([
        ['Open a web server of the environment at http://localhost:3000', 'recode aws forward acme/api 3000'],
        ['Use another port on this machine', 'recode aws forward acme/api 8080:80'],
        ['Forward several ports', 'recode aws forward acme/api 3000 5432 8080:80'],
        ['Let other machines in your network use it', 'recode aws forward acme/api 3000 --address 0.0.0.0'],
      ]),
    )
    .action(async (repository: string, ports: readonly string[], _: unknown, invoked: Command) => {
      const flags = invoked.optsWithGlobals<ForwardFlags>();
      const { parseForward, runForward } = await import('./run.ts');
      await runForward(parseForward(repository, ports, flags, process.env), output);
    });
}
