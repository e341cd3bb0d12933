import { type EC2Client, ModifyInstanceAttributeCommand } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { describeInstances } from '../../aws/ec2/resources.ts';
import { readUserData, userDataFor } from '../../aws/ec2/user-data.ts';
import { unless } from '../../aws/errors.ts';
import { readAcceptedKeys } from '../../aws/records/read/environment.ts';
import { dynamodb, ec2 } from '../../aws/step/clients.ts';
import { settings } from '../../aws/step/settings.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { FoundPlan, HeldEnvironment, Nothing, StoppingInstances } from '../../core/document.ts';
import { bootSettings } from '../../core/environment.ts';
import { RecodeError } from '../../core/errors.ts';

/**
 * Ensures that the next boot of a stopped instance lets in the keys of the environment, and knows its idle time: they are in its user data,
 * which keeps the host key. The user data, and with it the private half of that, stays in this step.
 */
export const ensureUserData = step({
  input: v.union([
    v.object({ environment: HeldEnvironment, plan: FoundPlan }),
    /** In a transfer, which stops it. */
    v.object({ environment: HeldEnvironment, instances: StoppingInstances }),
  ]),
  output: Nothing,
  uses: { dynamodb, ec2, settings },
  async run({ environment, ...found }, { dynamodb, ec2, settings }) {
    const instanceId = 'plan' in found ? found.plan.instanceId : found.instances.instanceIds[0];
    const publicKeys = await readAcceptedKeys(dynamodb, environment);
    const present = await readUserData(ec2, instanceId);
    const wanted = userDataFor(present, { publicKeys, ...bootSettings(environment, settings) });
    if (present !== wanted) await writeUserData(ec2, instanceId, wanted);
  },
});

export const handler = lambdaHandler(ensureUserData);

async function writeUserData(ec2: EC2Client, instanceId: string, text: string): Promise<void> {
  const input = { InstanceId: instanceId, UserData: { Value: Buffer.from(text) } };
  if (await unless('wrong-state', ec2.send(new ModifyInstanceAttributeCommand(input)))) return;
  const [instance] = await describeInstances(ec2, [{ Name: 'instance-id', Values: [instanceId] }]);
  const state = instance?.State?.Name ?? 'not visible';
  // Otherwise someone has started it meanwhile, or StartInstance says why it cannot be started.
  if (state === 'stopping' || state === 'stopped')
    throw new RecodeError('InstanceStillStopping', `The instance ${instanceId} is ${state}, and its user data cannot be changed yet.`);
}
