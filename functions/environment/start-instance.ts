import { StartInstancesCommand } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { describeInstances } from '../../aws/ec2/resources.ts';
import { meaningOf, translate, unless } from '../../aws/errors.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { FoundPlan, Nothing } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';

/** Starts the environment's stopped instance. Does nothing if it is starting or running already. */
export const startInstance = step({
  input: v.object({ plan: FoundPlan }),
  output: Nothing,
  uses: { ec2 },
  async run({ plan: { instanceId, formerType } }, { ec2 }) {
    const started = await unless('wrong-state', ec2.send(new StartInstancesCommand({ InstanceIds: [instanceId] }))).catch((error) => {
      throw meaningOf(error) === 'no-capacity' ? noCapacityToStart(error, formerType) : error;
    });
    if (started) return;
    const [instance] = await describeInstances(ec2, [{ Name: 'instance-id', Values: [instanceId] }]);
    const state = instance?.State?.Name ?? 'not visible';
    if (state === 'pending' || state === 'running') return;
    if (state === 'stopping' || state === 'stopped')
      throw new RecodeError('InstanceStillStopping', `The instance ${instanceId} is ${state}.`);
    throw new RecodeError('InstanceFailedToStart', `The instance ${instanceId} cannot be started: it is ${state}.`);
  },
});

export const handler = lambdaHandler(startInstance);

/** An existing instance keeps its zone, so the advice differs from that of a launch. */
function noCapacityToStart(error: unknown, formerType: string | undefined): RecodeError {
  const before = formerType === undefined ? '' : ` It was a ${formerType} until now: --instance-type ${formerType} changes it back.`;
  return new RecodeError('NoCapacityToStart', `${translate(error).message}${before}`, { cause: error });
}
