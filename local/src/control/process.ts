import { closeSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { littleMemory } from '../little-memory.ts';
import type { StorageTrouble } from '../storage.ts';
import { type Announcement, logFile, readAnnouncement } from './directory.ts';
import { EmbeddedAwsDidNotStart, EmbeddedAwsDidNotStop, RegionMismatch, StateDamaged, StorageFailed } from './errors.ts';
import { watchLock } from './lock.ts';

/** The options of the detached process. */
export interface MainOptions {
  readonly directory: string;
  readonly packageDirectory: string;
  readonly build: string;
  readonly region?: string;
}

/** The report of the detached process to the one that started it. */
export type MainReport =
  | { readonly kind: 'ready' }
  /** Another process was faster. */
  | { readonly kind: 'taken' }
  | { readonly kind: 'damaged'; readonly file: string; readonly message: string }
  | { readonly kind: 'storage'; readonly trouble: StorageTrouble; readonly reason: string }
  | { readonly kind: 'region'; readonly asked: string; readonly deployed: string }
  | { readonly kind: 'failed'; readonly message: string };

/**
 * The process of a directory, if it is ready and answers. It is asked over its lock, which nobody else can have: after it was killed, another
 * process may have its ID or its port.
 */
export async function runningProcess(directory: string): Promise<Announcement | undefined> {
  if (!readAnnouncement(directory)) return undefined;
  const holder = await watchLock(directory);
  if (!holder) return undefined;
  try {
    // The announcement may be that of an earlier process until this one is ready.
    return (await within(answerSeconds, holder.ready)) === true ? readAnnouncement(directory) : undefined;
  } finally {
    holder.stopWatching();
  }
}

/**
 * Starts the detached process, and waits until it is ready or finds that another one was faster. Both resolve.
 * Throws `StateDamaged`, `StorageFailed`, `RegionMismatch`, `EmbeddedAwsDidNotStart`.
 */
export async function launch(mainFile: string, options: MainOptions): Promise<void> {
  const { directory } = options;
  // Most commands find it running.
  const { spawn } = await import('node:child_process');
  const log = openSync(logFile(directory), 'a', 0o600);
  const logged = statSync(logFile(directory)).size;
  const child = spawn(process.execPath, [...littleMemory, mainFile, JSON.stringify(options)], {
    detached: true,
    cwd: directory,
    env: cleanEnvironment(process.env),
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  const report = await new Promise<MainReport>((resolve) => {
    const timeout = setTimeout(() => {
      child.kill('SIGKILL');
      resolve({ kind: 'failed', message: `It was not ready after ${startSeconds} seconds.` });
    }, startSeconds * 1000);
    const settle = (outcome: MainReport) => {
      clearTimeout(timeout);
      resolve(outcome);
    };
    child.once('message', (message) => settle(message as MainReport));
    child.once('error', (error) => settle({ kind: 'failed', message: `${error.message}.` }));
    child.once('exit', (code, signal) => settle({ kind: 'failed', message: `Its process ended (${signal ?? `exit code ${code}`}).` }));
  });
  if (child.connected) child.disconnect();
  child.unref();

  if (report.kind === 'damaged') throw new StateDamaged(report.file, report.message);
  if (report.kind === 'storage') throw new StorageFailed(report.trouble, directory, report.reason);
  if (report.kind === 'region') throw new RegionMismatch(report.asked, report.deployed, directory);
  if (report.kind === 'failed') {
    throw new EmbeddedAwsDidNotStart(report.message, logFile(directory), tail(logFile(directory), logged));
  }
}

/**
 * Ends the process that holds a directory, by force if necessary, and waits until it is gone. Resolves to false if no process does.
 * Throws `EmbeddedAwsDidNotStop` if it cannot find the process.
 */
export async function stopProcess(directory: string, graceSeconds = stopSeconds): Promise<boolean> {
  const holder = await watchLock(directory);
  if (!holder) return false;
  try {
    let pid = knownPid(directory);
    if (pid === undefined) {
      // It is still starting, or it was started with another path of the directory.
      if ((await within(startSeconds, holder.ready)) === false) return true;
      pid = (await runningProcess(directory))?.pid;
    }
    if (pid === undefined) {
      // It may have ended in the meantime.
      if ((await within(1, holder.ended)) === timedOut) throw new EmbeddedAwsDidNotStop(directory);
      return true;
    }
    signal(pid, 'SIGTERM');
    if ((await within(graceSeconds, holder.ended)) === timedOut) signal(pid, 'SIGKILL');
    if ((await within(stopSeconds, holder.ended)) === timedOut) throw new EmbeddedAwsDidNotStop(directory);
    // It releases its lock a moment before it closes its last files.
    while (!isGone(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
    return true;
  } finally {
    holder.stopWatching();
  }
}

/** Resolves like `promise`, or to `timedOut` after that time. */
export async function within<T>(seconds: number, promise: Promise<T>): Promise<T | typeof timedOut> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<typeof timedOut>((resolve) => {
    timer = setTimeout(resolve, seconds * 1000, timedOut);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

export const timedOut = Symbol('timed out');
/** How long a process may take until it is ready. */
export const startSeconds = 60;
/** How long a process may take to end. */
export const stopSeconds = 10;
/** How long a ready process may take to answer. */
const answerSeconds = 5;

/** The announced process, if its command line proves that it is ours, whether it answers or not. */
function knownPid(directory: string): number | undefined {
  const pid = readAnnouncement(directory)?.pid;
  if (pid === undefined) return undefined;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(JSON.stringify(directory)) ? pid : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Sends a signal, unless the process has ended. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Whether a process is gone, except perhaps for its entry, which stays forever if no init process removes it. */
function isGone(pid: number): boolean {
  try {
    const [state] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').slice(-1);
    return state?.startsWith('Z') === true && readdirSync(`/proc/${pid}/task`).length === 1;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return true;
    throw error;
  }
}

// Instances and sandboxes inherit this environment. The credentials and the Node options of the person who starts it must not reach them.
const passedOn = /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_.*|TZ|TMPDIR|TERM|XDG_.*|(https?|no|all)_proxy|NODE_EXTRA_CA_CERTS)$/i;

function cleanEnvironment(variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => passedOn.test(name)));
}

function tail(file: string, from: number): string {
  return readFileSync(file).subarray(from).toString('utf8').trimEnd().split('\n').slice(-20).join('\n');
}
