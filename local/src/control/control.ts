import { existsSync, readdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import type { Latency } from '../profiles.ts';
import { storageFailure } from '../storage.ts';
import { deleteState, type End, isStateDirectory, logFile, prepareDirectory, readAnnouncement, readSettings } from './directory.ts';
import { EmbeddedAwsDidNotStart, NoHomeFolder, NotAStateDirectory, RegionMismatch, UnknownRegion, UnsupportedPlatform } from './errors.ts';
import { takeLock, watchLock } from './lock.ts';
import { launch, runningProcess, startSeconds, stopProcess, stopSeconds, within } from './process.ts';
import { regions } from './regions.ts';

export type { Latency } from '../profiles.ts';
export * from './errors.ts';

/** An embedded AWS: where its state is, what is deployed in it, and the program that runs it. */
export interface Installation {
  readonly directory: string;
  /** The packaged stack: a CloudFormation template, and the zips of the functions. */
  readonly packageDirectory: string;
  /** The bundle of `main.ts`. */
  readonly mainFile: string;
  /** Identifies the build. A process of another build is replaced, and its state is kept. */
  readonly build: string;
}

export interface Running {
  readonly endpoint: string;
  readonly region: string;
  readonly accountId: string;
  readonly pid: number;
  readonly stateDirectory: string;
}

/** Like `Running`, with nulls while it does not run. */
export type Status =
  | ({ readonly running: true } & Running)
  | {
      readonly running: false;
      readonly endpoint: null;
      readonly region: null;
      readonly accountId: null;
      readonly pid: null;
      readonly stateDirectory: string;
    };

interface Regions {
  /** Where it has to be. */
  readonly region?: string;
  /** Where it is started first, unless `region` says so. */
  readonly firstRegion?: string;
}

interface UpOptions extends Regions {
  /** Called when it does not run yet, with what starts it. */
  readonly during?: (start: () => Promise<void>) => Promise<void>;
}

/**
 * The state directory: the value of the environment variable `variable`, relative to the working directory, or else `folder` in the XDG
 * state folder.
 */
export function stateDirectory(variables: NodeJS.ProcessEnv, variable: string, folder: string): string {
  const named = variables[variable];
  if (named) return resolve(named);
  // The XDG specification says to ignore relative paths.
  const xdg = variables.XDG_STATE_HOME;
  return join(xdg && isAbsolute(xdg) ? xdg : join(homeFolder(variables), '.local', 'state'), folder);
}

/**
 * Returns the running embedded AWS of a directory, or starts it. All callers at the same time get the same one.
 * `region` defaults to the region of the first start, which is `firstRegion` if the embedded AWS has that region, or else us-east-1.
 * Throws `UnsupportedPlatform`, `StateDirectoryNotWritable`, `NotAStateDirectory`, `UnknownRegion`, `RegionMismatch`, `StateDamaged`,
 * `StorageFailed`, `EmbeddedAwsDidNotStart`.
 */
export async function up(installation: Installation, options: UpOptions = {}): Promise<Running> {
  requireLinux();
  try {
    return await joinOrStart(installation, options);
  } catch (error) {
    throw storageFailure(error, installation.directory) ?? error;
  }
}

async function joinOrStart(installation: Installation, { region, firstRegion, during = (start) => start() }: UpOptions): Promise<Running> {
  const { directory, packageDirectory, mainFile, build } = installation;
  const unknown = region !== undefined && !regions.includes(region) ? new UnknownRegion(region, regions) : undefined;
  // A refusal leaves no directory behind.
  if (unknown && !existsSync(directory)) throw unknown;
  prepareDirectory(directory);
  const deployed = readSettings(directory)?.region;
  if (unknown && deployed === undefined) throw unknown;
  if (region !== undefined && deployed !== undefined && region !== deployed) throw new RegionMismatch(region, deployed, directory);

  const deadline = Date.now() + startSeconds * 1000;
  while (Date.now() < deadline) {
    const found = await runningProcess(directory);
    if (found?.build === build) {
      if (region !== undefined && region !== found.region) throw new RegionMismatch(region, found.region, directory);
      const { endpoint, accountId, pid } = found;
      return { endpoint, region: found.region, accountId, pid, stateDirectory: directory };
    }
    if (found) await stopProcess(directory);
    else if (!(await waitForHolder(directory))) {
      // Another process may have started it since, and ended it.
      const first = region ?? readSettings(directory)?.region ?? (firstRegion && regions.includes(firstRegion) ? firstRegion : undefined);
      await during(() => launch(mainFile, { directory, packageDirectory, build, ...(first && { region: first }) }));
    }
  }
  throw new EmbeddedAwsDidNotStart(`It did not answer within ${startSeconds} seconds.`, logFile(directory), '');
}

/** Sets how long the services of a running embedded AWS take, until its process ends. Throws the error of `fetch` if it is gone. */
export async function setLatency({ endpoint }: Pick<Running, 'endpoint'>, latency: Latency): Promise<void> {
  const answer = await fetch(`${endpoint}/_local/latency`, { method: 'POST', body: JSON.stringify({ latency }) });
  if (!answer.ok) throw new Error(`The embedded AWS refused the latency ${latency}: ${await answer.text()}`);
}

/**
 * Stops the embedded AWS and keeps its state. Returns false if it was not running. Kills the process if it has not ended after
 * `graceSeconds`. Throws `EmbeddedAwsDidNotStop`.
 */
export async function down(
  { directory }: Pick<Installation, 'directory'>,
  { graceSeconds }: { graceSeconds?: number } = {},
): Promise<boolean> {
  requireLinux();
  if (!existsSync(directory)) return false;
  return stopProcess(directory, graceSeconds);
}

export async function status({ directory }: Pick<Installation, 'directory'>): Promise<Status> {
  requireLinux();
  const found = await runningProcess(directory);
  if (!found) return { running: false, endpoint: null, region: null, accountId: null, pid: null, stateDirectory: directory };
  const { endpoint, region, accountId, pid } = found;
  return { running: true, endpoint, region, accountId, pid, stateDirectory: directory };
}

/** What happened to an embedded AWS that has closed or refused a connection. */
export type Fate = End | { readonly kind: 'running' | 'stopped' | 'reset' } | { readonly kind: 'killed'; readonly logFile: string };

/** Finds out why the embedded AWS of a directory no longer answers. If its process is ending, waits until it has ended. */
export async function fate({ directory }: Pick<Installation, 'directory'>): Promise<Fate> {
  const found = existsSync(directory) ? await runningProcess(directory) : undefined;
  if (found) return { kind: 'running' };
  const holder = existsSync(directory) ? await watchLock(directory) : undefined;
  if (holder) {
    await within(stopSeconds, holder.ended);
    holder.stopWatching();
  }
  if (!existsSync(directory) || readdirSync(directory).length === 0) return { kind: 'reset' };
  const announcement = readAnnouncement(directory);
  if (announcement) return announcement.end ?? { kind: 'killed', logFile: logFile(directory) };
  return { kind: readSettings(directory) ? 'stopped' : 'reset' };
}

/**
 * Stops the embedded AWS and deletes its state, but no other files in the directory. Returns false if there was no state.
 * Throws `NotAStateDirectory`, `EmbeddedAwsDidNotStop`.
 */
export async function reset({ directory }: Pick<Installation, 'directory'>): Promise<boolean> {
  requireLinux();
  if (!existsSync(directory) || readdirSync(directory).length === 0) return false;
  if (!isStateDirectory(directory)) throw new NotAStateDirectory(directory);
  for (;;) {
    await stopProcess(directory);
    const lock = await takeLock(directory);
    // Somebody has started it again in the meantime.
    if (!lock) continue;
    try {
      deleteState(directory);
    } finally {
      await lock.release();
    }
    return true;
  }
}

function homeFolder({ HOME }: NodeJS.ProcessEnv): string {
  if (HOME && isAbsolute(HOME)) return HOME;
  try {
    return userInfo().homedir;
  } catch (error) {
    // A container may run with a user ID that has no user.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SYSTEM_ERROR') throw error;
    throw new NoHomeFolder();
  }
}

function requireLinux(): void {
  // Only Linux has all of 127.0.0.0/8, abstract sockets and /proc.
  if (process.platform !== 'linux') throw new UnsupportedPlatform(process.platform);
}

/** Waits while another process starts. Resolves to false if none holds the directory. */
async function waitForHolder(directory: string): Promise<boolean> {
  const holder = await watchLock(directory);
  if (!holder) return false;
  const ready = await within(startSeconds, holder.ready);
  holder.stopWatching();
  // It was not found before: it became ready in the meantime, or it is too busy to answer.
  if (ready === true) await new Promise((resume) => setTimeout(resume, 50));
  return true;
}
