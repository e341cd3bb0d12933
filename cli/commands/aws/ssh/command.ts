import { Command } from 'commander';
import { examples } from '../../../help.ts';
import type { Output } from '../../../output.ts';
import { addConnectionOptions, type ConnectionFlags, collect, parseConnection, repositoryArgument } from '../options.ts';

/** The options as commander hands them over. */
interface SshFlags extends ConnectionFlags {
  readonly sshOption?: readonly string[];
  readonly home?: boolean;
}

/** `recode aws ssh` */
export function sshCommand(output: Output): Command {
  const command = new Command('ssh')
    .summary('Open an SSH session in an environment')
    .description(
      "Open a shell in an environment, or run a command there, with this machine's ssh. Both begin in the repository, if it is cloned.\n\n" +
        'The words after -- go to ssh behind the host. As with ssh, it joins the words of a command with spaces, and the remote shell ' +
        'reads the result: quote what that shell should not expand. The exit code is the one of the command, or 255 if ssh fails.',
    )
    .usage('[options] <repository> [-- <command>]')
    .argument(...repositoryArgument)
    .allowExcessArguments(true)
    .option('--home', 'begin in the home folder instead of the repository')
    .option('--ssh-option <option>', 'pass an option to ssh, as ssh -o does; repeat for more', collect);
  return addConnectionOptions(command)
    .addHelpText(
      'after',
      examples([
        ['Open a shell', 'recode aws ssh acme/api'],
        ['Start the environment first if it is stopped', 'recode aws ssh acme/api --start'],
        ['Run a command', 'recode aws ssh acme/api -- git status'],
        ['Run a command line of the remote shell', "recode aws ssh acme/api -- 'cd src && ls *.ts'"],
        ['Copy a file', 'recode aws ssh acme/api -- cat notes.txt > notes.txt'],
        ['Forward a port', 'recode aws ssh acme/api -- -L 3000:localhost:3000'],
        ['Forward your SSH agent', 'recode aws ssh acme/api --ssh-option ForwardAgent=yes'],
      ]),
    )
    .action(async (repository: string, _: unknown, invoked: Command) => {
      const flags = invoked.optsWithGlobals<SshFlags>();
      const target = parseConnection(repository, flags, process.env);
      const { runSsh } = await import('./run.ts');
      const [, ...words] = invoked.args;
      await runSsh({ ...target, options: flags.sshOption ?? [], words, home: flags.home ?? false }, output);
    });
}
