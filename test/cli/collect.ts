import { PassThrough } from 'node:stream';
import { type Output, type Stream, streamTo } from '../../cli/output.ts';

/** A stream that keeps what is written to it; one of a terminal has the terminal's methods. */
export function collector(terminal: object = {}): { stream: Stream; text: () => string } {
  const stream = Object.assign(new PassThrough(), terminal);
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return {
    stream: streamTo(stream),
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
