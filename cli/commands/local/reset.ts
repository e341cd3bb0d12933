import { Command } from 'commander';
import { examples } from '../../help.ts';
import { type Output, writeJson } from '../../output.ts';
import { jsonOption } from '../aws/options.ts';

/** `recode local reset` */
export function resetCommand(output: Output): Command {
  return new Command('reset')
    .summary('Delete the embedded AWS and everything in it')
    .description('Stop the embedded AWS and delete its state: all local environments and their files.')
    .option('--force', 'do not ask for confirmation')
    .option(...jsonOption)
    .addHelpText(
      'after',
      examples([
        ['Delete it after confirmation', 'recode local reset'],
        ['Delete it in a script', 'recode local reset --force'],
      ]),
    )
    .action(async ({ force = false }: { force?: boolean }) => {
      const { embeddedAwsDirectory, resetEmbeddedAws } = await import('../../embedded-aws.ts');
      const { confirm } = await import('../../confirm.ts');
      const directory = await embeddedAwsDirectory();
      const question = `Delete all local environments and their files in ${directory}?`;
      if (!force && !(await confirm(question, output))) return;
      const existed = await resetEmbeddedAws();
      if (output.json) writeJson(output, { stateDirectory: directory, deleted: existed });
      else output.stdout.write(existed ? `Deleted the embedded AWS in ${directory}\n` : `Nothing to delete in ${directory}\n`);
    });
}
