import type { Instance } from '@aws-sdk/client-ec2';
import { isRecorded } from '../../aws/ec2/observation.ts';
import { describeInstances, explained, findInstances } from '../../aws/ec2/resources.ts';
import { InstanceStateChange } from '../../aws/ec2/state-change.ts';
import { changeUnheld } from '../../aws/records/hold/environment.ts';
import { countSeen } from '../../aws/records/hold/hours.ts';
import { readEnvironment } from '../../aws/records/read/environment.ts';
import { ifInstalled } from '../../aws/records/read/table.ts';
import { dynamodb, ec2 } from '../../aws/step/clients.ts';
import { settings } from '../../aws/step/settings.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { Nothing } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import { holderOf } from '../../core/lock.ts';
import type { InstanceState } from '../../core/plan.ts';
import { isOlder, leadsThrough } from '../../core/state-change.ts';
import { belongingOf } from '../../core/tags.ts';

/**
 * Brings an environment's record up to date after EventBridge has told that an instance changed its state: it was stopped, started or
 * terminated outside Recode, by itself or by AWS. The record gets what EC2 shows now. So an event that comes late, twice or out of order
 * does no harm. An instance that is not ours costs one look.
 *
 * While an operation holds the environment, the operation observes the instance. If the change is not its doing, this waits for its end.
 */
export const syncInstanceState = step({
  input: InstanceStateChange,
  output: Nothing,
  uses: { dynamodb, ec2, settings },
  // It may wait for an operation.
  pause: 1_000,
  async run({ detail: { 'instance-id': instanceId, state: told } }, { dynamodb, ec2, settings, clock }) {
    const [instance] = await describeInstances(ec2, [{ Name: 'instance-id', Values: [instanceId] }]);
    // The tags of a terminated instance fade. EC2 has told before that it was shutting down.
    const belonging = instance && belongingOf(instance.Tags);
    if (!belonging) return;
    refuseOlder(instance, told);
    const environment = await ifInstalled(readEnvironment(dynamodb, belonging));
    if (environment?.name !== belonging.name) return;
    const holder = holderOf(environment);
    if (holder) {
      if (leadsThrough(holder.kind, told)) return;
      throw new RecodeError('OperationSettling', `A ${holder.kind} runs on the environment ${environment.repository}.`);
    }
    const instances = await findInstances(ec2, belonging, environment.observed?.instanceId);
    if (isRecorded(instances, environment)) return;
    const now = clock.now();
    const { set, remove } = await countSeen(dynamodb, environment, instances, { settings, now });
    await changeUnheld(dynamodb, environment, { set: { ...set, updatedAt: new Date(now).toISOString() }, remove });
  },
});

export const handler = lambdaHandler(syncInstanceState);

/** Refuses, for another look, what EC2 shows while it lags behind its event. */
function refuseOlder(instance: Instance, told: InstanceState): void {
  const { instanceId, state } = explained(instance);
  if (isOlder(state, told)) throw new RecodeError('InstanceStillStopping', `The instance ${instanceId} is ${state}, not ${told} yet.`);
}
