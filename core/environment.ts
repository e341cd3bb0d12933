import * as v from 'valibot';
import { AutoStop, GivenAutoStop } from './auto-stop.ts';
import { Cidr } from './cidr.ts';
import { RecodeError } from './errors.ts';
import { IdleStop } from './idle-stop.ts';
import { InstanceTypeName } from './instance-type.ts';
import { Keep } from './kept.ts';
import { AddedKey } from './keys.ts';
import { holderOf, Lock } from './lock.ts';
import { PublicKey } from './openssh-key.ts';
import { PastOperation } from './operation.ts';
import { type EnvironmentOperationKind, type EnvironmentRow, operations } from './operations.ts';
import type { EnvironmentStatus } from './status.ts';

/** What was asked for, with the defaults that the first start settles. */
export const EnvironmentRequest = v.object({
  instanceType: v.string(),
  /** GiB. */
  volumeSize: v.number(),
  volumeType: v.picklist(['gp2', 'gp3']),
  /** Canonical IPv4 blocks that may reach SSH. */
  allowCidrs: v.array(v.string()),
  /** The public half of the owner's first key, in OpenSSH's format. Absent after a transfer, until its new owner starts it or adds one. */
  publicKey: v.exactOptional(v.string()),
  /** Absent if nobody chose one: each start then uses the team's default. */
  autoStop: v.exactOptional(AutoStop),
  /** The same. */
  idleStop: v.exactOptional(IdleStop),
  /** From a restore until it is started: its instance is launched from the disk that was kept. */
  restore: v.exactOptional(v.literal(true)),
  /** The instance that is gone, in whose place one with an empty disk may be launched. Until the environment is started. */
  replaces: v.exactOptional(v.string()),
  /** From a restore or a transfer on: keys in home folders let nobody in, because those on the disk are of earlier times, or of a former owner. */
  homeKeys: v.exactOptional(v.literal(false)),
});
export type EnvironmentRequest = v.InferOutput<typeof EnvironmentRequest>;

/** The most blocks that may reach SSH: a security group has room for this many inbound rules. */
export const mostCidrs = 60;

/** The sizes of a root volume in GiB: from the size of Canonical's Ubuntu images to the limit of gp2 and gp3. */
export const volumeSizes = { smallest: 8, largest: 16_384 };

/** What a person asks of a start; an option that was not given is absent. */
export const GivenRequest = v.strictObject({
  instanceType: v.exactOptional(InstanceTypeName),
  volumeSize: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(volumeSizes.smallest), v.maxValue(volumeSizes.largest))),
  volumeType: v.exactOptional(EnvironmentRequest.entries.volumeType),
  allowCidrs: v.exactOptional(v.pipe(v.array(Cidr), v.minLength(1), v.maxLength(mostCidrs))),
  publicKey: PublicKey,
  autoStop: v.exactOptional(GivenAutoStop),
  idleStop: v.exactOptional(IdleStop),
  restore: v.exactOptional(v.literal(true)),
  replaces: v.exactOptional(v.pipe(v.string(), v.regex(/^i-[0-9a-f]{1,32}$/, 'the ID of an instance'))),
});
export type GivenRequest = v.InferOutput<typeof GivenRequest>;

/** What a person asks of an environment that exists. */
export const GivenChanges = v.strictObject({ ...GivenRequest.entries, publicKey: v.exactOptional(PublicKey) });
export type GivenChanges = v.InferOutput<typeof GivenChanges>;

/** An instance as a start or a stop leaves it. */
export const Instance = v.object({
  instanceId: v.string(),
  instanceType: v.string(),
  architecture: v.picklist(['x86_64', 'arm64']),
  /** The public half of the instance's SSH host key. */
  hostKey: v.string(),
});
export type Instance = v.InferOutput<typeof Instance>;

/** What people want of an environment. BeginOperation, PlanStart and FinishOperation write it. */
export const Wanted = v.object({
  ...EnvironmentRequest.entries,
  /** The keys that were added. ChangeKeys writes them, without the lock. */
  moreKeys: v.optional(v.array(AddedKey)),
  power: v.picklist(['on', 'off', 'removed']),
  /** When it is stopped automatically (ISO 8601), from its start to its stop; absent for never. */
  stopAt: v.optional(v.string()),
  /** For how long its disk is kept, once its removal has begun. A later attempt keeps it, too. */
  keep: v.optional(Keep),
});
export type Wanted = v.InferOutput<typeof Wanted>;

/** What EC2 last showed of an environment's instance. Steps write it. */
export const Observed = v.object({
  ...Instance.entries,
  /** Absent if the instance has lost the tag that holds it. */
  hostKey: v.optional(Instance.entries.hostKey),
  /** `gone` if EC2 no longer shows the instance, or shows it as terminated. */
  state: v.picklist(['pending', 'running', 'stopping', 'stopped', 'gone']),
  publicIpAddress: v.optional(v.string()),
  /** When the instance was last started (ISO 8601). Absent in what an older version recorded. */
  launchedAt: v.optional(v.string()),
  /** When EC2 showed this (ISO 8601). */
  at: v.string(),
});
export type Observed = v.InferOutput<typeof Observed>;

