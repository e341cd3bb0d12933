import * as v from 'valibot';
import { AutoStop, GivenAutoStop } from './auto-stop.ts';
import { Cidr } from './cidr.ts';
import { RecodeError } from './errors.ts';
import { InstanceTypeName } from './instance-type.ts';
import { PublicKey, sameKey } from './openssh-key.ts';
import { Operation } from './operation.ts';
import { type EnvironmentOperationKind, operations } from './operations.ts';
import type { EnvironmentStatus } from './status.ts';

/** What was asked for, with the defaults applied that are settled at the first start. */
export const EnvironmentRequest = v.object({
  instanceType: v.string(),
  /** GiB. */
  volumeSize: v.number(),
  volumeType: v.picklist(['gp2', 'gp3']),
  /** Canonical IPv4 blocks that may reach SSH. */
  allowCidrs: v.array(v.string()),
  /** The public half of the user's key, in OpenSSH's format. */
  publicKey: v.string(),
  /** Absent where nothing was asked: then the team's default counts, as it is at each start. */
  autoStop: v.exactOptional(AutoStop),
});
export type EnvironmentRequest = v.InferOutput<typeof EnvironmentRequest>;

/** How many blocks may reach SSH: the inbound rules that a security group has room for. */
export const mostCidrs = 60;

/** How large a root volume may be, in GiB: at least what Canonical's Ubuntu images hold, at most what gp2 and gp3 do. */
export const volumeSizes = { smallest: 8, largest: 16_384 };

/** What a person asks of a start; an option that was not given is absent. */
export const GivenRequest = v.strictObject({
  instanceType: v.exactOptional(InstanceTypeName),
  volumeSize: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(volumeSizes.smallest), v.maxValue(volumeSizes.largest))),
  volumeType: v.exactOptional(EnvironmentRequest.entries.volumeType),
  allowCidrs: v.exactOptional(v.pipe(v.array(Cidr), v.minLength(1), v.maxLength(mostCidrs))),
  publicKey: PublicKey,
  autoStop: v.exactOptional(GivenAutoStop),
});
export type GivenRequest = v.InferOutput<typeof GivenRequest>;

export const Instance = v.object({
  instanceId: v.string(),
  instanceType: v.string(),
  architecture: v.picklist(['x86_64', 'arm64']),
  /** The public half of the instance's SSH host key. */
  hostKey: v.string(),
});
export type Instance = v.InferOutput<typeof Instance>;

const common = {
  /** Another one for each environment ever made, even of the same repository. */
  uid: v.string(),
  owner: v.string(),
  repository: v.string(),
  request: EnvironmentRequest,
  operation: v.optional(Operation),
  /** When it is stopped by itself (ISO 8601), from its start to its stop; absent for never. */
  stopAt: v.optional(v.string()),
  /** Nobody takes the environment before (milliseconds since the epoch): Lambdas of a failed execution may still be at work. */
  quietUntil: v.optional(v.number()),
  lastError: v.optional(v.object({ name: v.string(), message: v.string(), at: v.string() })),
  /** ISO 8601. */
  createdAt: v.string(),
  updatedAt: v.string(),
};

/** A development environment as the table records it. */
export const Environment = v.variant('status', [
  /** It has a name from the moment that it has claimed one, and an instance from the moment that it runs. */
  v.object({ ...common, status: v.literal('creating'), name: v.optional(v.string()) }),
  v.object({ ...common, status: v.literal('starting'), name: v.string(), instance: Instance }),
  v.object({ ...common, status: v.literal('started'), name: v.string(), instance: Instance, publicIpAddress: v.string() }),
  v.object({ ...common, status: v.literal('stopping'), name: v.string(), instance: Instance }),
  v.object({ ...common, status: v.literal('stopped'), name: v.string(), instance: Instance }),
  v.object({ ...common, status: v.literal('removing'), name: v.optional(v.string()), instance: v.optional(Instance) }),
]);
export type Environment = v.InferOutput<typeof Environment>;

/**
 * The status that an environment has while an operation is at work on it.
 *
 * @throws RecodeError EnvironmentBeingRemoved when its removal began and failed, EnvironmentNotFinished when there is nothing to stop yet
 */
export function statusDuring(kind: EnvironmentOperationKind, { repository, status }: Environment): EnvironmentStatus {
  const { from, during }: { from: readonly EnvironmentStatus[]; during: EnvironmentStatus } = operations[kind];
  if (from.includes(status)) return status === 'creating' && during === 'starting' ? status : during;
  if (status === 'removing') {
    throw new RecodeError('EnvironmentBeingRemoved', `The removal of ${repository} started, but did not finish.`);
  }
  throw new RecodeError('EnvironmentNotFinished', `The environment ${repository} is ${status}: its first start failed.`);
}

// The longest list that a person reads to its end.
const mostNamed = 20;

/** The refusal of an uninstall while there are environments, naming them with their owners. */
export function environmentsStillExist(environments: readonly Pick<Environment, 'owner' | 'repository'>[]): RecodeError {
  const named = environments.slice(0, mostNamed).map(({ repository, owner }) => `${repository} of ${owner}`);
  const more = environments.length > mostNamed ? [`${environments.length - mostNamed} more`] : [];
  return new RecodeError('EnvironmentsStillExist', `Environments still exist in this region: ${[...named, ...more].join(', ')}.`);
}

/** The options that an instance is launched with. Who may reach SSH and when it stops may change at each start. */
type GivenOptions = Omit<GivenRequest, 'publicKey' | 'allowCidrs' | 'autoStop'>;

const optionNames: Record<keyof GivenOptions, string> = {
  instanceType: '--instance-type',
  volumeSize: '--volume-size',
  volumeType: '--volume-type',
};

/**
 * Refuses what an environment cannot become any more, because it has an instance already.
 *
 * @throws RecodeError OptionDiffers naming both values, or PrivateKeyNotHere for another key
 */
export function refuseOtherRequest(repository: string, existing: EnvironmentRequest, given: GivenRequest): void {
  for (const key of Object.keys(optionNames) as (keyof GivenOptions)[]) {
    const wanted = given[key];
    if (wanted === undefined || wanted === existing[key]) continue;
    throw new RecodeError(
      'OptionDiffers',
      `The environment ${repository} exists with ${optionNames[key]} ${existing[key]}, not ${wanted}.`,
    );
  }
  if (!sameKey(existing.publicKey, given.publicKey)) {
    throw new RecodeError('PrivateKeyNotHere', `${repository} accepts a different SSH key than this machine's.`);
  }
}
