import { RecodeError } from '../../../../core/errors.ts';

/**
 * What to give scp so that no remote shell reads the paths. From OpenSSH 9.0 on, scp uses SFTP by itself; from 8.7 on, if it is told to.
 *
 * @param version what `ssh -V` says
 * @param paths in the environment
 * @throws RecodeError SshClientOld for an older one, unless no shell reads anything else in the paths
 */
export function copyMode(version: string, paths: readonly string[]): readonly string[] {
  const [name, major, minor] = /OpenSSH_(?:for_Windows_)?(\d+)\.(\d+)/.exec(version) ?? [];
  if (name === undefined) return [];
  const number = Number(major) * 100 + Number(minor);
  if (number >= 900) return [];
  if (number >= 807) return ['-s'];
  const odd = paths.find((path) => !/^[\w@%+=:,./~-]*$/.test(path));
  if (odd === undefined) return [];
  throw new RecodeError('SshClientOld', `The scp of ${name} lets a remote shell read '${odd}'. Names like that need OpenSSH 8.7 or newer.`);
}
