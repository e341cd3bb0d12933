import type { EC2Client, SecurityGroup } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { describeInstances, findSecurityGroups } from '../../aws/ec2/resources.ts';
import { allowSshFrom, createOrFindSecurityGroup, groupById } from '../../aws/ec2/security-group.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { settings } from '../../aws/step/settings.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { FoundPlan, HeldEnvironment, Launch, Nothing, UsableNetwork } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';

const held = { environment: HeldEnvironment, network: UsableNetwork };

/**
 * Ensures that the environment's security group allows SSH from the allowed blocks only, and that the instance is in it. Every start does,
 * whatever was changed by hand since the one before.
 */
export const allowSsh = step({
  input: v.union([v.object({ ...held, launch: Launch }), v.object({ ...held, plan: FoundPlan })]),
  output: Nothing,
  uses: { ec2, settings },
  async run({ environment, network: { ids }, ...started }, { ec2, settings }) {
    const { instanceId } = 'launch' in started ? started.launch : started.plan;
    const [existing] = await findSecurityGroups(ec2, environment);
    const group = existing ?? (await groupById(ec2, await createOrFindSecurityGroup(ec2, ids.vpcId, environment, settings)));
    await allowSshFrom(ec2, group, environment.request.allowCidrs);
    await refuseWithoutGroup(ec2, instanceId, group);
  },
});

export const handler = lambdaHandler(allowSsh);

/** Without our security group no one reaches the instance, whatever the group's rules say. */
async function refuseWithoutGroup(ec2: EC2Client, instanceId: string, { GroupId }: SecurityGroup): Promise<void> {
  const [instance] = await describeInstances(ec2, [{ Name: 'instance-id', Values: [instanceId] }]);
  if (!instance) throw new RecodeError('InstanceNotVisibleYet', `EC2 does not show the instance ${instanceId} yet.`);
  const groups = (instance.SecurityGroups ?? []).map(({ GroupId }) => GroupId);
  // One that is terminated has none. CheckInstanceRunning says why it is.
  if (groups.length === 0 || groups.includes(GroupId)) return;
  throw new RecodeError(
    'ResourceDiffers',
    `The network interface of the instance ${instanceId} is in the security groups ${groups.join(', ')}, not in ${GroupId}.`,
  );
}
