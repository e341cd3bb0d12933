import { RecodeError } from '../../core/errors.ts';
import { checkConnection, type Patience, type SshHost } from './connect.ts';

/** A folder of an environment to work in. */
export interface WorkFolder {
  /** An absolute path. */
  readonly path: string;
  /** The same of the home folder. */
  readonly home: string;
  /** Whether it is the clone of the repository. Otherwise it is the home folder. */
  readonly clone: boolean;
}

/** Where the clone of a repository is, below the home folder. */
export const cloneFolder = (repository: string): string => `workspace/${repository.split('/').at(-1)}`;

// The environment has been started, and let this machine in before.
const patience: Patience = { total: 15_000, pause: 1_000, withWrongAddress: 15_000 };

/**
 * Asks an environment where the clone of its repository is. Without one, it is the home folder.
 *
 * @throws RecodeError RemoteShellFails, and those of cli/ssh/connect.ts
 */
export async function workFolder(host: SshHost, repository: string): Promise<WorkFolder> {
  // Startup files of the shell may print too. The names of repositories have no quotes.
  const script = `cd "$HOME/${cloneFolder(repository)}" 2>/dev/null && kind=clone || { cd && kind=home; }; echo "recode-folder $kind $PWD"; echo "recode-home $HOME"`;
  const said = await checkConnection(host, undefined, patience, `sh -c '${script}'`);
  const [, kind, path] = /^recode-folder (clone|home) (\/.*)$/m.exec(said) ?? [];
  const [, home] = /^recode-home (\/.*)$/m.exec(said) ?? [];
  if (path !== undefined && home !== undefined) return { path, home, clone: kind === 'clone' };
  throw new RecodeError('RemoteShellFails', `The shell at ${host.address} does not say where its home folder is.`);
}
