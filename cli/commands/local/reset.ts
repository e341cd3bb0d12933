import { Command } from 'commander';
import { examples } from '../../help.ts';
import type { Output } from '../../output.ts';

/** `recode local reset` */
export function resetCommand(output: Output): Command {
  return new Command('reset')
    .summary('Stop the embedded AWS and delete all that is in it')
    .description('Stop the embedded AWS and delete its state: all local environments and the files in them.')
    .option('--force', 'do not ask')
    .addHelpText(
      'after',
      examples([
        ['Delete it after a question', 'recode local reset'],
        ['Delete it in a script', 'recode local reset --force'],
      ]),
    )
    .action(async ({ force = false }: { force?: boolean }) => {
      const { embeddedAwsDirectory, resetEmbeddedAws } = await import('../../embedded-aws.ts');
      const { confirm } = await import('../../confirm.ts');
      const directory = await embeddedAwsDirectory();
      const question = `Delete all local environments and the files in them, below ${directory}?`;
      if (!force && !(await confirm(question, output))) return;
      const existed = await resetEmbeddedAws();
      output.stdout.write(existed ? `The embedded AWS in ${directory} is deleted.\n` : `There was nothing in ${directory}.\n`);
    });
}
