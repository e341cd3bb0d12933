import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import { dynamodb, ec2 } from '../../aws/clients.ts';
import { change } from '../../aws/records/environment.ts';
import { findInstances } from '../../aws/resources.ts';
import { lambdaHandler, step } from '../../aws/step.ts';
import { HeldEnvironment, Plan } from '../../core/document.ts';
import { GivenRequest, refuseOtherRequest } from '../../core/environment.ts';
import { RecodeError } from '../../core/errors.ts';
import { Operation } from '../../core/operation.ts';
import { planStart as decide, type InstanceState } from '../../core/plan.ts';

const everywhere = '0.0.0.0/0';

/**
 * Decides from what EC2 shows whether the start launches an instance, starts the stopped one, waits for it, or does nothing. What is asked
 * for is recorded before it is done. Where there is an instance, it has to be what that was launched with, except for who may reach SSH.
 */
export const planStart = step({
  input: v.object({
    environment: HeldEnvironment,
    /** Not there where nothing was asked for. */
    request: v.optional(GivenRequest),
    operation: Operation,
  }),
  output: Plan,
  uses: { dynamodb, ec2 },
  async run({ environment, request, operation }, { dynamodb, ec2 }) {
    const { recorded } = environment;
    const instances = await findInstances(ec2, environment, recorded.instanceId ?? undefined);
    const plan = decide(
      instances.flatMap(({ InstanceId, State }) =>
        InstanceId && State?.Name ? [{ instanceId: InstanceId, state: State.Name as InstanceState }] : [],
      ),
    );
    if (plan.action === 'undecided') throw new RecodeError('InstanceStillStopping', `The instance ${plan.instanceId} is still stopping.`);
    if (request && plan.action !== 'create') refuseOtherRequest(environment.repository, recorded.request, request);
    const wanted = plan.action === 'create' ? environment.request : { ...recorded.request, allowCidrs: environment.request.allowCidrs };
    // Before the rules change: where this start ends early, the next one makes them what was asked for.
    if (!isDeepStrictEqual(wanted, recorded.request) || plan.action === 'create')
      await change(dynamodb, environment, operation, { set: { request: wanted } });
    return { ...plan, checkSsh: environment.request.allowCidrs.includes(everywhere) };
  },
});

export const handler = lambdaHandler(planStart);
