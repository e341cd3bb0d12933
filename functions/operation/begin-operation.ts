import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SFNClient } from '@aws-sdk/client-sfn';
import * as v from 'valibot';
import { dynamodb, sfn } from '../../aws/clients.ts';
import { change, claimName, leaveEnvironment, putEnvironment, readEnvironment, takeEnvironment } from '../../aws/records/environment.ts';
import { readNetwork, readOrPutNetwork } from '../../aws/records/network.ts';
import { lambdaHandler, step } from '../../aws/step.ts';
import { InstanceType, StartInput } from '../../core/document.ts';
import { type Environment, type EnvironmentRequest, type GivenRequest, refuseOtherRequest, statusDuring } from '../../core/environment.ts';
import { RecodeError } from '../../core/errors.ts';
import type { Operation } from '../../core/operation.ts';

const defaults: Pick<EnvironmentRequest, 'volumeSize' | 'volumeType' | 'allowCidrs'> = {
  volumeSize: 16,
  volumeType: 'gp2',
  allowCidrs: ['0.0.0.0/0'],
};

interface Entry {
  readonly subject: StartInput['environment'];
  readonly request: EnvironmentRequest;
  readonly given: GivenRequest;
  readonly operation: Operation;
  readonly now: number;
}

/**
 * Enters an operation: takes the environment for this execution, gives it its name, and hands on what the workflow starts from.
 * The environment is written before the network is read again, and an uninstall does the reverse: at least one sees the other.
 */
export const beginOperation = step({
  input: v.object({
    ...StartInput.entries,
    instanceType: InstanceType,
    operation: v.object({ kind: v.literal('start'), executionArn: v.string(), startedAt: v.string() }),
  }),
  uses: { dynamodb, sfn },
  async run({ environment: subject, request: given, instanceType, operation: begun }, { dynamodb, sfn, clock }) {
    const operation = { ...begun, owner: subject.owner };
    const request = { ...defaults, ...given, instanceType: instanceType.name };
    for (;;) {
      const { installation, status } = await readOrPutNetwork(dynamodb);
      if (status === 'deleting') throw uninstallInProgress();
      const environment = await enter(dynamodb, sfn, { subject, request, given, operation, now: clock.now() });

      const network = await readNetwork(dynamodb);
      if (network?.installation !== installation || network.status === 'deleting') {
        await leaveEnvironment(dynamodb, environment, operation);
        if (network?.installation === installation) throw uninstallInProgress();
        continue; // Recode was uninstalled meanwhile, and we begin in a new installation.
      }

      const name = await claimName(dynamodb, environment, operation);
      const held = await change(dynamodb, environment, operation, {
        set: { status: statusDuring(operation.kind, environment), updatedAt: new Date(clock.now()).toISOString() },
      });
      return {
        environment: {
          uid: held.uid,
          owner: held.owner,
          repository: held.repository,
          name,
          request: { ...held.request, ...given, instanceType: instanceType.name },
          recorded: { request: held.request, instanceId: 'instance' in held && held.instance ? held.instance.instanceId : null },
        },
        request: given,
        instanceType,
        network,
        operation,
      };
    }
  },
});

export const handler = lambdaHandler(beginOperation);

/** Puts the environment where there is none, or takes the one there is, after refusing what it cannot become. */
async function enter(dynamodb: DynamoDBClient, sfn: SFNClient, { subject, request, given, operation, now }: Entry): Promise<Environment> {
  const existing = await readEnvironment(dynamodb, subject);
  if (!existing) {
    const time = new Date(now).toISOString();
    await putEnvironment(dynamodb, {
      ...subject,
      uid: randomUUID(),
      status: 'creating',
      request,
      operation,
      createdAt: time,
      updatedAt: time,
    });
    // Somebody else's may have been faster, and is taken like any other.
    return enter(dynamodb, sfn, { subject, request, given, operation, now });
  }
  statusDuring(operation.kind, existing);
  // Until it has an instance, an environment may still become what is asked for now; PlanStart sees whether it has one.
  if (existing.status !== 'creating') refuseOtherRequest(existing.repository, existing.request, given);
  return takeEnvironment(dynamodb, sfn, { environment: existing, operation, now });
}

const uninstallInProgress = () => new RecodeError('UninstallInProgress', 'Recode is being uninstalled from this region.');
