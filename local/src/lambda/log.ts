import { appendFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { ensureFolder } from '../store.ts';

/** Takes what one output of a function prints. */
export interface Log {
  write(chunk: Buffer): void;
  /** Writes the last line, if it has no end. */
  end(): void;
}

/**
 * Appends what a function prints to its log, in whole lines. Characters that a terminal would obey instead of show become JSON escapes such
 * as `\u001b`, so that a log is safe to print and its JSON stays valid.
 */
export function openLog(file: string): Log {
  ensureFolder(dirname(file));
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return {
    write(chunk) {
      const text = rest + decoder.write(chunk);
      const end = text.lastIndexOf('\n') + 1;
      rest = text.slice(end);
      if (end > 0) appendFileSync(file, printable(text.slice(0, end)));
    },
    end() {
      rest += decoder.end();
      if (rest) appendFileSync(file, `${printable(rest)}\n`);
      rest = '';
    },
  };
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
