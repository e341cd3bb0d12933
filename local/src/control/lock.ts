import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';

/** The hold of one process on a state directory. It ends with the process, however that ends, so no lock is ever stale. */
export interface Lock {
  /** Tells everybody who watches, now or later, that the holder is ready. */
  announce(): void;
  release(): Promise<void>;
}

/** Somebody else's lock, watched. */
export interface Holder {
  /** True once the holder is ready, false if it ended before. */
  readonly ready: Promise<boolean>;
  readonly ended: Promise<void>;
  stopWatching(): void;
}

/** Takes the lock of an existing directory; undefined if another process has it. */
export async function takeLock(directory: string): Promise<Lock | undefined> {
  const watchers = new Set<Socket>();
  let announced = false;
  const server = createServer((watcher) => {
    watchers.add(watcher);
    watcher.on('close', () => watchers.delete(watcher));
    // A watcher may be killed at any time, and that is no concern of the holder's.
    watcher.on('error', () => watcher.destroy());
    watcher.resume();
    if (announced) watcher.write(readyMark);
  });
  const taken = await new Promise<boolean>((resolve, reject) => {
    server.on('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)));
    server.listen({ path: socketName(directory) }, () => resolve(true));
  });
  if (!taken) return undefined;
  server.unref();

  return {
    announce() {
      announced = true;
      for (const watcher of watchers) watcher.write(readyMark);
    },
    release: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        for (const watcher of watchers) watcher.destroy();
      }),
  };
}

/** Watches the process that holds the lock of a directory; undefined if none does. */
export async function watchLock(directory: string): Promise<Holder | undefined> {
  const socket = connect({ path: socketName(directory) });
  const connected = await new Promise<boolean>((resolve) => {
    socket.on('connect', () => resolve(true));
    // Refused: nobody listens. Reset: the holder ended at this moment.
    socket.on('error', () => resolve(false));
  });
  if (!connected) return undefined;
  const ended = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  const mark = new Promise<true>((resolve) => socket.on('data', () => resolve(true)));
  return {
    ready: Promise.race([mark, ended.then(() => false)]),
    ended,
    stopWatching: () => socket.destroy(),
  };
}

const readyMark = 'ready\n';

/**
 * An abstract Unix socket: a name without a file. It fills the 107 bytes of an address, because versions of Node differ in
 * whether they pad a shorter one.
 */
function socketName(directory: string): string {
  const identity = `${process.getuid?.()} ${realpathSync(directory)}`;
  return `\0${`embedded-aws-${createHash('sha256').update(identity).digest('hex')}-`.padEnd(107, '-')}`;
}
