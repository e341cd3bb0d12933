import * as v from 'valibot';
import { describeInstances, recordOf, stoppedAtOf } from '../../aws/ec2/resources.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { StoppedInstance, StoppingInstances } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';

/** Waits until the instances are stopped. */
export const checkInstanceStopped = step({
  input: v.object({ instances: StoppingInstances }),
  output: StoppedInstance,
  uses: { ec2 },
  async run({ instances: { instanceIds } }, { ec2 }) {
    const instances = await describeInstances(ec2, [{ Name: 'instance-id', Values: instanceIds }]);
    const going = instances.find(({ State }) => State?.Name !== 'stopped' && State?.Name !== 'terminated');
    if (going) throw new RecodeError('InstanceStillStopping', `The instance ${going.InstanceId} is ${going.State?.Name}.`);
    const stopped = instances.find(({ State }) => State?.Name === 'stopped');
    if (!stopped) throw new RecodeError('InstanceGone', `The instance ${instanceIds.join(', ')} was terminated instead of stopped.`);
    const record = recordOf(stopped);
    return record && { ...record, stoppedAt: stoppedAtOf(stopped)?.toISOString() };
  },
});

export const handler = lambdaHandler(checkInstanceStopped);
