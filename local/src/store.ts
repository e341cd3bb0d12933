import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A state file that cannot be read. It stays as it is. */
export class StateDamaged extends Error {
  override readonly name = 'StateDamaged';

  constructor(
    readonly file: string,
    reason: string,
  ) {
    super(`The state file ${file} is damaged: ${reason}`);
  }
}

/** JSON documents in the state directory. A write replaces the whole file, so a kill leaves either the old or the new text. */
export interface Store {
  readonly directory: string;
  /**
   * Reads a document by its path in the state directory, for example `ec2.json`; undefined if it does not exist.
   * `parse` checks its shape and throws if it is wrong. Throws `StateDamaged`.
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
      replaceFile(join(directory, path), JSON.stringify(document));
    },
  };
}

/** Creates a folder of the state, but none above it: a state directory that was deleted must not return with a part of the state. */
export function ensureFolder(folder: string, mode?: number): void {
  try {
    mkdirSync(folder, mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Writes a file. Readers see either all of it or the old file. */
export function replaceFile(file: string, text: string, mode?: number): void {
  const next = `${file}.next`;
  try {
    writeFileSync(next, text, mode === undefined ? {} : { mode });
    renameSync(next, file);
  } catch (error) {
    // On a full disk, the partial file takes space that others need.
    rmSync(next, { force: true });
    throw error;
  }
}
