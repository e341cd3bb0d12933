import { randomUUID } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { keysNotWritable } from './keys-not-writable.ts';

/**
 * Writes a file as a whole, for its owner alone: whoever reads it meanwhile sees the old text or the new one.
 *
 * @throws RecodeError KeysNotWritable
 */
export function replaceFile(file: string, text: string): void {
  const next = `${file}.${randomUUID()}`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(next, text, { mode: 0o600 });
    renameSync(next, file);
  } catch (error) {
    rmSync(next, { force: true });
    throw keysNotWritable(file, 'written', error);
  }
}
