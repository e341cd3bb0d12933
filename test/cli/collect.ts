import { PassThrough } from 'node:stream';
import type { Output } from '../../cli/output.ts';

/** A stream that keeps what is written to it. */
export function collector(): { stream: PassThrough; text: () => string } {
  const stream = new PassThrough();
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return {
    stream,
    text() {
      text += stream.read() ?? '';
      return text;
    },
  };
}

/** The output of a command, kept. */
export function collectedOutput({ json = false } = {}): { output: Output; stdout: () => string; stderr: () => string } {
  const [stdout, stderr] = [collector(), collector()];
  return { output: { json, stdout: stdout.stream, stderr: stderr.stream }, stdout: stdout.text, stderr: stderr.text };
}
