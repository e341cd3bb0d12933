import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A state file that cannot be read back: it is named, and left as it is. */
export class StateDamaged extends Error {
  override readonly name = 'StateDamaged';

  constructor(
    readonly file: string,
    reason: string,
  ) {
    super(`The state file ${file} is damaged: ${reason}`);
  }
}

/** JSON documents in the state directory; each write replaces its file as a whole, so a kill leaves the old text or the new. */
export interface Store {
  readonly directory: string;
  /**
   * Reads a document by its path below the state directory (`ec2.json`); undefined where there is none.
   * `parse` checks its shape and throws when it is not what this build wrote. Throws `StateDamaged`.
   */
  read<T>(path: string, parse: (json: unknown) => T): T | undefined;
  write(path: string, document: unknown): void;
}

export function openStore(directory: string): Store {
  return {
    directory,
    read(path, parse) {
      const file = join(directory, path);
      let text: string;
      try {
        text = readFileSync(file, 'utf8');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw new StateDamaged(file, (error as Error).message);
      }
      try {
        return parse(JSON.parse(text));
      } catch (error) {
        throw new StateDamaged(file, (error as Error).message);
      }
    },
    write(path, document) {
      const file = join(directory, path);
      // Not the directory itself: one that was deleted must not appear again with a part of the state.
      if (dirname(path) !== '.') mkdirSync(dirname(file), { recursive: true });
      replaceFile(file, JSON.stringify(document));
    },
  };
}

/** Writes a file that appears as a whole, or stays as it was. */
export function replaceFile(file: string, text: string, mode?: number): void {
  const next = `${file}.next`;
  try {
    writeFileSync(next, text, mode === undefined ? {} : { mode });
    renameSync(next, file);
  } catch (error) {
    // On a full disk, the half of it takes the space that others need.
    rmSync(next, { force: true });
    throw error;
  }
}
