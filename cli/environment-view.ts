import { autoStopText } from '../core/auto-stop.ts';
import { type CostUnknown, costOf, type Prices } from '../core/cost.ts';
import { type Environment, statusOf } from '../core/environment.ts';
import { isRefusal } from '../core/errors.ts';
import { idleStopText } from '../core/idle-stop.ts';
import { holderOf } from '../core/lock.ts';
import { ssh } from '../core/names.ts';
import type { Operation } from '../core/operation.ts';
import { operations } from '../core/operations.ts';
import type { Currency } from '../core/prices.ts';
import type { EnvironmentStatus } from '../core/status.ts';
import type { Connection } from './ssh/connection.ts';

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
  /** Where its repository is on the instance; null unless it is started and a command on this machine has seen it there. */
  readonly workspaceFolder: string | null;
  /** IPv4 blocks that may reach SSH. */
  readonly allowCidrs: readonly string[] | null;
  /** As the option --auto-stop takes it; null for the team's default. */
  readonly autoStop: string | null;
  /** As the option --idle-stop takes it; null for the team's default. */
  readonly idleStop: string | null;
  /** When it stops automatically (ISO 8601); null for never, and while it is not started. */
  readonly stopAt: string | null;
  /** Since when it runs (ISO 8601); null while it is not started, and if its last start was one of an older version. */
  readonly startedAt: string | null;
  /** When it was noticed that its instance was terminated outside Recode (ISO 8601); null unless it is gone. */
  readonly goneSince: string | null;
  /** What an hour costs while it runs, and what this month costs as it is now; null if that is not known. See core/cost.ts. */
  readonly costPerHour: number | null;
  readonly monthEstimate: number | null;
  /** Of both. */
  readonly currency: Currency | null;
  /** Why one of them is null. */
  readonly costUnknown: CostUnknown | null;
  /** Whether this command has created the environment, and whether it has changed its status. */
  readonly created: boolean;
  readonly changed: boolean;
  /** Of the operation that this command has followed, or else of the one that holds the environment. */
  readonly executionArn: string | null;
  readonly operation: Pick<Operation, 'kind' | 'owner' | 'startedAt'> | null;
  readonly lastError: NonNullable<Environment['lastError']> | null;
  /** Who gets it, or has had it, by a transfer that is not finished. */
  readonly transferTo: string | null;
  readonly transferFrom: string | null;
  /** ISO 8601. */
  readonly createdAt: string | null;
  readonly updatedAt: string | null;
}

/** The view of an environment that has a record. */
export type RecordedView = EnvironmentView & { readonly createdAt: string; readonly updatedAt: string };

/**
 * What to show of an environment as recorded.
 *
 * @param connection how this machine connects to it, if that is to be shown
 * @param prices those of its region, if costs are to be shown
 */
export function viewOf(environment: Environment, connection?: Connection, prices?: Prices, now = Date.now()): RecordedView {
  const { repository, owner, name, wanted, observed, lastError, transferTo, transferFrom, createdAt, updatedAt } = environment;
  const status = statusOf(environment);
  const operation = holderOf(environment);
  const address = status === 'started' ? observed?.publicIpAddress : undefined;
  return {
    ...unknownView({ repository, owner }),
    name: name ?? null,
    status,
    instanceId: observed?.instanceId ?? null,
    instanceType: observed?.instanceType ?? wanted.instanceType,
    volumeSizeGiB: wanted.volumeSize,
    volumeType: wanted.volumeType,
    ...(status === 'started' && { stopAt: wanted.stopAt ?? null, startedAt: observed?.launchedAt ?? null }),
    ...(status === 'gone' && { goneSince: observed?.at ?? null }),
    ...(prices && costsOf(environment, prices, now)),
    ...(address !== undefined && { publicIpAddress: address, host: address, port: ssh.port, user: ssh.user }),
    sshConfigFile: connection?.sshConfigFile ?? null,
    sshCommand: connection?.sshCommand ?? null,
    workspaceFolder: connection?.workspaceFolder ?? null,
    allowCidrs: wanted.allowCidrs,
    autoStop: wanted.autoStop ? autoStopText(wanted.autoStop) : null,
    idleStop: wanted.idleStop === undefined ? null : idleStopText(wanted.idleStop),
    executionArn: operation?.executionArn ?? null,
    operation: operation ? { kind: operation.kind, owner: operation.owner, startedAt: operation.startedAt } : null,
    lastError: lastError ?? null,
    transferTo: transferTo ?? null,
    transferFrom: transferFrom ?? null,
    createdAt,
    updatedAt,
  };
}

/** An environment that has no record: what is known is whose it is. */
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
    workspaceFolder: null,
    allowCidrs: null,
    autoStop: null,
    idleStop: null,
    stopAt: null,
    startedAt: null,
    goneSince: null,
    costPerHour: null,
    monthEstimate: null,
    currency: null,
    costUnknown: null,
    created: false,
    changed: false,
    executionArn: null,
    operation: null,
    lastError: null,
    transferTo: null,
    transferFrom: null,
    createdAt: null,
    updatedAt: null,
  };
}

/**
 * The status for people: it tells a restart from a start, and also says that the last operation failed, unless that left a started or stopped
 * environment as it was.
 */
export function statusWords({ status, operation, lastError }: Pick<EnvironmentView, 'status' | 'operation' | 'lastError'>): string {
  if (status === null) return 'unknown';
  // For programs it is starting or stopping, which these lead to. For people that would be odd.
  if (operation?.kind === 'restart' || operation?.kind === 'move' || operation?.kind === 'transfer')
    return operations[operation.kind].doing;
  const resting = status === 'started' || status === 'stopped';
  const failed = lastError && !operation && status !== 'gone' && !(resting && isRefusal(lastError.name));
  return failed ? `${status} (failed)` : status;
}

function costsOf(environment: Environment, prices: Prices, now: number) {
  const { hour, month, unknown } = costOf(environment, prices, now);
  return { costPerHour: rounded(hour), monthEstimate: rounded(month), currency: prices.currency, costUnknown: unknown };
}

/** An amount as a program reads it: no digits that only the way of computing has. */
const rounded = (amount: number | null) => (amount === null ? null : Number(amount.toFixed(4)));
