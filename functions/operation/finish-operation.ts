import * as v from 'valibot';
import { dynamodb } from '../../aws/clients.ts';
import { release } from '../../aws/records/environment.ts';
import { lambdaHandler, step } from '../../aws/step.ts';
import { HeldEnvironment, type StartOutput } from '../../core/document.ts';
import { Instance } from '../../core/environment.ts';
import { Operation } from '../../core/operation.ts';

/** Records what the environment is now and lets go of it. Its output is the execution's output. */
export const finishOperation = step({
  input: v.object({
    environment: HeldEnvironment,
    operation: Operation,
    plan: v.object({ created: v.boolean() }),
    instance: v.object({ ...Instance.entries, publicIpAddress: v.string() }),
  }),
  uses: { dynamodb },
  async run({ environment, operation, plan, instance: { publicIpAddress, ...instance } }, { dynamodb, clock }): Promise<StartOutput> {
    const updatedAt = new Date(clock.now()).toISOString();
    await release(dynamodb, environment, operation, { status: 'started', instance, publicIpAddress, updatedAt });
    return {
      owner: environment.owner,
      repository: environment.repository,
      name: environment.name,
      status: 'started',
      created: plan.created,
      instanceId: instance.instanceId,
      instanceType: instance.instanceType,
      publicIpAddress,
      hostKey: instance.hostKey,
      publicKey: environment.request.publicKey,
    };
  },
});

export const handler = lambdaHandler(finishOperation);
