import { isDeepStrictEqual } from 'node:util';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Instance } from '@aws-sdk/client-ec2';
import type { Environment } from '../../../core/environment.ts';
import { RecodeError } from '../../../core/errors.ts';
import {
  type Counted,
  countEnded,
  countMissedEnd,
  countRunning,
  type Moment,
  noHours,
  type OwnerHours,
  stopWithin,
} from '../../../core/hours.ts';
import type { Settings } from '../../../core/settings.ts';
import { lastObservation, observedIn } from '../../ec2/observation.ts';
import { stoppedAtOf } from '../../ec2/resources.ts';
import { hoursKey, readHours } from '../read/hours.ts';
import { type Change, deleteItem, putItem } from './table.ts';

/** Each attempt that fails is one that succeeds elsewhere: an owner has fewer environments that change at once. */
const mostAttempts = 100;

/**
 * Changes the hours of an owner. Others may change them at the same time.
 *
 * @param change is called again if they have changed, so it must have no effect but its answer
 * @returns the hours as they are then
 * @throws RecodeError OperationSettling if they change all the time, and what `change` throws
 */
export async function changeHours(
  dynamodb: DynamoDBClient,
  owner: string,
  change: (hours: OwnerHours) => OwnerHours | Promise<OwnerHours>,
): Promise<OwnerHours> {
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    const read = (await readHours(dynamodb, owner)) ?? noHours(owner);
    const changed = await change(read);
    if (isDeepStrictEqual(changed, read)) return read;
    const { version } = read;
    const unchanged = version === 0 ? undefined : { when: '#version = :version', values: { ':version': version } };
    if (await putItem(dynamodb, hoursKey(owner), { ...changed, version: version + 1 }, unchanged)) return changed;
  }
  throw new RecodeError('OperationSettling', `Many environments of ${owner} change at once.`);
}

/** Forgets the hours of an owner, if they are still what was read. */
export async function forgetHours(dynamodb: DynamoDBClient, { owner, version }: OwnerHours): Promise<void> {
  await deleteItem(dynamodb, hoursKey(owner), { when: '#version = :version', values: { ':version': version } });
}

/**
 * Counts an environment that runs, where there is a cap.
 *
 * @param launchedAt ISO 8601
 * @param stopAt when it is to stop (ISO 8601); undefined for never
 * @param ranAt until when the run before it lasted (ISO 8601), if nobody has told of its end
 * @returns when it stops then: not later than its owner has hours
 */
export async function countRun(
  dynamodb: DynamoDBClient,
  environment: Counted,
  { launchedAt, stopAt, ranAt }: { readonly launchedAt: string; readonly stopAt: string | undefined; readonly ranAt?: string | undefined },
  moment: Moment,
): Promise<string | undefined> {
  if (moment.limit === 0) return stopAt;
  const timeOf = (text: string | undefined) => (text === undefined ? undefined : Date.parse(text));
  const run = { launchedAt: Date.parse(launchedAt), stopAt: timeOf(stopAt), ranAt: timeOf(ranAt) };
  const hours = await changeHours(dynamodb, environment.owner, (hours) => countRunning(hours, environment, run, moment));
  return stopWithin(hours, environment.uid, stopAt);
}

/**
 * Counts the run of an environment that has ended, where there is a cap.
 *
 * @param launchedAt when its instance was last launched (ISO 8601), null if EC2 shows none; undefined if nobody asked
 * @param stoppedAt until when it ran (ISO 8601); undefined for now
 */
export async function countEnd(
  dynamodb: DynamoDBClient,
  { owner, uid }: Pick<Counted, 'owner' | 'uid'>,
  moment: Moment,
  { launchedAt, stoppedAt }: { readonly launchedAt?: string | null | undefined; readonly stoppedAt?: string | undefined } = {},
): Promise<void> {
  if (moment.limit === 0) return;
  const end = {
    endedAt: moment.now,
    ...(launchedAt !== undefined && { launchedAt: launchedAt === null ? null : Date.parse(launchedAt) }),
    ...(stoppedAt !== undefined && { stoppedAt: Date.parse(stoppedAt) }),
  };
  await changeHours(dynamodb, owner, (hours) => countEnded(hours, uid, end, moment));
}

/**
 * Counts the run of an environment whose instance a start finds stopped, where there is a cap: nobody may have told of the stop. If EC2 does
 * not tell its time either, the run counts as far as the instance was known to run.
 *
 * @param ranAt when it was last seen running (ISO 8601), if it was
 */
export async function countMissedStop(
  dynamodb: DynamoDBClient,
  { owner, uid }: Pick<Counted, 'owner' | 'uid'>,
  instance: Instance,
  ranAt: string | undefined,
  moment: Moment,
): Promise<void> {
  if (moment.limit === 0) return;
  const knownToRun = Math.max(instance.LaunchTime?.getTime() ?? 0, ranAt === undefined ? 0 : Date.parse(ranAt));
  const stoppedAt = stoppedAtOf(instance)?.getTime() ?? knownToRun;
  await changeHours(dynamodb, owner, (hours) => countMissedEnd(hours, uid, stoppedAt, moment));
}

/**
 * Counts what EC2 shows of an environment that no operation goes on with, where there is a cap.
 *
 * @param instances all that EC2 shows of it
 * @returns what its record takes over, with a stop that comes not later than its owner has hours
 */
export async function countSeen(
  dynamodb: DynamoDBClient,
  environment: Environment,
  instances: readonly Instance[],
  { settings, now }: { readonly settings: Settings; readonly now: number },
): Promise<Change> {
  const at = new Date(now).toISOString();
  const seen = lastObservation(instances, environment, { at, settings });
  const moment = { now, limit: settings.hoursPerOwner };
  if (moment.limit === 0) return seen;
  const observed = observedIn(instances, at);
  const launchedAt = observed?.launchedAt ?? observed?.at;
  if (launchedAt === undefined || observed?.state === 'stopped' || observed?.state === 'gone') {
    const stopped = instances.find(({ InstanceId }) => InstanceId === observed?.instanceId);
    const stoppedAt = stopped && stoppedAtOf(stopped)?.toISOString();
    await countEnd(dynamodb, environment, moment, { launchedAt: observed?.launchedAt ?? null, stoppedAt });
    return seen;
  }
  // It counts until it is stopped, which takes no hours that have to be reserved.
  const wanted = observed?.state === 'stopping' ? at : (seen.set['wanted.stopAt'] as string | undefined);
  const ranAt = missedEnd(environment.observed, launchedAt);
  const stopAt = await countRun(dynamodb, environment, { launchedAt, stopAt: wanted, ranAt }, moment);
  if (observed?.state === 'stopping' || stopAt === undefined) return seen;
  const { set, remove = [] } = seen;
  return { set: { ...set, 'wanted.stopAt': stopAt }, remove: remove.filter((name) => name !== 'wanted.stopAt') };
}

/** When an instance that has been launched again since was last seen running, if the record does not know that it had stopped. */
function missedEnd(observed: Environment['observed'], launchedAt: string): string | undefined {
  if (observed?.launchedAt === undefined || (observed.state !== 'running' && observed.state !== 'stopping')) return undefined;
  return Date.parse(launchedAt) > Date.parse(observed.launchedAt) ? observed.at : undefined;
}
