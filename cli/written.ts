import type { Writable } from 'node:stream';
import { RecodeError } from '../core/errors.ts';

/** What has become of all that was written to a stream. */
export interface Written {
  /** Waits until nothing is left to write. Returns why something could not be written; undefined where all was. */
  flush(): Promise<RecodeError | undefined>;
}

// As a process that SIGPIPE ended: its reader has seen enough (`recode … | head -1`).
const brokenPipe = 128 + 13;

/** Watches a stream of this process, which would end with a stack otherwise, or with success where nobody looks. */
export function watchWritten(stream: Writable): Written {
  let failure: NodeJS.ErrnoException | undefined;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(brokenPipe);
    failure ??= error;
  });
  return {
    async flush() {
      // Fails too, and says less, where an error came before.
      await new Promise((resolve) => stream.write('', resolve));
      return failure && notWritten(failure);
    },
  };
}

function notWritten(error: NodeJS.ErrnoException): RecodeError {
  const reason = reasons[error.code ?? ''] ?? `${error.message.replace(/\.?$/, '.')}`;
  return new RecodeError('OutputNotWritten', `The standard output could not be written: ${reason}`, { cause: error });
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the device.',
  EDQUOT: 'your disk quota is used up.',
  EFBIG: 'the file would be larger than it may be.',
  EIO: 'the device does not work, or its terminal is gone.',
};
