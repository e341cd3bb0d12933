import type { EC2Client, Instance } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { ec2 } from '../../aws/clients.ts';
import { describeInstances, explained } from '../../aws/resources.ts';
import { lambdaHandler, step } from '../../aws/step.ts';
import {
  FoundPlan,
  Launch,
  Nothing,
  RunningInstance,
  SecurityGroup,
  StoppedInstance,
  StoppingInstances,
  TerminatingInstances,
} from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import { startFailure } from '../../core/plan.ts';
import { tagKey } from '../../core/tags.ts';

/**
 * Looks whether the instance is where the operation wants it: a start's runs in its security group with a public address, a stop's is
 * stopped, a remove's is gone. Until then its error makes the state wait.
 */
export const checkInstanceState = step({
  input: v.variant('kind', [
    v.object({ kind: v.literal('start'), launch: Launch, securityGroup: SecurityGroup }),
    v.object({ kind: v.literal('start'), plan: FoundPlan, securityGroup: SecurityGroup }),
    v.object({ kind: v.literal('stop'), instances: StoppingInstances }),
    v.object({ kind: v.literal('remove'), instances: TerminatingInstances }),
  ]),
  output: { start: RunningInstance, stop: StoppedInstance, remove: Nothing },
  uses: { ec2 },
  async run(document, { ec2 }) {
    switch (document.kind) {
      case 'start':
        return runningInstance(ec2, document);
      case 'stop':
        return stoppedInstance(ec2, document.instances.instanceIds);
      case 'remove':
        return noInstance(ec2, document.instances.instanceIds);
    }
  },
});

export const handler = lambdaHandler(checkInstanceState);

type Started = { readonly securityGroup: SecurityGroup } & ({ readonly launch: Launch } | { readonly plan: FoundPlan });

async function runningInstance(ec2: EC2Client, { securityGroup, ...started }: Started) {
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
  return { ...record, publicIpAddress: instance.PublicIpAddress };
}

/** Without our security group nobody reaches the instance, whatever the group lets in. */
function refuseWithoutGroup({ InstanceId, SecurityGroups = [] }: Instance, securityGroupId: string): void {
  const groups = SecurityGroups.map(({ GroupId }) => GroupId);
  if (groups.includes(securityGroupId)) return;
  throw new RecodeError(
    'ResourceDiffers',
    `The network interface of the instance ${InstanceId} is in the security groups ${groups.join(', ')}, not in ${securityGroupId}.`,
  );
}

async function stoppedInstance(ec2: EC2Client, instanceIds: string[]) {
  const instances = await describeInstances(ec2, [{ Name: 'instance-id', Values: instanceIds }]);
  const going = instances.find(({ State }) => State?.Name !== 'stopped' && State?.Name !== 'terminated');
  if (going) throw new RecodeError('InstanceStillStopping', `The instance ${going.InstanceId} is ${going.State?.Name}.`);
  const stopped = instances.find(({ State }) => State?.Name === 'stopped');
  if (!stopped) throw new RecodeError('InstanceGone', `The instance ${instanceIds.join(', ')} was terminated instead of stopped.`);
  return recordOf(stopped);
}

async function noInstance(ec2: EC2Client, instanceIds: string[]): Promise<void> {
  if (instanceIds.length === 0) return;
  const instances = await describeInstances(ec2, [{ Name: 'instance-id', Values: instanceIds }]);
  const left = instances.find(({ State }) => State?.Name !== 'terminated');
  if (left) throw new RecodeError('InstanceStillTerminating', `The instance ${left.InstanceId} is ${left.State?.Name}.`);
}

/** What the record holds of an instance; null without its host key, which a stop can do without. */
function recordOf({ InstanceId, InstanceType, Architecture, Tags = [] }: Instance) {
  const hostKey = Tags.find(({ Key }) => Key === tagKey.sshHostKey)?.Value;
  if (!hostKey) return null;
  return {
    instanceId: InstanceId,
    instanceType: InstanceType,
    architecture: Architecture === 'arm64' ? 'arm64' : 'x86_64',
    hostKey,
  } as const;
}