/** The record of a development environment: what is wanted, what was observed, and who holds it. Its status follows from these. */
export const Environment = v.object({
  format: v.literal(2),
  /** Different for each environment ever created, even for the same repository. */
  uid: v.string(),
  owner: v.string(),
  repository: v.string(),
  /** Absent until it has claimed one. */
  name: v.optional(v.string()),
  /**
   * From a rename until it is finished: the names that it had, the last one first. Resources may still have them, and their claims are its own.
   * A later rename or start finishes one that died.
   */
  formerNames: v.optional(v.array(v.string())),
  wanted: Wanted,
  /** Absent until EC2 has shown its instance. */
  observed: v.optional(Observed),
  /** From a transfer until it is finished: who gets it. The record of the new owner has the same `uid`, once it is there. */
  transferTo: v.optional(v.string()),
  /** The same in the record of the new owner: who has had it. */
  transferFrom: v.optional(v.string()),
  /** Whether the instance may not have the type and the volume that are wanted yet. The next start then finishes the change. */
  changing: v.optional(v.literal(true)),
  lock: v.optional(Lock),
  lastError: v.optional(v.object({ name: v.string(), message: v.string(), at: v.string() })),
  /** The last operations that held it and have ended, oldest first. */
  lastOperations: v.optional(v.array(PastOperation)),
  /** ISO 8601. */
  createdAt: v.string(),
  updatedAt: v.string(),
});
export type Environment = v.InferOutput<typeof Environment>;

/** What was asked for of an environment's instance. */
export function requestOf({
  wanted: { power: _, stopAt: __, moreKeys: ___, keep: ____, ...request },
}: Pick<Environment, 'wanted'>): EnvironmentRequest {
  return request;
}

/** The attributes of a record that say what the next launch begins with, as far as a request has them. They go once there is an instance. */
export function launchWishes({ restore, replaces }: Pick<EnvironmentRequest, 'restore' | 'replaces'>): string[] {
  return [...(restore ? ['wanted.restore'] : []), ...(replaces === undefined ? [] : ['wanted.replaces'])];
}

/** What a boot of an environment's instance takes from it besides its keys. The idle time may be the team's. */
export function bootSettings(
  { repository, request }: { readonly repository: string; readonly request: Pick<EnvironmentRequest, 'idleStop' | 'homeKeys'> },
  { idleStop }: { readonly idleStop: IdleStop },
): { readonly repository: string; readonly idleStop: IdleStop; readonly homeKeys: boolean } {
  return { repository, idleStop: request.idleStop ?? idleStop, homeKeys: request.homeKeys ?? true };
}

/** The power that an operation asks for; undefined if it asks for none. */
export function powerFor(kind: EnvironmentOperationKind): Wanted['power'] | undefined {
  return powers[operations[kind].ends];
}

const powers = { started: 'on', stopped: 'off', renamed: undefined, transferred: 'off', removed: 'removed' } as const;

interface Named {
  readonly name?: string | undefined;
  readonly formerNames?: readonly string[] | undefined;
}

/** Every name of an environment: its resources and its claims have one of them. */
export function namesOf({ name, formerNames = [] }: Named): readonly string[] {
  return name === undefined ? [] : [name, ...formerNames];
}

/** Computes the status of an environment, which no record holds. Without the lock, it is the status that an operation finds. */
export function statusOf({ wanted, observed, lock }: Pick<Environment, 'wanted' | 'observed' | 'lock'>): EnvironmentStatus {
  const holder = holderOf({ lock });
  const held = holder && operations[holder.kind];
  const row: EnvironmentRow | undefined = held?.on === 'environment' ? held : undefined;
  if (wanted.power === 'removed' || row?.ends === 'removed') return 'removing';
  if (!observed) return 'creating';
  return row?.during ?? statusOfState[observed.state];
}

const statusOfState: Record<Observed['state'], EnvironmentStatus> = {
  pending: 'starting',
  running: 'started',
  stopping: 'stopping',
  stopped: 'stopped',
  gone: 'gone',
};

/**
 * Refuses an operation on an environment whose status does not allow it.
 *
 * @throws RecodeError EnvironmentBeingRemoved when its removal began and failed, EnvironmentNotFinished when there is nothing to stop yet
 */
export function refuseFrom(status: EnvironmentStatus, kind: EnvironmentOperationKind, repository: string): void {
  const { from }: { from: readonly EnvironmentStatus[] } = operations[kind];
  if (from.includes(status)) return;
  if (status === 'removing') {
    throw new RecodeError('EnvironmentBeingRemoved', `The removal of ${repository} started, but did not finish.`);
  }
  throw new RecodeError('EnvironmentNotFinished', `The environment ${repository} is ${status}: its first start failed.`);
}

