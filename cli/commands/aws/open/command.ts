import { Command } from 'commander';
import { editors } from '../../../editor.ts';
import { examples } from '../../../help.ts';
import type { Output } from '../../../output.ts';
import { addConnectionOptions, repositoryArgument } from '../options.ts';
import type { OpenFlags } from './run.ts';

/** `recode aws open` */
export function openCommand(output: Output): Command {
  const command = new Command('open')
    .summary('Open an environment in your editor')
    .description(
      'Open the repository of an environment in an editor on this machine, by the command of the editor.\n\n' +
        'The editor connects by the host name that "recode aws config-ssh" adds to your SSH configuration. If that is missing, a terminal ' +
        'asks whether to add it. Without --editor, the editor is your setting; a terminal asks once.',
    )
    .argument(...repositoryArgument)
    .option('--editor <editor>', `open it in {${editors.join('|')}}; idea is JetBrains Gateway`);
  return addConnectionOptions(command)
    .addHelpText(
      'after',
      examples([
        ['Open it in your editor', 'recode aws open acme/api'],
        ['Open it in Zed', 'recode aws open acme/api --editor zed'],
        ['Start the environment first if it is stopped', 'recode aws open acme/api --start'],
        ['Choose the editor for every time', 'recode config set editor code'],
      ]),
    )
    .action(async (repository: string, _: unknown, invoked: Command) => {
      const flags = invoked.optsWithGlobals<OpenFlags>();
      const { parseOpen, runOpen } = await import('./run.ts');
      await runOpen(parseOpen(repository, flags, process.env), output);
    });
}
