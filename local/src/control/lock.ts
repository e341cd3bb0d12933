import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';

/** The lock of one process on a state directory. It ends with the process, however that ends, so a lock is never stale. */
export interface Lock {
  /** Tells all watchers, now and later, that the holder is ready. */
  announce(): void;
  /** Tells no further watchers that the holder is ready, because it is about to end. */
  withdraw(): void;
  release(): Promise<void>;
}

/** The holder of a lock, as a watcher sees it. */
export interface Holder {
  /** Resolves to true when the holder is ready, to false if it ended before. */
  readonly ready: Promise<boolean>;
  readonly ended: Promise<void>;
  stopWatching(): void;
}

/** Takes the lock of an existing directory. Resolves to undefined if another process has it. */
export async function takeLock(directory: string): Promise<Lock | undefined> {
  const watchers = new Set<Socket>();
  let announced = false;
  const server = createServer((watcher) => {
    watchers.add(watcher);
    watcher.on('close', () => watchers.delete(watcher));
    // A watcher may be killed at any time. That does not matter to the holder.
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
    withdraw() {
      announced = false;
    },
    release: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        for (const watcher of watchers) watcher.destroy();
      }),
  };
}

/** Watches the process that holds the lock of an existing directory. Resolves to undefined if none does. */
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
 * An abstract Unix socket: a name without a file. The name fills the 107 bytes of an address, because some versions of Node pad a shorter
 * one and others do not.
 */
function socketName(directory: string): string {
  const identity = `${process.getuid?.()} ${realpathSync(directory)}`;
  return `\0${`embedded-aws-${createHash('sha256').update(identity).digest('hex')}-`.padEnd(107, '-')}`;
}
