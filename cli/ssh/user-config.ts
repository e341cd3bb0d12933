import { randomUUID } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { RecodeError } from '../../core/errors.ts';
import { reasonOf } from '../files/file-trouble.ts';
import { type System, thisSystem } from '../home.ts';
import { includes } from './include.ts';

/**
 * The configuration file that ssh reads for this user. OpenSSH looks up the home folder in the system's list of users, whatever $HOME is.
 *
 * @param given on the command line
 * @throws RecodeError NoHome
 */
export function userConfigFile(given: string | undefined, variables: NodeJS.ProcessEnv, system: System = thisSystem): string {
  const named = given ?? variables.RECODE_SSH_CONFIG ?? '';
  if (named !== '') return resolve(named);
  const home = system.home();
  if (home !== undefined) return join(home, '.ssh', 'config');
  throw new RecodeError('NoHome', 'The system knows no home folder for this user, so ssh reads no configuration of yours.');
}

/**
 * The text of a configuration, with a character for each byte; undefined if there is no file.
 *
 * @throws RecodeError SshConfigNotReadable
 */
export function readUserConfig(file: string): string | undefined {
  const trouble = (reason: string, cause?: unknown) =>
    new RecodeError('SshConfigNotReadable', `${file} cannot be read: ${reason}`, { cause });
  const stats = statsOf(file, (error) => trouble(reasonOf(error), error));
  if (!stats) return undefined;
  // To read a pipe would take for ever.
  if (!stats.isFile()) throw trouble(stats.isDirectory() ? 'a folder is in its place.' : 'it is not a file.');
  const text = orThrow(
    () => readFileSync(file, 'latin1'),
    (error) => trouble(reasonOf(error), error),
  );
  if (text.includes('\0')) throw trouble('it is not in UTF-8. Save it as UTF-8, because ssh does not read it either.');
  return text;
}

/** Whether the configuration of this user includes the host aliases. Why one cannot be read matters only to who wants to change it. */
export function includesAliases(folder: string, variables: NodeJS.ProcessEnv): boolean {
  try {
    const text = readUserConfig(userConfigFile(undefined, variables));
    return text !== undefined && includes(text, { folder, home: thisSystem.home() });
  } catch (error) {
    if (error instanceof RecodeError) return false;
    throw error;
  }
}

/** How the text of a configuration is to become another one. The same text stays; undefined deletes the file. */
export type Change = (text: string | undefined) => string | undefined;

/**
 * Changes a configuration in one step: a reader sees the old text or the new one. A symbolic link stays one, and mode and
 * owner stay what they are.
 *
 * @param byHand what a person can do instead where the file cannot be changed
 * @returns whether it has changed
 * @throws RecodeError SshConfigNotReadable, SshConfigNotWritable
 */
export function changeUserConfig(file: string, change: Change, byHand: string): boolean {
  const trouble = (reason: string, cause?: unknown) =>
    new RecodeError('SshConfigNotWritable', `${file} cannot be changed: ${reason}\n${byHand}`, { cause });
  const failed = (error: unknown) => trouble(reasonOf(error), error);
  for (;;) {
    const before = readUserConfig(file);
    const after = change(before);
    if (after === before) return false;
    const target = orThrow(() => linkedFile(file), failed);
    const stats = statsOf(target, failed);
    // Its folder may allow to replace it all the same. Root may write anything.
    if (stats && (stats.mode & 0o222) === 0) throw trouble('it is read-only.');
    if (stats) orThrow(() => accessSync(target, constants.W_OK), failed);
    const unchanged = () => readUserConfig(file) === before;
    if (orThrow(() => replace(target, after, stats, unchanged), failed)) return true;
  }
}

/** Whether others than its owner can write a file. Then ssh refuses it. */
export function isWritableByOthers(file: string): boolean {
  const stats = statSync(file, { throwIfNoEntry: false });
  return process.platform !== 'win32' && stats !== undefined && (stats.mode & 0o022) !== 0;
}

/** Replaces a file unless somebody else has changed it meanwhile. Returns whether it has. */
function replace(file: string, text: string | undefined, stats: Stats | undefined, unchanged: () => boolean): boolean {
  const next = `${file}.${randomUUID()}`;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    if (text === undefined) {
      if (!unchanged()) return false;
      rmSync(file, { force: true });
      return true;
    }
    writeFileSync(next, text, { encoding: 'latin1', mode: 0o600, flush: true });
    if (stats) {
      if (stats.uid !== process.getuid?.() || stats.gid !== process.getgid?.()) chownSync(next, stats.uid, stats.gid);
      chmodSync(next, stats.mode & 0o7777);
    }
    if (!unchanged()) return false;
    renameSync(next, file);
    return true;
  } finally {
    rmSync(next, { force: true });
  }
}

/** The file that symbolic links lead to in the end; it need not exist. Throws what the file system does. */
function linkedFile(file: string): string {
  let path = file;
  // As many as Linux follows.
  for (let links = 0; links < 40; links += 1) {
    const target = readLink(path);
    if (target === undefined) return path;
    path = resolve(dirname(path), target);
  }
  throw Object.assign(new Error('too many symbolic links'), { code: 'ELOOP' });
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    // Not a link, or not there.
    if (['EINVAL', 'ENOENT', 'UNKNOWN'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

function statsOf(file: string, trouble: (error: unknown) => RecodeError): Stats | undefined {
  return orThrow(() => statSync(file, { throwIfNoEntry: false }), trouble);
}

function orThrow<T>(work: () => T, trouble: (error: unknown) => RecodeError): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof RecodeError ? error : trouble(error);
  }
}
