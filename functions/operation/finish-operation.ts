import * as v from 'valibot';
import { dynamodb } from '../../aws/clients.ts';
import { deleteEnvironment, release } from '../../aws/records/environment.ts';
import { ifInstalled } from '../../aws/records/table.ts';
import { lambdaHandler, step } from '../../aws/step.ts';
import { HeldEnvironment, Instances, type RemoveOutput, type StartOutput, type StopOutput } from '../../core/document.ts';
import { Instance } from '../../core/environment.ts';
import { Operation } from '../../core/operation.ts';

const held = { environment: HeldEnvironment, operation: Operation };

/** Records what the environment is now and lets go of it; a removed one's record and name go. Its output is the execution's output. */
export const finishOperation = step({
  input: v.variant('kind', [
    v.object({
      kind: v.literal('start'),
      ...held,
      plan: v.object({ created: v.boolean() }),
      instance: v.object({ ...Instance.entries, publicIpAddress: v.string() }),
    }),
    v.object({
      kind: v.literal('stop'),
      ...held,
      instances: v.object({ ...Instances.entries, changed: v.boolean() }),
      instance: v.nullable(Instance),
    }),
    v.object({ kind: v.literal('remove'), ...held }),
  ]),
  uses: { dynamodb },
  async run(document, { dynamodb, clock }): Promise<StartOutput | StopOutput | RemoveOutput> {
    const { environment, operation } = document;
    const { owner, repository, name, recorded, request } = environment;
    const subject = { owner, repository, name };
    const updatedAt = new Date(clock.now()).toISOString();
    switch (document.kind) {
      case 'start': {
        const { publicIpAddress, ...instance } = document.instance;
        await release(dynamodb, environment, operation, { status: 'started', instance, publicIpAddress, updatedAt });
        const { instanceId, instanceType, hostKey } = instance;
        const { publicKey } = request;
        return {
          ...subject,
          status: 'started',
          created: document.plan.created,
          instanceId,
          instanceType,
          publicIpAddress,
          hostKey,
          publicKey,
        };
      }
      case 'stop': {
        const { instance, instances } = document;
        await release(dynamodb, environment, operation, { status: 'stopped', ...(instance && { instance }), updatedAt });
        // An attempt before may have stopped it, and its answer been lost.
        const changed = instances.changed || recorded.status === 'starting' || recorded.status === 'started';
        const { instanceId = instances.instanceIds[0] ?? '', instanceType = request.instanceType } = instance ?? {};
        return { ...subject, status: 'stopped', changed, instanceId, instanceType };
      }
      case 'remove':
        // An attempt before may have deleted the last environment, and an uninstall the table since.
        await ifInstalled(deleteEnvironment(dynamodb, environment, operation));
        return { ...subject, status: 'removed' };
    }
  },
});

export const handler = lambdaHandler(finishOperation);
