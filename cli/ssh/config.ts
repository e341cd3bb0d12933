import { ssh } from '../../core/names.ts';
import type { EnvironmentFolder } from '../files/environment-folder.ts';
import { replaceFile } from '../files/replace-file.ts';
import { shellQuoteOn } from '../shell-quote.ts';

/**
 * Writes the `ssh -F` file of an environment. The printed command and the CLI's own check use it alone, so that what was checked is what
 * the person gets, whatever is in their own configuration; and after a new address the same command still connects.
 *
 * @throws RecodeError KeysNotWritable
 */
export function writeSshConfig(
  files: EnvironmentFolder,
  host: { name: string; repository: string; address: string; privateKeyFile: string },
  platform: NodeJS.Platform = process.platform,
): void {
  const lines = [
    `# Connects to the environment of ${host.repository}. "recode aws start" overwrites this file.`,
    `Host ${host.name}`,
    `  HostName ${host.address}`,
    `  Port ${ssh.port}`,
    `  User ${ssh.user}`,
    `  IdentityFile ${quotePath(host.privateKeyFile, platform)}`,
    '  IdentitiesOnly yes',
    '  PreferredAuthentications publickey',
    '  StrictHostKeyChecking yes',
    '  HostKeyAlgorithms ssh-ed25519',
    `  UserKnownHostsFile ${quotePath(files.knownHosts, platform)}`,
    '  GlobalKnownHostsFile /dev/null',
  ];
  replaceFile(files.sshConfig, `${lines.join('\n')}\n`);
}

/** The command that connects to an environment, for a shell in any folder. */
export function sshCommand(
  files: Pick<EnvironmentFolder, 'sshConfig'>,
  name: string,
  platform: NodeJS.Platform = process.platform,
): string {
  return ['ssh', '-F', sshPath(files.sshConfig, platform), name].map((word) => shellQuoteOn(platform, word)).join(' ');
}

/** A path for ssh_config: in quotes, its percent signs doubled, because they stand for something in both of our options. */
const quotePath = (path: string, platform: NodeJS.Platform) =>
  `"${sshPath(path, platform).replaceAll('%', '%%').replace(/[\\"]/g, '\\$&')}"`;

/** OpenSSH for Windows takes slashes, which mean the same in its configuration, in cmd.exe and in PowerShell. */
const sshPath = (path: string, platform: NodeJS.Platform) => (platform === 'win32' ? path.replaceAll('\\', '/') : path);
