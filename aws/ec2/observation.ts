import type { Instance } from '@aws-sdk/client-ec2';
import type { Environment, Observed } from '../../core/environment.ts';
import { type StopSettings, stopTimeOf } from '../../core/next-stop.ts';
import { decideStart, failedToLaunch, type InstanceState } from '../../core/plan.ts';
import { tagKey } from '../../core/tags.ts';
import type { Change } from '../records/hold/table.ts';
import { explained } from './resources.ts';

/**
 * What a record takes over of an environment's instances, as EC2 shows them: the one that serves it, or that the recorded one is gone.
 * When that was noticed first stays. One that never ran is forgotten: nothing is lost with it.
 *
 * @param recorded the instance that the record has: whether it says already that it is gone, and whether EC2 has ended it before it ran
 * @param at when EC2 showed them (ISO 8601)
 */
export function observation(
  instances: readonly Instance[],
  recorded: { readonly gone: boolean; readonly neverRan: boolean } | undefined,
  at: string,
): Change {
  const observed = observedIn(instances, at);
  if (observed) return { set: { observed } };
  if (recorded?.neverRan) return { set: {}, remove: ['observed'] };
  if (recorded && !recorded.gone)
    return { set: { 'observed.state': 'gone' satisfies Observed['state'], 'observed.at': at }, remove: ['observed.publicIpAddress'] };
  return { set: {} };
}

/**
 * The same where no operation goes on with the instance: one that runs gets a time to stop, one that does not loses it.
 *
 * @param at when EC2 showed them (ISO 8601)
 */
export function lastObservation(
  instances: readonly Instance[],
  { observed, wanted }: Pick<Environment, 'observed' | 'wanted'>,
  { at, settings }: { readonly at: string; readonly settings: StopSettings },
): Change {
  // A launch from a kept disk has something to go on with, whatever became of the one before.
  const neverRan = !wanted.restore && observed?.state === 'pending' && hasFailedToLaunch(instances, observed.instanceId);
  const seen = observation(instances, observed && { gone: observed.state === 'gone', neverRan }, at);
  const state = observedIn(instances, at)?.state ?? 'gone';
  const stopAt = stopTimeOf(state, wanted, { ...settings, at });
  const { set, remove = [] } = seen;
  return stopAt === undefined ? { set, remove: [...remove, 'wanted.stopAt'] } : { set: { ...set, 'wanted.stopAt': stopAt }, remove };
}

/** Whether EC2 shows that it could not launch an instance. Of one that a record has seen running, or stopped, that is not to be asked. */
export function hasFailedToLaunch(instances: readonly Instance[], instanceId: string): boolean {
  return instances.some((instance) => instance.InstanceId === instanceId && failedToLaunch(explained(instance)));
}

/** Whether the record of an environment has what EC2 shows of its live instances. */
export function isRecorded(instances: readonly Instance[], { observed }: Pick<Environment, 'observed'>): boolean {
  const serving = servingInstance(instances);
  if (!serving) return observed === undefined || observed.state === 'gone';
  const { InstanceId, State, PublicIpAddress } = serving;
  return observed?.instanceId === InstanceId && observed?.state === State?.Name && observed?.publicIpAddress === PublicIpAddress;
}

/**
 * The instance that serves an environment, as its record takes it over; undefined if none does.
 *
 * @param at when EC2 showed it (ISO 8601)
 */
export function observedIn(instances: readonly Instance[], at: string): Observed | undefined {
  const instance = servingInstance(instances);
  if (!instance) return undefined;
  const { InstanceId = '', InstanceType, Architecture, State, PublicIpAddress, LaunchTime, Tags = [] } = instance;
  const hostKey = Tags.find(({ Key }) => Key === tagKey.sshHostKey)?.Value;
  return {
    instanceId: InstanceId,
    instanceType: InstanceType ?? '',
    architecture: Architecture === 'arm64' ? 'arm64' : 'x86_64',
    ...(hostKey !== undefined && { hostKey }),
    state: State?.Name as Observed['state'],
    ...(PublicIpAddress !== undefined && { publicIpAddress: PublicIpAddress }),
    ...(LaunchTime && { launchedAt: LaunchTime.toISOString() }),
    at,
  };
}

function servingInstance(instances: readonly Instance[]): Instance | undefined {
  const states = instances.map(({ InstanceId = '', State }) => ({ instanceId: InstanceId, state: State?.Name as InstanceState }));
  const plan = decideStart(states);
  return plan.action === 'create' ? undefined : instances.find(({ InstanceId }) => InstanceId === plan.instanceId);
}
