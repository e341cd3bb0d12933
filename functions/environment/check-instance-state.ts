import type { Instance } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { ec2 } from '../../aws/clients.ts';
import { describeInstances } from '../../aws/resources.ts';
import { lambdaHandler, step } from '../../aws/step.ts';
import type { Instance as RecordedInstance } from '../../core/environment.ts';
import { RecodeError } from '../../core/errors.ts';
import { tagKey } from '../../core/tags.ts';

/** Looks whether the instance runs and has its public address; until then `InstanceNotRunning` makes the state wait. */
export const checkInstanceState = step({
  input: v.object({ plan: v.object({ created: v.boolean(), instanceId: v.string() }) }),
  uses: { ec2 },
  async run({ plan: { created, instanceId } }, { ec2 }): Promise<RecordedInstance & { publicIpAddress: string }> {
    const [instance] = await describeInstances(ec2, [{ Name: 'instance-id', Values: [instanceId] }]);
    if (!instance) throw new RecodeError('InstanceNotVisibleYet', `EC2 does not show the instance ${instanceId} yet.`);
    refuseFailed(instance, created);
    const { State, PublicIpAddress, InstanceType, Architecture, Tags = [] } = instance;
    // The address comes with `running` or shortly after.
    if (State?.Name !== 'running' || !PublicIpAddress || !InstanceType) {
      throw new RecodeError(
        'InstanceNotRunning',
        `The instance ${instanceId} is ${State?.Name}${State?.Name === 'running' ? ' without a public address yet' : ''}.`,
      );
    }
    const hostKey = Tags.find(({ Key }) => Key === tagKey.sshHostKey)?.Value;
    if (!hostKey) throw new RecodeError('ResourceDiffers', `The instance ${instanceId} has lost its tag ${tagKey.sshHostKey}.`);
    return {
      instanceId,
      instanceType: InstanceType,
      architecture: Architecture === 'arm64' ? 'arm64' : 'x86_64',
      hostKey,
      publicIpAddress: PublicIpAddress,
    };
  },
});

export const handler = lambdaHandler(checkInstanceState);

/** An instance that goes back instead of forward never comes up: the reason is told at once. */
function refuseFailed({ InstanceId, State, StateReason }: Instance, created: boolean): void {
  const reason = StateReason?.Message ?? 'AWS gives no reason';
  const gone = State?.Name === 'shutting-down' || State?.Name === 'terminated';
  // Right after StartInstances EC2 may still show the stop before it, which a user asked for.
  const failedBack = (State?.Name === 'stopped' || State?.Name === 'stopping') && !StateReason?.Code?.startsWith('Client.User');
  if (!gone && !failedBack) return;
  const name = created ? 'InstanceFailedToLaunch' : 'InstanceFailedToStart';
  throw new RecodeError(name, `The instance ${InstanceId} is ${State?.Name}: ${reason}.`);
}
