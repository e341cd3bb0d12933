import type { StartOutput } from '../../core/document.ts';
import { type Environment, keyed } from '../../core/environment.ts';
import { acceptedKeys } from '../../core/keys.ts';
import { type OpenedEnvironment, requireRecord } from '../environment.ts';
import type { Session } from '../execution/session.ts';
import { addressNotAllowed } from '../own-address.ts';
import { requireUnlocked } from './agent.ts';
import { sshCommand } from './config.ts';
import { checkConnection } from './connect.ts';
import { writeConnection } from './connection.ts';
import type { FirstContact } from './first-contact.ts';
import { type KeyPair, requireKeyPair } from './keys.ts';

/**
 * This machine's key pair for an environment, which ssh can use without asking.
 *
 * @param record the environment, if it has been read just now
 * @throws RecodeError PrivateKeyNotHere, PrivateKeyLocked, EnvironmentNotFound, NoAcceptedKey
 */
export async function usableKeyPair(environment: OpenedEnvironment, record?: Environment): Promise<KeyPair> {
  const { files, subject } = environment;
  const { wanted } = record ?? (await requireRecord(environment));
  const keyPair = requireKeyPair(files.key, acceptedKeys(keyed(wanted, subject)), subject.repository);
  await requireUnlocked(keyPair);
  return keyPair;
}

/**
 * Writes the files for ssh of an environment that has been started.
 *
 * @returns its host alias, if there is one
 * @throws RecodeError KeysNotWritable
 */
export function saveConnection(
  { files }: OpenedEnvironment,
  started: Pick<StartOutput, 'name' | 'repository' | 'publicIpAddress' | 'hostKey'>,
  { privateKeyFile }: KeyPair,
): string | undefined {
  const { name, repository, publicIpAddress: address, hostKey } = started;
  return writeConnection(files, { name, repository, address, hostKey, privateKeyFile });
}

/**
 * Waits until the instance of a started environment lets this machine in, by the files for ssh.
 *
 * @param contact what this machine has found out while the operation ran
 * @returns the command that connects
 * @throws RecodeError those of cli/ssh/connect.ts
 */
export async function proveConnection(
  { files, account }: OpenedEnvironment,
  started: StartOutput,
  { view, execution }: Session,
  contact?: FirstContact,
): Promise<string> {
  const { name, publicIpAddress: address, allowCidrs = [] } = started;
  const command = sshCommand(files, name);
  execution.connect = command;
  await view.during('Checking the SSH connection', async () => {
    if (await contact?.proves(started)) return;
    const wrongAddress = addressNotAllowed(allowCidrs, account.options, process.env);
    await checkConnection({ sshConfig: files.sshConfig, name, address }, { wrongAddress, say: (text: string) => view.say(text) });
  });
  return command;
}
