import { StopInstancesCommand } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { findInstances } from '../../aws/ec2/resources.ts';
import { unless } from '../../aws/errors.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { HeldEnvironment, StoppingInstances } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';

/** Stops the environment's instance; one that is stopping or stopped already is left alone. */
export const stopInstance = step({
  input: v.object({ environment: HeldEnvironment }),
  output: StoppingInstances,
  uses: { ec2 },
  async run({ environment }, { ec2 }) {
    const instances = await findInstances(ec2, environment, environment.recorded.instanceId ?? undefined);
    const instanceIds = instances.flatMap(({ InstanceId }) => InstanceId ?? []);
    if (instanceIds.length === 0) {
      throw new RecodeError('InstanceGone', `EC2 shows no instance of the environment ${environment.repository}: someone terminated it.`);
    }
    const changed = instances.some(({ State }) => State?.Name !== 'stopped');
    if (!changed) return { instanceIds, changed };
    const stopped = await unless('wrong-state', ec2.send(new StopInstancesCommand({ InstanceIds: instanceIds })));
    // Only one that is still starting cannot be stopped yet.
    if (!stopped) throw new RecodeError('InstanceNotRunning', `The instance ${instanceIds.join(', ')} cannot be stopped yet.`);
    return { instanceIds, changed };
  },
});

export const handler = lambdaHandler(stopInstance);
