import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { divide, mark } from '../../src/lambda/divide.ts';

const secret = 'a-secret';
const output = Buffer.from(
  `nobody's\n${mark(secret, 'one')}first\0 ${mark(secret, 'two')}sec${mark(secret, 'one')}\0a-secre ${mark('other', 'two')}${mark(secret, 'two')}ond\0a-secret`,
);

it.each([1, 2, 3, 7, 10_000])('divides output that arrives in pieces of %i bytes', async (size) => {
  const written: Record<string, string> = { one: '', two: '' };
  const logOf = (id: string) => ({
    write(chunk: Buffer) {
      written[id] += chunk.toString();
    },
    end: () => undefined,
  });
  const pieces = Array.from({ length: Math.ceil(output.length / size) }, (_, index) => output.subarray(index * size, (index + 1) * size));
  await divide(Readable.from(pieces, { objectMode: false }), secret, 3, logOf);
  expect(written).toEqual({ one: `first\0 \0a-secre ${mark('other', 'two')}`, two: 'second\0a-secret' });
});
