import type { Instance } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { describeInstances, explained, recordOf } from '../../aws/ec2/resources.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { FoundPlan, Launch, RunningInstance, SecurityGroup } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import { startFailure } from '../../core/plan.ts';
import { tagKey } from '../../core/tags.ts';

/** Waits until the instance runs, in its security group with a public address. */
export const checkInstanceRunning = step({
  input: v.union([v.object({ launch: Launch, securityGroup: SecurityGroup }), v.object({ plan: FoundPlan, securityGroup: SecurityGroup })]),
  output: RunningInstance,
  uses: { ec2 },
  // Booting takes longer than this does.
  pause: 1_000,
  async run({ securityGroup, ...started }, { ec2 }) {
    const created = 'launch' in started;
    const { instanceId } = created ? started.launch : started.plan;
    const [instance] = await describeInstances(ec2, [{ Name: 'instance-id', Values: [instanceId] }]);
    if (!instance) throw new RecodeError('InstanceNotVisibleYet', `EC2 does not show the instance ${instanceId} yet.`);
    const failure = startFailure(explained(instance), created);
    if (failure) throw failure;
    const state = instance.State?.Name;
    if (state !== 'running') throw new RecodeError('InstanceNotRunning', `The instance ${instanceId} is ${state}.`);
    refuseWithoutGroup(instance, securityGroup.securityGroupId);
    const record = recordOf(instance);
    if (!record) throw new RecodeError('ResourceDiffers', `The instance ${instanceId} has lost its tag ${tagKey.sshHostKey}.`);
    // The address comes with `running` or shortly after.
    if (!instance.PublicIpAddress) throw new RecodeError('NoPublicAddress', `The instance ${instanceId} runs without a public address.`);
    return { ...record, publicIpAddress: instance.PublicIpAddress, launchedAt: instance.LaunchTime?.toISOString() };
  },
});

export const handler = lambdaHandler(checkInstanceRunning);

/** Without our security group no one reaches the instance, whatever the group's rules say. */
function refuseWithoutGroup({ InstanceId, SecurityGroups = [] }: Instance, securityGroupId: string): void {
  const groups = SecurityGroups.map(({ GroupId }) => GroupId);
  if (groups.includes(securityGroupId)) return;
  throw new RecodeError(
    'ResourceDiffers',
    `The network interface of the instance ${InstanceId} is in the security groups ${groups.join(', ')}, not in ${securityGroupId}.`,
  );
}
