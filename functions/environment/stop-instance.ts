import { type EC2Client, StopInstancesCommand } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { findInstances } from '../../aws/ec2/resources.ts';
import { unless } from '../../aws/errors.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { HeldEnvironment, StoppingInstances } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';

/** Stops the environment's instance. Does nothing if it is stopping or stopped already. */
export const stopInstance = step({
  input: v.object({ environment: HeldEnvironment }),
  output: StoppingInstances,
  uses: { ec2 },
  async run({ environment }, { ec2 }) {
    const { instanceId, status } = environment.recorded;
    if (instanceId !== null && status !== 'stopped') {
      const changed = await stopRecorded(ec2, instanceId);
      const instanceIds: [string] = [instanceId];
      if (changed !== undefined) return { instanceIds, changed };
    }
    const instances = await findInstances(ec2, environment, instanceId ?? undefined);
    const [first, ...others] = instances.flatMap(({ InstanceId }) => InstanceId ?? []);
    if (first === undefined) {
      throw new RecodeError('InstanceGone', `EC2 shows no instance of the environment ${environment.repository}: someone terminated it.`);
    }
    const instanceIds: [string, ...string[]] = [first, ...others];
    const changed = instances.some(({ State }) => State?.Name !== 'stopped');
    if (!changed) return { instanceIds, changed };
    const stopped = await unless('wrong-state', ec2.send(new StopInstancesCommand({ InstanceIds: instanceIds })));
    // EC2 refuses only an instance that is still starting.
    if (!stopped) throw new RecodeError('InstanceNotRunning', `The instance ${instanceIds.join(', ')} cannot be stopped yet.`);
    return { instanceIds, changed };
  },
});

export const handler = lambdaHandler(stopInstance);

/**
 * Stops the recorded instance without a look before. Resolves to whether it was not stopped yet, to undefined if EC2 refuses: the look then
 * tells why.
 */
async function stopRecorded(ec2: EC2Client, instanceId: string): Promise<boolean | undefined> {
  const stopping = ec2.send(new StopInstancesCommand({ InstanceIds: [instanceId] }));
  // EC2 answers "unauthorized" of an instance that is gone: it has no tag to permit it.
  const stopped = await unless(['not-found', 'wrong-state', 'unauthorized'], stopping);
  const [before] = stopped?.StoppingInstances ?? [];
  return before && before.PreviousState?.Name !== 'stopped';
}
