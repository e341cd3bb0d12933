import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

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
  readonly folder: string;
  /** The folder of the key pair, which appears and goes as a whole. */
  readonly key: string;
  readonly knownHosts: string;
  /** What `ssh -F` takes. */
  readonly sshConfig: string;
}

/** Where the files of an environment lie: below the XDG data folder, which relative paths of the variable do not move. */
export function environmentFolder(place: EnvironmentPlace, environment: NodeJS.ProcessEnv): EnvironmentFolder {
  const xdg = environment.XDG_DATA_HOME;
  const data = xdg && isAbsolute(xdg) ? xdg : join(environment.HOME || homedir(), '.local', 'share');
  const account = place.stateDirectory === undefined ? place.accountId : `${place.accountId}-${shortHash(place.stateDirectory)}`;
  // GitHub takes `Acme/API` and `acme/api` for the same repository.
  const folder = join(data, 'recode', 'keys', account, place.region, place.owner, ...place.repository.toLowerCase().split('/'));
  return { folder, key: join(folder, 'key'), knownHosts: join(folder, 'known_hosts'), sshConfig: join(folder, 'ssh_config') };
}

const shortHash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 12);
