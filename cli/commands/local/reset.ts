import { Command } from 'commander';
import { RecodeError } from '../../../core/errors.ts';
import { examples } from '../../help.ts';
import type { Output } from '../../output.ts';

/** `recode local reset` */
export function resetCommand({ stdout }: Output): Command {
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
      const directory = await embeddedAwsDirectory();
      if (!force && !(await confirmed(directory))) {
        stdout.write('Nothing is deleted.\n');
        process.exitCode = 1;
        return;
      }
      const existed = await resetEmbeddedAws();
      stdout.write(existed ? `The embedded AWS in ${directory} is deleted.\n` : `There was nothing in ${directory}.\n`);
    });
}

async function confirmed(directory: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    throw new RecodeError('UsageNotValid', `There is no terminal to ask on whether to delete ${directory}; --force deletes it unasked.`);
  }
  const { createInterface } = await import('node:readline/promises');
  const prompt = createInterface({ input: process.stdin, output: process.stdout });
  // Ctrl-C and Ctrl-D are no answer, and no answer is a no.
  const closed = new Promise<string>((resolve) => prompt.once('close', () => resolve('\n')));
  const question = `Delete all local environments and the files in them, below ${directory}? [y/N] `;
  const answer = await Promise.race([prompt.question(question), closed]);
  prompt.close();
  if (answer === '\n') process.stdout.write(answer);
  return /^y(es)?$/i.test(answer.trim());
}
