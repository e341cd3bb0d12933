import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { EC2Client } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { observation } from '../../aws/ec2/observation.ts';
import { findInstances } from '../../aws/ec2/resources.ts';
import { readUserData, userDataFor } from '../../aws/ec2/user-data.ts';
import { unless } from '../../aws/errors.ts';
import { change } from '../../aws/records/hold/environment.ts';
import { readAcceptedKeys } from '../../aws/records/read/environment.ts';
import { dynamodb, ec2 } from '../../aws/step/clients.ts';
import { settings } from '../../aws/step/settings.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { HeldEnvironment, Plan } from '../../core/document.ts';
import { bootSettings, GivenRequest, refuseOtherRequest } from '../../core/environment.ts';
import { RecodeError } from '../../core/errors.ts';
import { sameKey } from '../../core/openssh-key.ts';
import { Operation } from '../../core/operation.ts';
import { canCheckSsh, decideStart, type InstanceState } from '../../core/plan.ts';
import type { Settings } from '../../core/settings.ts';

/**
 * Observes the instance and decides whether the start launches one, starts the stopped one, waits for it or does nothing. Records what EC2
 * shows, and what was asked for before any of it is done. Once there is an instance, only the blocks that may reach SSH can change.
 */
export const planStart = step({
  input: v.object({
    environment: HeldEnvironment,
    /** Missing if nothing was asked for. */
    request: v.optional(GivenRequest),
    operation: Operation,
  }),
  output: Plan,
  uses: { dynamodb, ec2, settings },
  async run({ environment, request, operation }, { dynamodb, ec2, settings, clock }) {
    const { recorded } = environment;
    const [instances, userDataCurrent] = await Promise.all([
      findInstances(ec2, environment, recorded.instanceId ?? undefined),
      isUserDataCurrent(dynamodb, ec2, environment, settings),
    ]);
    const plan = decideStart(
      instances.flatMap(({ InstanceId, State }) =>
        InstanceId && State?.Name ? [{ instanceId: InstanceId, state: State.Name as InstanceState }] : [],
      ),
    );
    if (plan.action === 'undecided') throw new RecodeError('InstanceStillStopping', `The instance ${plan.instanceId} is still stopping.`);
    if (request && plan.action !== 'create') refuseOtherRequest(environment.repository, recorded.request, request);
    const { publicKey, ...options } = environment.request;
    const { allowCidrs } = options;
    // The keys may have changed since the operation began.
    const replaced = sameKey(publicKey, recorded.request.publicKey) ? {} : { publicKey };
    const asked = plan.action === 'create' ? { ...options, ...replaced } : { allowCidrs };
    const wanted = Object.fromEntries(Object.entries(asked).map(([name, value]) => [`wanted.${name}`, value]));
    const seen = observation(instances, recorded.instanceId !== null, new Date(clock.now()).toISOString());
    await change(dynamodb, environment, operation, { ...seen, set: { ...seen.set, ...wanted } });
    // Somebody may have replaced the recorded instance by another one.
    const startsRecorded = plan.action === 'start' && plan.instanceId === recorded.instanceId;
    return { ...plan, checkSsh: canCheckSsh(allowCidrs), userDataCurrent: startsRecorded && userDataCurrent };
  },
});

export const handler = lambdaHandler(planStart);

/**
 * Whether the recorded instance has the user data that its next boot needs. EC2 is asked together with the look for the instance, so that a
 * stopped one can be started without another step. False if that cannot be told: EnsureUserData then does what is missing.
 */
async function isUserDataCurrent(
  dynamodb: DynamoDBClient,
  ec2: EC2Client,
  environment: HeldEnvironment,
  settings: Settings,
): Promise<boolean> {
  const { instanceId } = environment.recorded;
  if (instanceId === null) return false;
  const [publicKeys, present] = await Promise.all([
    readAcceptedKeys(dynamodb, environment),
    // EC2 answers "unauthorized" of an instance that is gone: it has no tag to permit it.
    unless(['not-found', 'unauthorized'], readUserData(ec2, instanceId)),
  ]);
  return present !== undefined && present === userDataFor(present, { publicKeys, ...bootSettings(environment, settings) });
}
