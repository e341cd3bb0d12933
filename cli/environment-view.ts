import type { Environment } from '../core/environment.ts';
import { RecodeError } from '../core/errors.ts';
import { ssh } from '../core/names.ts';
import type { Operation } from '../core/operation.ts';
import type { Account } from './account.ts';
import { sshCommand, writeSshConfig } from './ssh/config.ts';
import { type EnvironmentFolder, environmentFolder } from './ssh/folder.ts';
import { readKeyPair } from './ssh/keys.ts';
import { pinHostKey } from './ssh/known-hosts.ts';

/** An environment as "list" and "status" print it with --json: the fields of a start's JSON, and what its record says besides. */
export interface EnvironmentView {
  readonly repository: string;
  readonly owner: string;
  readonly name: string | null;
  readonly status: Environment['status'];
  readonly instanceId: string | null;
  readonly instanceType: string;
  readonly publicIpAddress: string | null;
  /** When it stops by itself (ISO 8601); null for never, and while it is not started. */
  readonly stopAt: string | null;
  /** Null while it is not started, and where this machine does not have its key. */
  readonly sshCommand: string | null;
  /** Of the operation that holds it. */
  readonly executionArn: string | null;
  /** Always false: neither command makes one. */
  readonly created: false;
  readonly operation: Pick<Operation, 'kind' | 'owner' | 'startedAt'> | null;
  readonly lastError: NonNullable<Environment['lastError']> | null;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** What to show of an environment as recorded. The files that its command to connect needs are brought up to date. */
export function viewOf(account: Account, environment: Environment): EnvironmentView {
  const { repository, owner, name, status, request, operation, lastError, createdAt, updatedAt } = environment;
  const instance = 'instance' in environment ? environment.instance : undefined;
  const started = environment.status === 'started' ? environment : undefined;
  const files = environmentFolder({ ...account, owner, repository }, process.env);
  return {
    repository,
    owner,
    name: name ?? null,
    status,
    instanceId: instance?.instanceId ?? null,
    instanceType: instance?.instanceType ?? request.instanceType,
    publicIpAddress: started?.publicIpAddress ?? null,
    stopAt: started?.stopAt ?? null,
    sshCommand: started ? commandFor(files, started) : null,
    executionArn: operation?.executionArn ?? null,
    created: false,
    operation: operation ? { kind: operation.kind, owner: operation.owner, startedAt: operation.startedAt } : null,
    lastError: lastError ?? null,
    createdAt,
    updatedAt,
  };
}

/** Nobody may have connected from this machine since the environment got its address: by a start that was not waited for, or a teammate's. */
function commandFor(files: EnvironmentFolder, environment: Environment & { readonly status: 'started' }): string | null {
  const { name, repository, publicIpAddress: address, instance, request } = environment;
  try {
    const keyPair = readKeyPair(files.key, request.publicKey);
    if (!keyPair) return null;
    pinHostKey(files.knownHosts, { address, port: ssh.port, hostKey: instance.hostKey });
    writeSshConfig(files, { name, repository, address, privateKeyFile: keyPair.privateKeyFile });
    return sshCommand(files, name);
  } catch (error) {
    // A start says what is the matter with the files; what is recorded can be shown without them.
    if (error instanceof RecodeError) return null;
    throw error;
  }
}

/** The status for people: what an operation left behind that failed is no state to wait in. */
export function statusWords({ status, operation, lastError }: EnvironmentView): string {
  const resting = status === 'started' || status === 'stopped';
  return resting || operation || !lastError ? status : `${status} (failed)`;
}
