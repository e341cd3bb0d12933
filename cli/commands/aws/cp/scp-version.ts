import { RecodeError } from '../../../../core/errors.ts';
import { openSshVersion } from '../../../ssh/version.ts';

/**
 * What to give scp so that no remote shell reads the paths. From OpenSSH 9.0 on, scp uses SFTP by itself; from 8.7 on, if it is told to.
 *
 * @param said what `ssh -V` says
 * @param paths in the environment
 * @throws RecodeError SshClientOld for an older one, unless no shell reads anything else in the paths
 */
export function copyMode(said: string, paths: readonly string[]): readonly string[] {
  const version = openSshVersion(said);
  if (!version || version.number >= 900) return [];
  if (version.number >= 807) return ['-s'];
  const odd = paths.find((path) => !/^[\w@%+=:,./~-]*$/.test(path));
  if (odd === undefined) return [];
  throw new RecodeError(
    'SshClientOld',
    `The scp of ${version.name} lets a remote shell read '${odd}'. Names like that need OpenSSH 8.7 or newer.`,
  );
}
