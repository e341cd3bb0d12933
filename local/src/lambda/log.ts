import { appendFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { ensureFolder } from '../store.ts';

/**
 * Appends what a function prints to its log, in whole lines. Characters that a terminal would obey instead of show become JSON escapes such
 * as `\u001b`, so that a log is safe to print and its JSON stays valid.
 */
export function logLines(stream: Readable, file: string): void {
  ensureFolder(dirname(file));
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const text = rest + chunk;
    const end = text.lastIndexOf('\n') + 1;
    rest = text.slice(end);
    if (end > 0) appendFileSync(file, printable(text.slice(0, end)));
  });
  stream.on('end', () => {
    if (rest) appendFileSync(file, `${printable(rest)}\n`);
  });
}

// Control characters (C0, DEL, C1), and characters that are invisible or change how their neighbors are shown: line separators, direction
// overrides, zero-width characters, lone surrogates. See https://www.unicode.org/reports/tr36/.
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

function printable(text: string): string {
  return text.replace(unprintable, (character) => (character === '\n' || character === '\t' ? character : escaped(character)));
}

/** As UTF-16 code units, like JSON. */
function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`).join('');
}
