import { Command } from 'commander';
import { examples } from '../../../help.ts';
import type { Output } from '../../../output.ts';
import { addConnectionOptions } from '../options.ts';
import { copyArgument } from './paths.ts';
import type { CpFlags } from './run.ts';

/** `recode aws cp` */
export function cpCommand(output: Output): Command {
  const command = new Command('cp')
    .summary('Copy files to or from an environment')
    .description(
      "Copy files to an environment or from it, with this machine's scp. The last path is where to.\n\n" +
        'A path in an environment is acme/api:path, in the folder of the repository unless it begins with / or ~/. Names may have spaces. ' +
        'In what you copy from there, * stands for any text. The exit code is the one of scp.',
    )
    .usage('[options] <from>... <to>')
    .argument(`<${copyArgument}...>`, 'what to copy, and where to: paths of this machine on one side, acme/api:path on the other')
    .option('-r, --recursive', 'copy folders with all that is in them');
  return addConnectionOptions(command)
    .addHelpText(
      'after',
      examples([
        ['Copy a file to the environment', 'recode aws cp .env acme/api:.env'],
        ['Copy a folder from it', 'recode aws cp -r acme/api:dist .'],
        ['Copy all logs from it', "recode aws cp 'acme/api:logs/*.log' logs"],
        ['Copy a file to its home folder', 'recode aws cp notes.txt acme/api:~/notes.txt'],
      ]),
    )
    .action(async (paths: readonly string[], _: unknown, invoked: Command) => {
      const flags = invoked.optsWithGlobals<CpFlags>();
      const { parseCp, runCp } = await import('./run.ts');
      await runCp(parseCp(paths, flags, process.env), output);
    });
}
