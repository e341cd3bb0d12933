import { createHash } from 'node:crypto';
import { rmdirSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { keysNotWritable } from './keys-not-writable.ts';

/** Which environment, in which account. */
export interface EnvironmentPlace {
  readonly accountId: string;
  readonly region: string;
  readonly owner: string;
  /** `owner/name` */
  readonly repository: string;
  /** Of the embedded AWS: all of them have the same account id. */
  readonly stateDirectory?: string;
}

/** The files of an environment that this machine needs to connect to it. */
export interface EnvironmentFolder {
  /** The folder of all environments. */
  readonly root: string;
  readonly folder: string;
  /** The folder of the key pair, which appears and goes as a whole. */
  readonly key: string;
  readonly knownHosts: string;
  /** What `ssh -F` takes. */
  readonly sshConfig: string;
  /** Holds the ARN of the last execution that nobody has waited for. */
  readonly execution: string;
}

/** Where the files of an environment lie: below the XDG data folder, which relative paths of the variable do not move. */
export function environmentFolder(place: EnvironmentPlace, environment: NodeJS.ProcessEnv): EnvironmentFolder {
  const xdg = environment.XDG_DATA_HOME;
  const data = xdg && isAbsolute(xdg) ? xdg : join(environment.HOME || homedir(), '.local', 'share');
  const account = place.stateDirectory === undefined ? place.accountId : `${place.accountId}-${shortHash(place.stateDirectory)}`;
  // GitHub takes `Acme/API` and `acme/api` for the same repository.
  const root = join(data, 'recode', 'keys');
  const folder = join(root, account, place.region, place.owner, ...place.repository.toLowerCase().split('/'));
  return {
    root,
    folder,
    key: join(folder, 'key'),
    knownHosts: join(folder, 'known_hosts'),
    sshConfig: join(folder, 'ssh_config'),
    execution: join(folder, 'execution'),
  };
}

/**
 * Deletes the files of an environment that is gone, and the folders that are empty then, up to the one of all keys. What else somebody has put
 * there stays.
 *
 * @throws RecodeError KeysNotWritable
 */
export function deleteEnvironmentFolder(files: EnvironmentFolder): void {
  try {
    for (const path of [files.key, files.knownHosts, files.sshConfig, files.execution]) rmSync(path, { recursive: true, force: true });
    for (let folder = files.folder; folder !== files.root && removeIfEmpty(folder); ) folder = dirname(folder);
  } catch (error) {
    throw keysNotWritable(files.folder, 'deleted', error);
  }
}

/** Returns whether there is no such folder any more. */
function removeIfEmpty(folder: string): boolean {
  try {
    rmdirSync(folder);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOTEMPTY', 'EEXIST'].includes(code)) return false;
    if (code !== 'ENOENT') throw error;
  }
  return true;
}

const shortHash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 12);
