import type { Readable } from 'node:stream';
import type { Log } from './log.ts';

/** What a process writes to its output where the output of another sandbox begins. `secret` is its own, and `id` has as many characters. */
export function mark(secret: string, id: string): string {
  return `\0${secret} ${id}\n`;
}

/** Divides the output of a process at its marks. What comes before the first mark goes nowhere. Resolves when the output has closed. */
export function divide(output: Readable, secret: string, idLength: number, logOf: (id: string) => Log | undefined): Promise<void> {
  const begin = Buffer.from(`\0${secret} `);
  const length = Buffer.byteLength(mark(secret, ' '.repeat(idLength)));
  let rest: Buffer = Buffer.alloc(0);
  let current: Log | undefined;
  const pass = (piece: Buffer) => {
    if (piece.length > 0) current?.write(piece);
  };
  output.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (let at = rest.indexOf(begin); at >= 0 && rest.length >= at + length; at = rest.indexOf(begin)) {
      pass(rest.subarray(0, at));
      current = logOf(rest.toString('latin1', at + begin.length, at + length - 1));
      rest = rest.subarray(at + length);
    }
    const kept = beginOfMark(rest, begin);
    pass(rest.subarray(0, kept));
    rest = rest.subarray(kept);
  });
  return new Promise((resolve) => {
    output.once('close', () => {
      pass(rest);
      resolve();
    });
  });
}

/** Where a mark begins whose end has not arrived yet. */
function beginOfMark(rest: Buffer, begin: Buffer): number {
  const whole = rest.indexOf(begin);
  if (whole >= 0) return whole;
  for (let at = Math.max(0, rest.length - begin.length + 1); at < rest.length; at += 1) {
    if (begin.subarray(0, rest.length - at).equals(rest.subarray(at))) return at;
  }
  return rest.length;
}
