import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { RecodeError } from '../../core/errors.ts';

/** Why a file of an environment could not be written or deleted, in words instead of the system's. */
export function keysNotWritable(path: string, doing: 'written' | 'deleted', error: unknown): RecodeError {
  return (
    fileInTheWay(path, doing, error) ??
    new RecodeError('KeysNotWritable', `${path} cannot be ${doing}: ${reasonOf(error)}`, { cause: error })
  );
}

/** Why a file of an environment could not be read. */
export function keysNotReadable(path: string, error: unknown): RecodeError {
  return (
    fileInTheWay(path, 'read', error) ?? new RecodeError('KeysNotReadable', `${path} cannot be read: ${reasonOf(error)}`, { cause: error })
  );
}

/** The error for a file in place of a folder; undefined if it is something else that fails. */
function fileInTheWay(path: string, doing: string, error: unknown): RecodeError | undefined {
  if (!['ENOTDIR', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
  for (const above of [...foldersAbove(path), path]) {
    const stats = statSync(above, { throwIfNoEntry: false });
    if (!stats) return undefined;
    if (stats.isDirectory()) continue;
    const message = `${path} cannot be ${doing}: ${above === path ? 'it' : above} is a file, not a folder.`;
    return new RecodeError('FileInPlaceOfFolder', message, { cause: error });
  }
  return undefined;
}

/** From the outermost to the innermost. */
const foldersAbove = (path: string): string[] => (dirname(path) === path ? [] : [...foldersAbove(dirname(path)), dirname(path)]);

/** What the system says of a file, as a sentence. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (reasons[code ?? ''] ?? message).replace(/\.?$/, '.');
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a file is where one of its folders should be',
  EEXIST: 'a file is where one of its folders should be',
  EISDIR: 'a folder is in its place',
  EACCES: 'this user does not have permission',
  EPERM: 'this user does not have permission',
  EROFS: 'its file system is read-only',
  ENOSPC: 'no space is left on its file system',
  EDQUOT: 'your disk quota is used up',
  ELOOP: 'its symbolic links lead in a circle',
};
