import { type Environment, statusOf } from '../../core/environment.ts';
import { RecodeError } from '../../core/errors.ts';
import { ssh } from '../../core/names.ts';
import type { EnvironmentFolder } from '../files/environment-folder.ts';
import { sshCommand, writeSshConfig } from './config.ts';
import { requireKeyPair } from './keys.ts';
import { pinHostKey } from './known-hosts.ts';

/** How this machine connects to an environment: with the file for `ssh -F` and the command with it, or why it cannot. */
export type Connection =
  | { readonly sshConfigFile: string; readonly sshCommand: string; readonly error?: undefined }
  | { readonly sshConfigFile: null; readonly sshCommand: null; readonly error: RecodeError };

/**
 * Brings the SSH files of an environment up to date. It may have got its address by a start that this machine did not wait for, or by a
 * teammate's. Returns undefined unless the environment is started, with an address and a host key.
 */
export function prepareConnection(files: EnvironmentFolder, environment: Environment): Connection | undefined {
  const { name, repository, wanted, observed } = environment;
  const { publicIpAddress: address, hostKey } = observed ?? {};
  if (statusOf(environment) !== 'started' || name === undefined || address === undefined || hostKey === undefined) return undefined;
  try {
    const { privateKeyFile } = requireKeyPair(files.key, wanted.publicKey, repository);
    writeConnection(files, { name, repository, address, hostKey, privateKeyFile });
    return { sshConfigFile: files.sshConfig, sshCommand: sshCommand(files, name) };
  } catch (error) {
    if (!(error instanceof RecodeError)) throw error;
    return { sshConfigFile: null, sshCommand: null, error };
  }
}

/** Writes the files for `ssh -F`: the host key, and how to connect. Throws RecodeError KeysNotWritable. */
export function writeConnection(
  files: EnvironmentFolder,
  {
    hostKey,
    ...host
  }: {
    readonly name: string;
    readonly repository: string;
    readonly address: string;
    readonly hostKey: string;
    readonly privateKeyFile: string;
  },
): void {
  pinHostKey(files.knownHosts, { address: host.address, port: ssh.port, hostKey });
  writeSshConfig(files, host);
}
