import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { keysNotWritable } from './file-trouble.ts';

/**
 * Writes a file as a whole, for its owner alone: a reader sees the old text or the new one, never a part.
 *
 * @param notWritable makes the error that is thrown where it cannot be written
 * @throws RecodeError KeysNotWritable
 */
export function replaceFile(
  file: string,
  text: string,
  notWritable = (path: string, error: unknown) => keysNotWritable(path, 'written', error),
): void {
  // Nothing to write, maybe where nothing can be written.
  if (holds(file, text)) return;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    replace(file, text);
  } catch (error) {
    throw notWritable(file, error);
  }
}

function replace(file: string, text: string): void {
  const next = `${file}.${randomUUID()}`;
  try {
    writeFileSync(next, text, { mode: 0o600 });
    renameSync(next, file);
  } catch (error) {
    rmSync(next, { force: true });
    throw error;
  }
}

function holds(file: string, text: string): boolean {
  try {
    return readFileSync(file, 'utf8') === text;
  } catch {
    // Why it cannot be read, if that matters, is said when it cannot be written.
    return false;
  }
}
