import { autoStopText } from '../core/auto-stop.ts';
import { type Environment, statusOf } from '../core/environment.ts';
import { isRefusal, RecodeError } from '../core/errors.ts';
import { holderOf } from '../core/lock.ts';
import { ssh } from '../core/names.ts';
import type { Operation } from '../core/operation.ts';
import type { EnvironmentStatus } from '../core/status.ts';
import type { Account } from './account.ts';
import { findRecord, type OpenedEnvironment } from './environment.ts';
import { sshCommand, writeSshConfig } from './ssh/config.ts';
import { type EnvironmentFolder, environmentFolder } from './ssh/folder.ts';
import { readKeyPair } from './ssh/keys.ts';
import { pinHostKey } from './ssh/known-hosts.ts';

/** An environment as every command prints it with --json. What is not known, or not there, is null. */
export interface EnvironmentView {
  readonly repository: string;
  readonly owner: string;
  readonly name: string | null;
  readonly status: EnvironmentStatus | 'removed' | null;
  readonly instanceId: string | null;
  readonly instanceType: string | null;
  readonly volumeSizeGiB: number | null;
  readonly volumeType: string | null;
  readonly publicIpAddress: string | null;
  /** Where SSH is, and for whom; null unless it is started. */
  readonly host: string | null;
  readonly port: number | null;
  readonly user: string | null;
  /** The file for `ssh -F`, and the command with it; null unless it is started and this machine has its key. */
  readonly sshConfigFile: string | null;
  readonly sshCommand: string | null;
  /** IPv4 blocks that may reach SSH. */
  readonly allowCidrs: readonly string[] | null;
  /** As the option --auto-stop takes it; null for the team's default. */
  readonly autoStop: string | null;
  /** When it stops automatically (ISO 8601); null for never, and while it is not started. */
  readonly stopAt: string | null;
  /** Whether this command has created the environment, and whether it has changed its status. */
  readonly created: boolean;
  readonly changed: boolean;
  /** Of the operation that this command has followed, or else of the one that holds the environment. */
  readonly executionArn: string | null;
  readonly operation: Pick<Operation, 'kind' | 'owner' | 'startedAt'> | null;
  readonly lastError: NonNullable<Environment['lastError']> | null;
  /** ISO 8601. */
  readonly createdAt: string | null;
  readonly updatedAt: string | null;
}

/** What to show of an environment as recorded. The files that its command to connect needs are brought up to date. */
export function viewOf(
  account: Account,
  environment: Environment,
): EnvironmentView & { readonly createdAt: string; readonly updatedAt: string } {
  const { repository, owner, name, wanted, observed, lastError, createdAt, updatedAt } = environment;
  const status = statusOf(environment);
  const operation = holderOf(environment);
  const files = environmentFolder({ ...account, owner, repository }, process.env);
  return {
    ...unknownView({ repository, owner }),
    name: name ?? null,
    status,
    instanceId: observed?.instanceId ?? null,
    instanceType: observed?.instanceType ?? wanted.instanceType,
    volumeSizeGiB: wanted.volumeSize,
    volumeType: wanted.volumeType,
    ...(status === 'started' && { stopAt: wanted.stopAt ?? null, ...connectionOf(files, environment) }),
    allowCidrs: wanted.allowCidrs,
    autoStop: wanted.autoStop ? autoStopText(wanted.autoStop) : null,
    executionArn: operation?.executionArn ?? null,
    operation: operation ? { kind: operation.kind, owner: operation.owner, startedAt: operation.startedAt } : null,
    lastError: lastError ?? null,
    createdAt,
    updatedAt,
  };
}

/** An environment of which nothing is known, or nothing is left, but whose it was. */
export function unknownView({ repository, owner }: Pick<EnvironmentView, 'repository' | 'owner'>): EnvironmentView {
  return {
    repository,
    owner,
    name: null,
    status: null,
    instanceId: null,
    instanceType: null,
    volumeSizeGiB: null,
    volumeType: null,
    publicIpAddress: null,
    host: null,
    port: null,
    user: null,
    sshConfigFile: null,
    sshCommand: null,
    allowCidrs: null,
    autoStop: null,
    stopAt: null,
    created: false,
    changed: false,
    executionArn: null,
    operation: null,
    lastError: null,
    createdAt: null,
    updatedAt: null,
  };
}

/** An environment as its operation has left it: what its record says, and what its execution has said. */
export async function viewAfter(opened: OpenedEnvironment, result: Partial<EnvironmentView>): Promise<EnvironmentView> {
  const record = await findRecord(opened);
  return { ...(record ? viewOf(opened.account, record) : unknownView(opened.subject)), ...result };
}

type Connection = Pick<EnvironmentView, 'publicIpAddress' | 'host' | 'port' | 'user' | 'sshConfigFile' | 'sshCommand'>;

/** Nothing of a started environment that has no address. */
function connectionOf(files: EnvironmentFolder, environment: Environment): Partial<Connection> {
  const address = environment.observed?.publicIpAddress;
  if (address === undefined) return {};
  const sshCommand = commandFor(files, environment, address);
  const sshConfigFile = sshCommand === null ? null : files.sshConfig;
  return { publicIpAddress: address, host: address, port: ssh.port, user: ssh.user, sshConfigFile, sshCommand };
}

/** Nobody may have connected from this machine since the environment got its address: by a start that was not waited for, or a teammate's. */
function commandFor(files: EnvironmentFolder, { name, repository, observed, wanted }: Environment, address: string): string | null {
  const hostKey = observed?.hostKey;
  if (name === undefined || hostKey === undefined) return null;
  try {
    const keyPair = readKeyPair(files.key, wanted.publicKey);
    if (!keyPair) return null;
    pinHostKey(files.knownHosts, { address, port: ssh.port, hostKey });
    writeSshConfig(files, { name, repository, address, privateKeyFile: keyPair.privateKeyFile });
    return sshCommand(files, name);
  } catch (error) {
    // A start says what is the matter with the files; what is recorded can be shown without them.
    if (error instanceof RecodeError) return null;
    throw error;
  }
}

/** The status for people: it also says that the last operation has failed, unless that did not matter to an environment that rests. */
export function statusWords({ status, operation, lastError }: Pick<EnvironmentView, 'status' | 'operation' | 'lastError'>): string {
  if (status === null) return 'unknown';
  const resting = status === 'started' || status === 'stopped';
  const failed = lastError && !operation && status !== 'gone' && !(resting && isRefusal(lastError.name));
  return failed ? `${status} (failed)` : status;
}