/** The two owners of a transfer that is not finished. */
export const Transfer = v.object({ repository: v.string(), from: v.string(), to: v.string() });
export type Transfer = v.InferOutput<typeof Transfer>;

/** The transfer that an environment is in until it is finished; undefined if it is in none. Either record of it tells. */
export function transferOf({
  owner,
  repository,
  transferTo,
  transferFrom,
}: Pick<Environment, 'owner' | 'repository' | 'transferTo' | 'transferFrom'>): Transfer | undefined {
  if (transferTo !== undefined) return { repository, from: owner, to: transferTo };
  return transferFrom === undefined ? undefined : { repository, from: transferFrom, to: owner };
}

/** Refuses anything but its transfer of an environment that is in one. Throws RecodeError TransferNotFinished with the data `Transfer`. */
export function refuseInTransfer(environment: Environment): void {
  const transfer = transferOf(environment);
  if (transfer) throw transferNotFinished(transfer);
}

/** The refusal of anything else while a transfer is not finished. */
export const transferNotFinished = (transfer: Transfer): RecodeError =>
  new RecodeError('TransferNotFinished', `The transfer of ${transfer.repository} from ${transfer.from} to ${transfer.to} did not finish.`, {
    data: transfer,
  });

/** The refusal of what needs a key where an environment accepts none. */
export const noAcceptedKey = ({ owner, repository }: Pick<Environment, 'owner' | 'repository'>): RecodeError =>
  new RecodeError('NoAcceptedKey', `${repository} accepts no SSH key yet: ${owner} has not started it since it was transferred.`);

/**
 * What is wanted of an environment that accepts a key.
 *
 * @throws RecodeError NoAcceptedKey
 */
export function keyed<Request extends { readonly publicKey?: string }>(
  request: Request,
  subject: Pick<Environment, 'owner' | 'repository'>,
): Request & { readonly publicKey: string } {
  const { publicKey } = request;
  if (publicKey === undefined) throw noAcceptedKey(subject);
  return { ...request, publicKey };
}

/**
 * Whether an instance may be launched in place of one that is gone: from a disk that was kept, or with an empty one if a person has agreed to
 * that.
 */
export function isReplaceable(lost: string, { restore, replaces }: Pick<EnvironmentRequest, 'restore' | 'replaces'>): boolean {
  return restore === true || replaces === lost;
}

/**
 * Refuses to launch an instance with an empty disk in place of one that is gone, without anybody who has agreed to that.
 *
 * @throws RecodeError InstanceGone
 */
export function refuseEmptyDisk(repository: string, lost: string, request: Pick<EnvironmentRequest, 'restore' | 'replaces'>): void {
  if (isReplaceable(lost, request)) return;
  const message = `The instance ${lost} of ${repository} was terminated outside Recode. A new instance has an empty disk.`;
  throw new RecodeError('InstanceGone', message);
}

/** The refusal of anything about an environment that is not there. */
export const environmentNotFound = ({ owner, repository }: Pick<Environment, 'owner' | 'repository'>): RecodeError =>
  new RecodeError('EnvironmentNotFound', `${owner} has no environment for ${repository}.`);

/**
 * The record of an environment, for a change that takes no lock.
 *
 * @throws RecodeError EnvironmentNotFound, EnvironmentBeingRemoved, TransferNotFinished
 */
export function requireChangeable(environment: Environment | undefined, subject: Pick<Environment, 'owner' | 'repository'>): Environment {
  if (!environment) throw environmentNotFound(subject);
  refuseInTransfer(environment);
  if (environment.wanted.power !== 'removed') return environment;
  throw new RecodeError('EnvironmentBeingRemoved', `The removal of ${subject.repository} has started.`);
}

// A longer list is not read to its end.
const mostNamed = 20;

/** The refusal of a restore where there is an environment. */
export const environmentExists = ({ owner, repository }: Pick<Environment, 'owner' | 'repository'>): RecodeError =>
  new RecodeError('EnvironmentExists', `${owner} has an environment for ${repository}.`);

/** The refusal of a transfer to somebody who has an environment of the repository. An owner has one. */
export const newOwnerHasEnvironment = ({ owner, repository }: Pick<Environment, 'owner' | 'repository'>): RecodeError =>
  new RecodeError('NewOwnerHasEnvironment', `${owner} has an environment for ${repository}, and nobody can have two.`);

/** The refusal of an uninstall while there are environments, naming them with their owners. */
export function environmentsStillExist(environments: readonly Pick<Environment, 'owner' | 'repository'>[]): RecodeError {
  const named = environments.slice(0, mostNamed).map(({ repository, owner }) => `${repository} of ${owner}`);
  const more = environments.length > mostNamed ? [`${environments.length - mostNamed} more`] : [];
  return new RecodeError('EnvironmentsStillExist', `Environments still exist in this region: ${[...named, ...more].join(', ')}.`);
}
