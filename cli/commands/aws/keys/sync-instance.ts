import { type Environment, refuseFrom, statusOf } from '../../../../core/environment.ts';
import { RecodeError } from '../../../../core/errors.ts';
import { withoutComment } from '../../../../core/instance/keys.ts';
import { acceptedKeys } from '../../../../core/keys.ts';
import { holderOf } from '../../../../core/lock.ts';
import { type OpenedEnvironment, requireRecord } from '../../../environment.ts';
import { statusWords, viewOf } from '../../../environment-view.ts';
import { withAge } from '../../../execution/in-progress.ts';
import type { Session } from '../../../execution/session.ts';
import { line } from '../../../output.ts';
import { checkConnection } from '../../../ssh/connect.ts';
import { prepareConnection } from '../../../ssh/connection.ts';
import { usableKeyPair } from '../../../ssh/first-connection.ts';
import { replaceInstanceKeys } from '../../../ssh/instance-keys.ts';

/** What a sync has changed on an instance: public keys without comments. */
export interface Synced {
  /** What is recorded now, and what the instance accepts. */
  readonly record: Environment;
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

// The instance runs already: there is no boot to wait for.
const patience = { total: 10_000, pause: 1_000, withWrongAddress: 10_000 };

/**
 * Makes the running instance of an environment accept the recorded keys, with this machine's key.
 *
 * @throws RecodeError NoStartedInstance, EnvironmentBeingRemoved, OperationInProgress, PrivateKeyNotHere, PrivateKeyLocked, those of
 *   cli/ssh/connect.ts and of cli/ssh/instance-keys.ts
 */
export async function syncInstance(environment: OpenedEnvironment, recorded: Environment, { view }: Session): Promise<Synced> {
  let record = recorded;
  let first: readonly string[] | undefined;
  for (;;) {
    const host = await hostOf(environment, record);
    const keys = acceptedKeys(record.wanted).map(withoutComment);
    if (!first) await view.during('Checking the SSH connection', () => checkConnection(host, undefined, patience));
    const before = await view.during('Replacing the keys on the instance', () => replaceInstanceKeys(host, keys));
    first ??= before;
    // Keys change without a lock. Who reads the record last has to write last.
    record = await requireRecord(environment);
    const now = acceptedKeys(record.wanted).map(withoutComment);
    if (keys.join() !== now.join()) continue;
    return { record, added: without(keys, first), removed: without(first, keys) };
  }
}

const without = (keys: readonly string[], others: readonly string[]) => keys.filter((key) => !others.includes(key));

/** How to connect to an instance that accepts a key of this machine, which is a recorded one: so it never locks this machine out. */
async function hostOf(environment: OpenedEnvironment, record: Environment) {
  const { account, files, subject } = environment;
  const { repository } = subject;
  const holder = holderOf(record);
  if (holder) {
    const data = { subject: `the environment ${repository}`, operation: holder };
    throw withAge(new RecodeError('OperationInProgress', `A ${holder.kind} is running.`, { data }), account.owner);
  }
  const status = statusOf(record);
  if (status === 'removing') refuseFrom(status, 'start', repository);
  if (status === 'started') await usableKeyPair(environment, record);
  const connection = prepareConnection(files, record);
  if (connection?.error) throw connection.error;
  if (connection) return { sshConfig: connection.sshConfigFile, name: connection.host, address: connection.address };
  const state = status === 'started' ? 'without an address' : statusWords(viewOf(record));
  throw new RecodeError('NoStartedInstance', line`${repository} is ${state}.`);
}
