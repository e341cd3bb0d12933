import { type EC2Client, StartInstancesCommand } from '@aws-sdk/client-ec2';
import { RecodeError } from '../../core/errors.ts';
import { formerTypeAdvice } from '../../core/plan.ts';
import { meaningOf, translate, unless } from '../errors.ts';
import { describeInstances } from './resources.ts';

/**
 * Starts a stopped instance. Does nothing if it is starting or running already.
 *
 * @param formerType the type that it had before it was changed
 * @throws RecodeError InstanceStillStopping, InstanceFailedToStart, NoCapacityToStart
 */
export async function startStopped(
  ec2: EC2Client,
  { instanceId, formerType }: { readonly instanceId: string; readonly formerType?: string },
): Promise<void> {
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
}

/** An existing instance keeps its zone, so the advice differs from that of a launch. */
function noCapacityToStart(error: unknown, formerType: string | undefined): RecodeError {
  return new RecodeError('NoCapacityToStart', `${translate(error).message}${formerTypeAdvice(formerType)}`, { cause: error });
}
