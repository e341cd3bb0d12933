import { type Environment, statusOf } from '../../core/environment.ts';
import { RecodeError } from '../../core/errors.ts';
import { acceptedKeys } from '../../core/keys.ts';
import { ssh } from '../../core/names.ts';
import type { EnvironmentFolder } from '../files/environment-folder.ts';
import { rememberedFolder } from '../workspace/remembered-folder.ts';
import { type SshTarget, sshCommand, writeSshAlias, writeSshConfig } from './config.ts';
import { requireKeyPair } from './keys.ts';
import { pinHostKey } from './known-hosts.ts';
import { includesAliases } from './user-config.ts';

/** How this machine connects to an environment: the file for `ssh -F`, the command with it and the folder to go to, or why it cannot. */
export type Connection =
  | {
      readonly sshConfigFile: string;
      readonly sshCommand: string;
      /** The host in the file, and where that is. */
      readonly host: string;
      readonly address: string;
      /** The host in what the person's own configuration can include. */
      readonly alias: string | undefined;
      readonly workspaceFolder: string | null;
      readonly error?: undefined;
    }
  | {
      readonly sshConfigFile: null;
      readonly sshCommand: null;
      readonly alias?: undefined;
      readonly workspaceFolder: null;
      readonly error: RecodeError;
    };

/**
 * Brings the SSH files of an environment up to date. It may have got its address by a start that this machine did not wait for, or by a
 * teammate's. Returns undefined unless the environment is started, with an address and a host key.
 */
export function prepareConnection(files: EnvironmentFolder, environment: Environment): Connection | undefined {
  const { name, repository, wanted, observed } = environment;
  const { publicIpAddress: address, hostKey } = observed ?? {};
  if (statusOf(environment) !== 'started' || name === undefined || !observed || address === undefined || hostKey === undefined)
    return undefined;
  try {
    const { privateKeyFile } = requireKeyPair(files.key, acceptedKeys(wanted), repository);
    const alias = writeConnection(files, { name, repository, address, hostKey, privateKeyFile });
    const workspaceFolder = rememberedFolder(files, observed.instanceId);
    return { sshConfigFile: files.sshConfig, sshCommand: sshCommand(files, name), host: name, address, alias, workspaceFolder };
  } catch (error) {
    if (!(error instanceof RecodeError)) throw error;
    return { sshConfigFile: null, sshCommand: null, workspaceFolder: null, error };
  }
}

/**
 * Writes the files for `ssh -F`, the host key and how to connect, and the host alias.
 *
 * @returns the alias, if there is one
 * @throws RecodeError KeysNotWritable
 */
export function writeConnection(
  files: EnvironmentFolder,
  { hostKey, ...host }: SshTarget & { readonly hostKey: string },
): string | undefined {
  pinHostKey(files.knownHosts, { address: host.address, port: ssh.port, hostKey });
  writeSshConfig(files, host);
  return writeSshAlias(files, host);
}

/** The shortest command that connects to an environment: by its host alias where the person's own configuration includes it. */
export function shortCommand(files: EnvironmentFolder, connection: Pick<Connection, 'sshCommand' | 'alias'>): string | undefined {
  const { sshCommand: command, alias } = connection;
  return alias !== undefined && includesAliases(files.aliases, process.env) ? `ssh ${alias}` : (command ?? undefined);
}
