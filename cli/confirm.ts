import { RecodeError } from '../core/errors.ts';
import { type Output, progressOf } from './output.ts';

/** Whether there is a terminal to ask on. */
export const canAsk = (output: Output): boolean => process.stdin.isTTY === true && progressOf(output).isTTY;

/**
 * Asks a person whether they mean it; anything but a yes is a no, Ctrl-C and Ctrl-D too. A no is said, and makes the exit code 1;
 * Ctrl-C makes it 130.
 *
 * @param question names what is at stake; its last line is the question itself
 * @throws RecodeError ConfirmationRequired where there is no terminal to ask on
 */
export async function confirm(question: string, output: Output): Promise<boolean> {
  const stream = progressOf(output);
  if (!canAsk(output)) {
    throw new RecodeError('ConfirmationRequired', `This command asks for confirmation, but this is not a terminal: ${question}`);
  }
  const { prompt } = await import('./prompt.ts');
  // Only the line that is typed on is drawn again.
  const [asked, ...above] = question.split('\n').reverse();
  for (const each of above.reverse()) stream.write(`${each}\n`);
  const { text = '', exitCode } = await prompt(`${asked} [y/N] `, stream);
  const meant = /^y(es)?$/i.test(text);
  if (!meant) {
    stream.write('Cancelled.\n');
    process.exitCode = exitCode;
  }
  return meant;
}
