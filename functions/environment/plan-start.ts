import * as v from 'valibot';
import { ec2 } from '../../aws/clients.ts';
import { findInstances } from '../../aws/resources.ts';
import { lambdaHandler, step } from '../../aws/step.ts';
import { HeldEnvironment } from '../../core/document.ts';
import { refuseOtherOptions } from '../../core/environment.ts';
import { RecodeError } from '../../core/errors.ts';
import { planStart as decide, type InstanceState } from '../../core/plan.ts';

const everywhere = '0.0.0.0/0';

/** Decides from what EC2 shows whether the start launches an instance, starts the stopped one, waits for it, or does nothing. */
export const planStart = step({
  input: v.object({ environment: v.object({ ...HeldEnvironment.entries, instanceId: v.nullable(v.string()) }) }),
  uses: { ec2 },
  async run({ environment }, { ec2 }) {
    const instances = await findInstances(ec2, environment, environment.instanceId ?? undefined);
    const plan = decide(
      instances.flatMap(({ InstanceId, State }) =>
        InstanceId && State?.Name ? [{ instanceId: InstanceId, state: State.Name as InstanceState }] : [],
      ),
    );
    if (plan.action === 'undecided') throw new RecodeError('InstanceStillStopping', `The instance ${plan.instanceId} is still stopping.`);
    if (plan.action !== 'create') {
      const chosen = instances.find(({ InstanceId }) => InstanceId === plan.instanceId);
      // An environment whose start failed half-way may have been asked for with another type since.
      if (chosen?.InstanceType)
        refuseOtherOptions(environment.repository, { ...environment.request, instanceType: chosen.InstanceType }, environment.request);
    }
    // Lambda's address is not known beforehand: where not everybody may reach SSH, only the CLI's own connection can tell.
    return { ...plan, created: plan.action === 'create', checkSsh: environment.request.allowCidrs.includes(everywhere) };
  },
});

export const handler = lambdaHandler(planStart);
