import { existsSync } from 'node:fs';
import { ssh } from '../../core/names.ts';
import { writeAlias } from '../files/alias.ts';
import type { EnvironmentFolder } from '../files/environment-folder.ts';
import { replaceFile } from '../files/replace-file.ts';
import { shellQuoteOn } from '../shell-quote.ts';

/** Which environment to connect to, and with what. */
export interface SshTarget {
  readonly name: string;
  readonly repository: string;
  readonly address: string;
  readonly privateKeyFile: string;
}

/**
 * Writes the `ssh -F` file of an environment. The printed command and the CLI's own check use it alone, so that what was checked is what
 * the person gets, whatever is in their own configuration; and after a new address the same command still connects.
 *
 * @throws RecodeError KeysNotWritable
 */
export function writeSshConfig(files: EnvironmentFolder, host: SshTarget, platform: NodeJS.Platform = process.platform): void {
  replaceFile(files.sshConfig, hostBlock(host.name, files, host, platform));
}

/**
 * Writes the same for `~/.ssh/config` to include, under a host alias that no other environment on this machine has.
 *
 * @returns the alias, if there is one
 * @throws RecodeError KeysNotWritable
 */
export function writeSshAlias(files: EnvironmentFolder, host: SshTarget, platform: NodeJS.Platform = process.platform): string | undefined {
  return writeAlias(files, host.name, (alias) => hostBlock(alias, files, host, platform));
}

function hostBlock(name: string, files: EnvironmentFolder, host: SshTarget, platform: NodeJS.Platform): string {
  const lines = [
    `# Connects to the environment of ${host.repository}. "recode aws start" overwrites this file.`,
    `Host ${name}`,
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
    ...(existsSync(files.agentForwarding) ? ['  ForwardAgent yes'] : []),
  ];
  return `${lines.join('\n')}\n`;
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
export const sshPath = (path: string, platform: NodeJS.Platform) => (platform === 'win32' ? path.replaceAll('\\', '/') : path);
