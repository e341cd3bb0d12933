import { createHash } from 'node:crypto';
import { accessSync, constants, rmdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { RecodeError } from '../../core/errors.ts';
import { dataFolder, pathsOf, type System, thisSystem } from '../home.ts';
import { deleteAliases } from './alias.ts';
import { keysNotWritable } from './file-trouble.ts';

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
  /** Holds how long the last command was busy with its execution. */
  readonly cliTime: string;
  /** Holds the path of the repository on the instance. */
  readonly workspace: string;
  /** Is there if the SSH agent is forwarded to the instance. */
  readonly agentForwarding: string;
  /** The folder of the host aliases of all environments, which `~/.ssh/config` includes. */
  readonly aliases: string;
  /** Tells the environment from all others in `aliases`: its folder below `root`, with slashes. */
  readonly id: string;
  /** What makes a host alias differ from those of environments of the same name: each is added to the ones before. */
  readonly qualifiers: readonly string[];
}

/**
 * Where the files of an environment lie: below the folder for the data of all programs.
 *
 * @throws RecodeError NoHome
 */
export function environmentFolder(place: EnvironmentPlace, variables: NodeJS.ProcessEnv, system: System = thisSystem): EnvironmentFolder {
  const account = place.stateDirectory === undefined ? place.accountId : `${place.accountId}-${shortHash(place.stateDirectory)}`;
  const { join } = pathsOf(system.platform);
  const root = keysFolder(variables, system);
  // GitHub takes `Acme/API` and `acme/api` for the same repository.
  const names = [account, place.region, ...[place.owner, ...place.repository.toLowerCase().split('/')].map(folderName)];
  const folders = system.platform === 'win32' ? names.map(windowsName) : names;
  const folder = join(root, ...folders);
  const id = folders.join('/');
  return {
    root,
    folder,
    key: join(folder, 'key'),
    knownHosts: join(folder, 'known_hosts'),
    sshConfig: join(folder, 'ssh_config'),
    execution: join(folder, 'execution'),
    cliTime: join(folder, 'cli-time'),
    aliases: aliasesFolder(variables, system),
    id,
    qualifiers: [...(place.stateDirectory === undefined ? [place.region, place.accountId] : ['local']), shortHash(id)],
    workspace: join(folder, 'workspace'),
    agentForwarding: join(folder, 'agent-forwarding'),
  };
}

/**
 * The folder of the host aliases of all environments.
 *
 * @throws RecodeError NoHome
 */
export function aliasesFolder(variables: NodeJS.ProcessEnv, system: System = thisSystem): string {
  return pathsOf(system.platform).join(dataFolder(variables, system), 'recode', 'ssh');
}

/**
 * Makes sure that ssh can be given the paths of an environment's files. It puts the values of variables into paths that have `${`, which
 * nothing can keep it from, and a line of its configuration ends at a line break.
 *
 * @throws RecodeError PathNotUsable, NoHome
 */
export function requireUsablePath(variables: NodeJS.ProcessEnv, system: System = thisSystem): void {
  const root = keysFolder(variables, system);
  const [found] = /\$\{|[\r\n]/.exec(root) ?? [];
  if (found === undefined) return;
  const what = found === '${' ? '"${", which ssh takes for a variable' : 'a line break';
  throw new RecodeError('PathNotUsable', `The keys would be in ${JSON.stringify(root)}. That path has ${what}.`);
}

/**
 * Makes sure that the files of an environment, which has its key on this machine, can be written once it is started.
 *
 * @throws RecodeError KeysNotWritable
 */
export function requireWritable({ folder }: EnvironmentFolder): void {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw keysNotWritable(folder, 'written', error);
  }
}

/**
 * The folder of the files of all environments.
 *
 * @throws RecodeError NoHome
 */
export function keysFolder(variables: NodeJS.ProcessEnv, system: System = thisSystem): string {
  return pathsOf(system.platform).join(dataFolder(variables, system), 'recode', 'keys');
}

/** Windows has no files of some names, and drops dots at the end. A tilde is in no name of an owner or a repository. */
function windowsName(name: string): string {
  const reserved = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(name);
  return `${reserved ? '~' : ''}${name}${name.endsWith('.') ? '~' : ''}`;
}

/**
 * Deletes the files of an environment that is gone and its host alias, and the folders that are empty then, up to the one of all keys. What else somebody has
 * put there stays.
 *
 * @throws RecodeError KeysNotWritable
 */
export function deleteEnvironmentFolder(files: EnvironmentFolder): void {
  try {
    deleteAliases(files);
    const { key, knownHosts, sshConfig, execution, cliTime, workspace, agentForwarding } = files;
    const paths = [key, knownHosts, sshConfig, execution, cliTime, workspace, agentForwarding];
    for (const path of paths) rmSync(path, { recursive: true, force: true });
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

// An older version accepted names that are no name of a folder, or one that lies elsewhere.
const folderName = (name: string) => (/^(?!\.{1,2}$)[A-Za-z0-9+=.,_@-]+$/.test(name) ? name : shortHash(name));

const shortHash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 12);
