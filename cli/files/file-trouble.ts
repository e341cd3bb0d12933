import { RecodeError } from '../../core/errors.ts';

/** Why a file of an environment could not be written or deleted, in words instead of the system's. */
export function keysNotWritable(path: string, doing: 'written' | 'deleted', error: unknown): RecodeError {
  return new RecodeError('KeysNotWritable', `${path} cannot be ${doing}: ${reasonOf(error)}`, { cause: error });
}

/** Why a file of an environment could not be read. What is wrong with a folder above it keeps it from being written too. */
export function keysNotReadable(path: string, error: unknown): RecodeError {
  const name = (error as NodeJS.ErrnoException).code === 'ENOTDIR' ? 'KeysNotWritable' : 'KeysNotReadable';
  return new RecodeError(name, `${path} cannot be read: ${reasonOf(error)}`, { cause: error });
}

/** What the system says of a file, as a sentence. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (reasons[code ?? ''] ?? message).replace(/\.?$/, '.');
}

const reasons: Readonly<Record<string, string>> = {
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
