import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Instance } from '@aws-sdk/client-ec2';
import { isRecorded } from '../../aws/ec2/observation.ts';
import { describeInstances, explained, findInstancesAlsoEnded } from '../../aws/ec2/resources.ts';
import { InstanceStateChange } from '../../aws/ec2/state-change.ts';
import { isFinal } from '../../aws/errors.ts';
import { changeUnheld } from '../../aws/records/hold/environment.ts';
import { countEnd, countSeen } from '../../aws/records/hold/hours.ts';
import { readEnvironment, readEnvironmentPages } from '../../aws/records/read/environment.ts';
import { ifInstalled } from '../../aws/records/read/table.ts';
import { dynamodb, ec2 } from '../../aws/step/clients.ts';
import { settings } from '../../aws/step/settings.ts';
import { type Dependencies, lambdaHandler, step } from '../../aws/step/step.ts';
import { Nothing } from '../../core/document.ts';
import { type Environment, namesOf } from '../../core/environment.ts';
import { RecodeError } from '../../core/errors.ts';
import { holderOf } from '../../core/lock.ts';
import type { InstanceState } from '../../core/plan.ts';
import { isNews, isOlder, leadsThrough, stateAfter } from '../../core/state-change.ts';
import { belongingOf } from '../../core/tags.ts';

const uses = { dynamodb, ec2, settings };
type Used = Dependencies<typeof uses>;

/**
 * Brings an environment's record up to date after EventBridge has told that an instance changed its state: it was stopped, started or
 * terminated outside Recode, by itself or by AWS. The record gets what EC2 shows now. So an event that comes late, twice or out of order
 * does no harm. An instance that is not ours costs one look.
 *
 * While an operation holds the environment, the operation observes the instance. If the change is not its doing, this waits for its end.
 *
 * If EC2 cannot be asked, what it has told is recorded, and the function fails: Lambda repeats it twice, within three minutes, but EC2 may be
 * out for longer.
 */
export const syncInstanceState = step({
  input: InstanceStateChange,
  output: Nothing,
  uses,
  // It may wait for an operation.
  pause: 1_000,
  async run(change, used) {
    try {
      await recordShown(change, used);
    } catch (error) {
      if (!isFinal(error)) await recordTold(change, used);
      throw error;
    }
  },
});

export const handler = lambdaHandler(syncInstanceState);

async function recordShown({ detail }: InstanceStateChange, { dynamodb, ec2, settings, clock }: Used): Promise<void> {
  const { 'instance-id': instanceId, state: told } = detail;
  const [instance] = await describeInstances(ec2, [{ Name: 'instance-id', Values: [instanceId] }]);
  // The tags of a terminated instance fade. EC2 has told before that it was shutting down.
  const belonging = instance && belongingOf(instance.Tags);
  if (!belonging) return;
  refuseOlder(instance, told);
  const environment = await ifInstalled(readEnvironment(dynamodb, belonging));
  if (!environment || !(namesOf(environment).includes(belonging.name) || environment.observed?.instanceId === instanceId)) return;
  const holder = holderOf(environment);
  if (holder) {
    if (leadsThrough(holder.kind, told)) return;
    throw new RecodeError('OperationSettling', `A ${holder.kind} runs on the environment ${environment.repository}.`);
  }
  const instances = await findInstancesAlsoEnded(ec2, belonging, environment.observed?.instanceId);
  if (isRecorded(instances, environment)) return;
  const now = clock.now();
  const { set, remove } = await countSeen(dynamodb, environment, instances, { settings, now });
  await changeUnheld(dynamodb, environment, { set: { ...set, updatedAt: new Date(now).toISOString() }, remove });
}

/** Records that an instance no longer runs, by EC2's word alone. Of one that runs, EC2 would have more to tell, such as its address. */
async function recordTold({ time, detail }: InstanceStateChange, { dynamodb, settings, clock }: Used): Promise<void> {
  const state = stateAfter(detail.state);
  if (state === 'pending' || state === 'running') return;
  const environment = await ifInstalled(environmentWith(dynamodb, detail['instance-id']));
  if (!environment?.observed || holderOf(environment) || !isNews({ state, time }, environment.observed)) return;
  const { launchedAt } = environment.observed;
  const now = clock.now();
  if (state !== 'stopping') await countEnd(dynamodb, environment, { now, limit: settings.hoursPerOwner }, { launchedAt, stoppedAt: time });
  await changeUnheld(dynamodb, environment, {
    set: { 'observed.state': state, 'observed.at': new Date(time).toISOString(), updatedAt: new Date(now).toISOString() },
    remove: ['observed.publicIpAddress', ...(state === 'stopping' ? [] : ['wanted.stopAt'])],
  });
}

/** The environment whose record has an instance. Only EC2 knows it without a search. */
async function environmentWith(dynamodb: DynamoDBClient, instanceId: string): Promise<Environment | undefined> {
  for await (const { items } of readEnvironmentPages(dynamodb)) {
    const found = items.find(({ observed }) => observed?.instanceId === instanceId);
    if (found) return readEnvironment(dynamodb, found);
  }
  return undefined;
}

/** Refuses, for another look, what EC2 shows while it lags behind its event. */
function refuseOlder(instance: Instance, told: InstanceState): void {
  const { instanceId, state } = explained(instance);
  if (isOlder(state, told)) throw new RecodeError('InstanceStillStopping', `The instance ${instanceId} is ${state}, not ${told} yet.`);
}
