import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type StorageTrouble, storageFailure } from '../storage.ts';
import { openStore, StateDamaged } from '../store.ts';
import { NotAStateDirectory, StateDirectoryNotWritable } from './errors.ts';

/** `settings.json` of a state directory. Next to it are the log, the announcement of the process, and the services' `state` folder. */
export interface Settings {
  readonly region: string;
  /** The latest port. It is used again if it is free, so that endpoints in people's shells stay valid. */
  readonly port?: number;
}

/** `process.json`, which a process writes when it is ready. */
export interface Announcement {
  readonly pid: number;
  readonly endpoint: string;
  readonly region: string;
  readonly accountId: string;
  readonly build: string;
  readonly startedAt: string;
  /** Why it ended; undefined while it runs, and if it was killed. */
  readonly end?: End;
}

/** Why a process ended itself. `crashed`: because of a bug. */
export interface End {
  readonly kind: StorageTrouble | 'crashed';
  readonly message: string;
}

export const logFile = (directory: string): string => join(directory, 'embedded-aws.log');
/** The folder with the state of the services. */
export const servicesDirectory = (directory: string): string => join(directory, 'state');

/** Creates the directory, readable only by this user. Throws `StateDirectoryNotWritable`, `NotAStateDirectory`. */
export function prepareDirectory(directory: string): void {
  try {
    makeDirectory(directory);
    const strangers = readdirSync(directory).some((entry) => !ours.includes(entry));
    if (strangers && !isStateDirectory(directory)) throw new NotAStateDirectory(directory);
    chmodSync(directory, 0o700);
    accessSync(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    if (error instanceof NotAStateDirectory) throw error;
    const failure = storageFailure(error, directory);
    if (failure?.trouble === 'full') throw failure;
    throw new StateDirectoryNotWritable(directory, reasonOf(error as NodeJS.ErrnoException));
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOTDIR' || code === 'EEXIST') return 'a file of that name, or of a folder above it, is in its place.';
  if (code === 'EACCES' || code === 'EPERM') return 'this user may not write there.';
  if (code === 'EROFS') return 'its file system is read-only.';
  return message;
}

/** Like `mkdirSync` with `recursive`, which never returns on a file system without new directories, such as /proc. */
function makeDirectory(directory: string): void {
  if (existsSync(directory)) return;
  makeDirectory(dirname(directory));
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    // Another process was faster.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Reads the settings; undefined before the first start. Throws `StateDamaged`. */
export function readSettings(directory: string): Settings | undefined {
  return openStore(directory).read(settingsFile, (json) => {
    const { holds, region, port } = json as Record<string, unknown>;
    if (holds !== marker || typeof region !== 'string') throw new Error('it does not name a region.');
    return { region, ...(typeof port === 'number' ? { port } : {}) };
  });
}

export function writeSettings(directory: string, settings: Settings): void {
  openStore(directory).write(settingsFile, { holds: marker, ...settings });
}

/** Reads `process.json`; undefined if it is missing or says nothing. Only the process itself tells whether it is alive. */
export function readAnnouncement(directory: string): Announcement | undefined {
  try {
    const json = JSON.parse(readFileSync(join(directory, announcementFile), 'utf8')) as Partial<Announcement> | null;
    return typeof json?.pid === 'number' && typeof json.endpoint === 'string' ? (json as Announcement) : undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || error instanceof SyntaxError) return undefined;
    throw new StateDamaged(join(directory, announcementFile), (error as Error).message);
  }
}

export function writeAnnouncement(directory: string, announcement: Announcement): void {
  // Under another name first, with its mode, so that nobody reads half of it and no other user reads it.
  rmSync(join(directory, `${announcementFile}.next`), { force: true });
  writeFileSync(join(directory, `${announcementFile}.next`), '', { mode: 0o600 });
  openStore(directory).write(announcementFile, announcement);
}

/** Adds to the announcement why its process ends. It overwrites the file in place, because a full disk has no room for a second one. */
export function recordEnd(directory: string, end: End): void {
  const announcement = readAnnouncement(directory);
  if (announcement?.pid !== process.pid) return;
  const file = openSync(join(directory, announcementFile), 'r+');
  try {
    writeSync(file, JSON.stringify({ ...announcement, end }), 0);
  } finally {
    closeSync(file);
  }
}

export function removeAnnouncement(directory: string): void {
  rmSync(join(directory, announcementFile), { force: true });
}

/** Whether the directory belongs to the embedded AWS, even if its settings are damaged or not written yet. */
export function isStateDirectory(directory: string): boolean {
  const entries = readdirSync(directory);
  if (!entries.includes(settingsFile)) return entries.every((entry) => ours.includes(entry) && entry !== 'state');
  try {
    return readSettings(directory) !== undefined;
  } catch (error) {
    if (!(error instanceof StateDamaged)) throw error;
    return entries.every((entry) => ours.includes(entry));
  }
}

/** Deletes the files of the embedded AWS in its directory, and then the directory if it is empty. */
export function deleteState(directory: string): void {
  // The settings last: if this is interrupted, they still mark the directory as ours.
  for (const entry of ours) rmSync(join(directory, entry), { recursive: true, force: true });
  if (readdirSync(directory).length === 0) removeDirectory(directory);
}

function removeDirectory(directory: string): void {
  try {
    rmdirSync(directory);
  } catch (error) {
    // It is a mount point, or its parent folder belongs to somebody else. Empty is as good as gone.
    if (!['EBUSY', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

const settingsFile = 'settings.json';
const announcementFile = 'process.json';
const marker = 'the state of the embedded AWS';
const ours: readonly string[] = [
  'state',
  'embedded-aws.log',
  announcementFile,
  `${announcementFile}.next`,
  `${settingsFile}.next`,
  settingsFile,
];
