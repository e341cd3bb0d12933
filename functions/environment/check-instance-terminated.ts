import * as v from 'valibot';
import { describeInstances } from '../../aws/ec2/resources.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { Nothing, TerminatingInstances } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';

/** Waits until the instances are terminated. */
export const checkInstanceTerminated = step({
  input: v.object({ instances: TerminatingInstances }),
  output: Nothing,
  uses: { ec2 },
  async run({ instances: { instanceIds } }, { ec2 }) {
    if (instanceIds.length === 0) return;
    const instances = await describeInstances(ec2, [{ Name: 'instance-id', Values: instanceIds }]);
    const left = instances.find(({ State }) => State?.Name !== 'terminated');
    if (left) throw new RecodeError('InstanceStillTerminating', `The instance ${left.InstanceId} is ${left.State?.Name}.`);
  },
});

export const handler = lambdaHandler(checkInstanceTerminated);
