import { closeSync, constants, openSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { replaceFile, StateDamaged } from './store.ts';

/**
 * A document in a file with its changes: the document on the first line, and then one line for each change. So storing a change takes as
 * long as the change is large, however large the document is. The document alone, without the end of its line, is what `Store.write` writes.
 */
export interface Journal {
  /** Stores a change that the document already has. */
  append(change: unknown): void;
  /** Replaces the file by the document as it is now, so that a file that somebody has cut off later does not look like one that a kill left. */
  close(): void;
}

/** With fewer characters of changes, a file is never written again as a whole. */
const fewChanges = 256 * 1024;

/**
 * Opens a journal, and passes what is in it to `read`, unless its file does not exist yet. It drops an incomplete last change, which a kill
 * leaves and nobody has seen. Throws `StateDamaged` for any other damage, and if `read` throws.
 *
 * @param current the document as it is now, which replaces the file when the changes in it have become longer than the document
 */
export function openJournal(file: string, read: (document: unknown, changes: readonly unknown[]) => void, current: () => unknown): Journal {
  let { whole, changed } = load(file, read);
  // After a change that could not be stored, the document is ahead of what anybody has seen.
  let ahead = false;
  const replace = () => {
    const text = `${JSON.stringify(current())}\n`;
    replaceFile(file, text);
    whole = text.length;
    changed = 0;
  };
  return {
    append(change) {
      const line = `${JSON.stringify(change)}\n`;
      ahead = true;
      if (whole === undefined || changed + line.length > Math.max(whole, fewChanges)) replace();
      else {
        appendTo(file, line);
        changed += line.length;
      }
      ahead = false;
    },
    close() {
      if (changed === 0 || ahead) return;
      try {
        replace();
      } catch (error) {
        // The file has everything, with its changes: the disk may be full, or the folder deleted.
        if ((error as NodeJS.ErrnoException).code === undefined) throw error;
      }
    },
  };
}

/** Throws if there is no file: one that was deleted must not return with a part of the state. */
function appendTo(file: string, line: string): void {
  const opened = openSync(file, constants.O_WRONLY | constants.O_APPEND);
  try {
    writeFileSync(opened, line);
  } finally {
    closeSync(opened);
  }
}

/** Reads a file. `whole` is undefined if a change cannot be appended to it. */
function load(file: string, read: Parameters<typeof openJournal>[1]): { whole: number | undefined; changed: number } {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { whole: undefined, changed: 0 };
    throw new StateDamaged(file, (error as Error).message);
  }
  // The first line is always complete, because it replaces the file as a whole.
  const first = text.indexOf('\n') + 1;
  const end = text.lastIndexOf('\n') + 1;
  try {
    const changes = text.slice(first, end).split('\n').slice(0, -1);
    const document = first === 0 ? text : text.slice(0, first);
    read(JSON.parse(document), first === 0 ? [] : changes.map((line) => JSON.parse(line)));
  } catch (error) {
    throw new StateDamaged(file, (error as Error).message);
  }
  if (first === 0) return { whole: undefined, changed: 0 };
  if (end < text.length) truncateSync(file, Buffer.byteLength(text.slice(0, end)));
  return { whole: first, changed: end - first };
}
