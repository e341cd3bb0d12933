import { exitCodes, RecodeError } from '../core/errors.ts';
import { type Output, oneLine, progressOf, render } from './output.ts';

/**
 * Asks a person whether they mean it; anything but a yes is a no, Ctrl-C and Ctrl-D too. A no is said, and makes the exit code 1;
 * Ctrl-C makes it 130.
 *
 * @param question names what is at stake; its last line is the question itself
 * @throws RecodeError ConfirmationRequired where there is no terminal to ask on
 */
export async function confirm(question: string, output: Output): Promise<boolean> {
  const stream = progressOf(output);
  if (!process.stdin.isTTY || !stream.isTTY) {
    throw new RecodeError('ConfirmationRequired', `This command asks for confirmation, but this is not a terminal: ${question}`);
  }
  const { createInterface } = await import('node:readline/promises');
  const prompt = createInterface({ input: process.stdin, output: stream.destination });
  // Only the line that is typed on is drawn again.
  const [asked, ...above] = question.split('\n').reverse();
  for (const each of above.reverse()) stream.write(`${each}\n`);
  let interrupted = false;
  prompt.once('SIGINT', () => {
    interrupted = true;
    prompt.close();
  });
  // Ctrl-D closes the prompt first, as we do at Ctrl-C, and rejects the question after that.
  const closed = new Promise<undefined>((resolve) => prompt.once('close', () => resolve(undefined)));
  try {
    const answer = await Promise.race([prompt.question(render(oneLine(`${asked} [y/N] `))), closed]);
    // What is written next begins a line of its own.
    if (answer === undefined) stream.write('\n');
    const meant = /^y(es)?$/i.test(answer?.trim() ?? '');
    if (!meant) {
      stream.write('Cancelled.\n');
      process.exitCode = interrupted ? exitCodes.interrupted : exitCodes.failed;
    }
    return meant;
  } finally {
    prompt.close();
  }
}
