import { RecodeError } from '../../core/errors.ts';

/** Why a file of an environment could not be read or written, in words instead of the system's. */
export function keysNotWritable(path: string, doing: 'read' | 'written' | 'deleted', error: unknown): RecodeError {
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = reasons[code ?? ''] ?? message;
  return new RecodeError('KeysNotWritable', `${path} cannot be ${doing}: ${reason.replace(/\.?$/, '.')}`, { cause: error });
}

const reasons: Readonly<Record<string, string>> = {
  ENOTDIR: 'a file is where one of its folders should be',
  EEXIST: 'a file is where one of its folders should be',
  EACCES: 'this user may not',
  EPERM: 'this user may not',
  EROFS: 'its file system is read-only',
  ENOSPC: 'no space is left on its file system',
};
