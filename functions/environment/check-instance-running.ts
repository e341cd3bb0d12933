import * as v from 'valibot';
import { ensurePublicAddress } from '../../aws/ec2/public-address.ts';
import { describeInstances, explained, recordOf } from '../../aws/ec2/resources.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { FoundPlan, Launch, RunningInstance } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import { formerTypeAdvice, startFailure } from '../../core/plan.ts';
import { tagKey } from '../../core/tags.ts';

/** Waits until the instance runs, and ensures that it has a public address. */
export const checkInstanceRunning = step({
  input: v.union([v.object({ launch: Launch }), v.object({ plan: FoundPlan })]),
  output: RunningInstance,
  uses: { ec2 },
  // Booting takes longer than this does.
  pause: 1_000,
  async run(started, { ec2 }) {
    const created = 'launch' in started;
    const { instanceId } = created ? started.launch : started.plan;
    const [instance] = await describeInstances(ec2, [{ Name: 'instance-id', Values: [instanceId] }]);
    if (!instance) throw new RecodeError('InstanceNotVisibleYet', `EC2 does not show the instance ${instanceId} yet.`);
    const failure = startFailure(explained(instance), created);
    if (failure?.name === 'NoCapacityToStart' && !created)
      throw new RecodeError(failure.name, `${failure.message}${formerTypeAdvice(started.plan.formerType)}`);
    if (failure) throw failure;
    const state = instance.State?.Name;
    if (state !== 'running') throw new RecodeError('InstanceNotRunning', `The instance ${instanceId} is ${state}.`);
    const record = recordOf(instance);
    if (!record) throw new RecodeError('ResourceDiffers', `The instance ${instanceId} has lost its tag ${tagKey.sshHostKey}.`);
    if (!instance.PublicIpAddress) {
      // It comes with `running` or shortly after, unless somebody has changed the subnet or the interface since.
      await ensurePublicAddress(ec2, instanceId);
      throw new RecodeError('NoPublicAddress', `The instance ${instanceId} runs without a public address.`);
    }
    return { ...record, publicIpAddress: instance.PublicIpAddress, launchedAt: instance.LaunchTime?.toISOString() };
  },
});

export const handler = lambdaHandler(checkInstanceRunning);
