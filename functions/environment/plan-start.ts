import * as v from 'valibot';
import { observation } from '../../aws/ec2/observation.ts';
import { findInstances } from '../../aws/ec2/resources.ts';
import { change } from '../../aws/records/hold/environment.ts';
import { dynamodb, ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { HeldEnvironment, Plan } from '../../core/document.ts';
import { GivenRequest, refuseOtherRequest } from '../../core/environment.ts';
import { RecodeError } from '../../core/errors.ts';
import { sameKey } from '../../core/openssh-key.ts';
import { Operation } from '../../core/operation.ts';
import { decideStart, type InstanceState } from '../../core/plan.ts';

const everywhere = '0.0.0.0/0';

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
  uses: { dynamodb, ec2 },
  async run({ environment, request, operation }, { dynamodb, ec2, clock }) {
    const { recorded } = environment;
    const instances = await findInstances(ec2, environment, recorded.instanceId ?? undefined);
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
    return { ...plan, checkSsh: allowCidrs.includes(everywhere) };
  },
});

export const handler = lambdaHandler(planStart);
