import { createInterface } from 'node:readline/promises';
import { exitCodes } from '../core/errors.ts';
import { oneLine, render, type Stream } from './output.ts';

/** What a person has answered. */
export interface Answer {
  /** Undefined at Ctrl-C and Ctrl-D. */
  readonly text: string | undefined;
  /** The exit code of a command that ends with this answer because it is not a yes. */
  readonly exitCode: number;
}

/** Asks a person for a line on a terminal. */
export async function prompt(question: string, stream: Stream): Promise<Answer> {
  const lines = createInterface({ input: process.stdin, output: stream.destination });
  let interrupted = false;
  lines.once('SIGINT', () => {
    interrupted = true;
    lines.close();
  });
  // Ctrl-D closes the prompt first, as we do at Ctrl-C, and rejects the question after that.
  const closed = new Promise<undefined>((resolve) => lines.once('close', () => resolve(undefined)));
  try {
    const text = await Promise.race([lines.question(render(oneLine(question))), closed]);
    // What is written next begins a line of its own.
    if (text === undefined) stream.write('\n');
    return { text: text?.trim(), exitCode: interrupted ? exitCodes.interrupted : exitCodes.failed };
  } finally {
    lines.close();
  }
}
