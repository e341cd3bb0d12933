import * as v from 'valibot';
import { ec2 } from '../../aws/clients.ts';
import { describeInstances, explained } from '../../aws/resources.ts';
import { lambdaHandler, step } from '../../aws/step.ts';
import type { Instance as RecordedInstance } from '../../core/environment.ts';
import { RecodeError } from '../../core/errors.ts';
import { startFailure } from '../../core/plan.ts';
import { tagKey } from '../../core/tags.ts';

/** Looks whether the instance runs and has its public address; until then `InstanceNotRunning` makes the state wait. */
export const checkInstanceState = step({
  input: v.object({ plan: v.object({ created: v.boolean(), instanceId: v.string() }) }),
  uses: { ec2 },
  async run({ plan: { created, instanceId } }, { ec2 }): Promise<RecordedInstance & { publicIpAddress: string }> {
    const [instance] = await describeInstances(ec2, [{ Name: 'instance-id', Values: [instanceId] }]);
    if (!instance) throw new RecodeError('InstanceNotVisibleYet', `EC2 does not show the instance ${instanceId} yet.`);
    const failure = startFailure(explained(instance), created);
    if (failure) throw failure;
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
