import { expect, it } from 'vitest';
import { lineReader } from '../../../cli/ssh/lines.ts';

function read(...chunks: string[]) {
  const lines: string[] = [];
  const passing: string[] = [];
  const reader = lineReader({ line: (text) => lines.push(text), passing: (text) => passing.push(text) });
  for (const chunk of chunks) reader.read(chunk);
  reader.end();
  return { lines, passing };
}

it('gives whole lines, wherever the chunks end, and what comes last without a line break', () => {
  expect(read('on', 'e\ntwo\r', '\n\nthr', 'ee')).toEqual({ lines: ['one', 'two', '', 'three'], passing: ['two'] });
});

it('gives the last state of a line that a program writes again and again, and each one as it passes', () => {
  expect(read('10%\r', '50%\r10', '0%\r', 'done.\nnext\n')).toEqual({ lines: ['done.', 'next'], passing: ['10%', '10', '100%'] });
  expect(read('Receiving 100%, done.\r\n')).toEqual({ lines: ['Receiving 100%, done.'], passing: [] });
});

it('does not keep a line that never ends', () => {
  const { lines } = read(...Array.from({ length: 10 }, () => 'x'.repeat(10_000)));
  expect(lines.length).toBeGreaterThan(1);
  expect(lines.join('')).toBe('x'.repeat(100_000));
});
