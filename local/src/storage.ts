import { sep } from 'node:path';

/** `full`: no space is left. `gone`: a folder or file of the state was deleted. `broken`: the file system refuses to write. */
export type StorageTrouble = 'full' | 'gone' | 'broken';

/** The state could not be written. Memory and disk differ now, so the process must not answer anything else. */
export class StorageFailed extends Error {
  override readonly name = 'StorageFailed';

  constructor(
    readonly trouble: StorageTrouble,
    readonly directory: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`The embedded AWS could not write its state in ${directory}: ${reason}`, options);
  }
}

/** The failure of the disk with the state directory that an error means; undefined for any other error. */
export function storageFailure(error: unknown, directory: string): StorageFailed | undefined {
  if (!(error instanceof Error)) return undefined;
  const failed = (trouble: StorageTrouble, reason: string) => new StorageFailed(trouble, directory, reason, { cause: error });
  // Each part knows its own folder. A person knows the state directory.
  if (error instanceof StorageFailed) return failed(error.trouble, error.reason);
  const { code = '', path } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' && path !== undefined && `${path}${sep}`.startsWith(directory + sep)) return failed('gone', `${path} was deleted.`);
  const reason = reasons[code];
  if (reason) return failed(full.has(code) ? 'full' : 'broken', reason);
  // LevelDB has no code, only the text of the C library.
  const [, text] = /^IO error: .*: (.*)$/.exec(error.message) ?? [];
  if (text === undefined) return storageFailure(error.cause, directory);
  const found = texts[text];
  if (found === 'ENOENT') return failed('gone', 'a file of the database was deleted.');
  // An IO error may also be about its lock.
  return found === undefined ? undefined : failed(full.has(found) ? 'full' : 'broken', reasons[found] ?? text);
}

const full: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);
const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the disk.',
  EDQUOT: 'your disk quota is used up.',
  EFBIG: 'a file would be larger than it may be.',
  EIO: 'the disk reports an error.',
  EROFS: 'its file system is read-only.',
};
const texts: Readonly<Record<string, string>> = {
  'No space left on device': 'ENOSPC',
  'Disk quota exceeded': 'EDQUOT',
  'File too large': 'EFBIG',
  'Input/output error': 'EIO',
  'Read-only file system': 'EROFS',
  'No such file or directory': 'ENOENT',
};
