import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { expect, it } from 'vitest';
import { change, release, takeEnvironment } from '../../../../aws/records/hold/environment.ts';
import { releaseNetwork, releaseReadyNetwork, takeNetworkToCreate, takeNetworkToUninstall } from '../../../../aws/records/hold/network.ts';
import { putItem } from '../../../../aws/records/hold/table.ts';
import { readEnvironment } from '../../../../aws/records/read/environment.ts';
import { readNetwork } from '../../../../aws/records/read/network.ts';
import { beginOperation } from '../../../../functions/operation/begin-operation.ts';
import { failOperation } from '../../../../functions/operation/fail-operation.ts';
import { finishOperation } from '../../../../functions/operation/finish-operation.ts';
import { environment as held, networkIds as ids, instance, operationOf } from '../../../functions/documents.ts';
import {
  alicesApi,
  beforeWrite,
  begin,
  claims,
  environmentKey,
  installed,
  recordOf,
  replaceNetwork,
  settle,
} from '../../../functions/installed.ts';
import { closeHolder, startHolder } from '../../../harness/holders.ts';

const lastError = { name: 'QuotaReached', message: 'quota', at: '2026-01-01T00:00:00.000Z' };

it('an environment whose operation failed between the read and the take is left alone for the quiet time', async () => {
  await using account = await installed({ status: 'ready', ids });
  await putItem(account.dynamodb, environmentKey, recordOf({ power: 'off', name: 'acme-api', instance, state: 'stopped' }));
  const { dynamodb } = account.aws.clients;
  beforeWrite(account, 'UpdateItemCommand', async () => {
    const other = operationOf('other', 'remove');
    const read = await readEnvironment(dynamodb, alicesApi);
    if (!read) throw new Error('none');
    const now = account.aws.clock.now();
    await takeEnvironment(dynamodb, account.aws.clients.sfn, { environment: read, operation: other, now }, () => {});
    await change(dynamodb, alicesApi, other, { set: { 'wanted.power': 'removed' } });
    const end = { endedAt: 'later', error: lastError.name };
    await release(dynamodb, alicesApi, other, { set: { lastError, updatedAt: 'later' }, end, quietUntil: now + 35_000 });
  });
  const { name } = await account.refusal(beginOperation, begin(operationOf('one')));
  const after = await readEnvironment(account.dynamodb, alicesApi);
  expect([name, after?.lock]).toEqual(['OperationSettling', { quietUntil: expect.any(Number) }]);
});

it('a network whose operation failed between the read and the claim is left alone for the quiet time', async () => {
  await using account = await installed({ status: 'creating' });
  const { dynamodb, sfn } = account.aws.clients;
  const now = account.aws.clock.now();
  beforeWrite(account, 'UpdateItemCommand', async () => {
    await takeNetworkToCreate(dynamodb, sfn, operationOf('other'), now);
    await releaseNetwork(dynamodb, operationOf('other'), now);
  });
  await expect(takeNetworkToCreate(account.dynamodb, account.sfn, operationOf('one'), now)).rejects.toMatchObject({ name: 'NetworkBusy' });
  expect((await readNetwork(account.dynamodb))?.lock).toEqual({ quietUntil: now + 35_000 });
});

it('RecordNetwork repeated after a lost answer does not fail the start because an uninstall (that will refuse) has marked the network', async () => {
  await using account = await installed({ status: 'creating', lock: operationOf('one') });
  await releaseReadyNetwork(account.dynamodb, operationOf('one'), ids);
  await takeNetworkToUninstall(account.dynamodb, account.sfn, operationOf('bye', 'uninstall'), account.aws.clock.now());
  const outcome = await releaseReadyNetwork(account.dynamodb, operationOf('one'), ids).then(
    () => 'recorded',
    ({ name }: Error) => name,
  );
  expect(['recorded', 'NetworkBusy']).toContain(outcome);
});

it('a stop of a stopped environment, begun twice because an answer was lost, still says that it was stopped already', async () => {
  await using account = await installed({ status: 'ready', ids });
  await putItem(account.dynamodb, environmentKey, recordOf({ power: 'off', name: 'acme-api', instance, state: 'stopped' }));
  const stop = operationOf('one', 'stop');
  await account.run(beginOperation, begin(stop));
  const { environment } = await account.run(beginOperation, begin(stop));
  const output = await account.run(finishOperation, {
    kind: 'stop',
    environment,
    operation: stop,
    instances: { instanceIds: ['i-1'], changed: false },
    instance,
  });
  expect(output).toMatchObject({ changed: false });
});

it('an attempt of FinishOperation that outlives the one after it leaves the claim of the environment made anew', async () => {
  await using account = await installed({ status: 'ready', ids });
  const remove = operationOf('one', 'remove');
  await putItem(account.dynamodb, environmentKey, recordOf({ power: 'removed', name: 'acme-api', lock: remove }));
  await putItem(account.dynamodb, { kind: 'name', id: 'acme-api' }, { environment: 'alice/acme/api', uid: 'uid-1' });
  const document = { kind: 'remove', environment: held, operation: remove };
  beforeWrite(account, 'DeleteItemCommand', async () => {
    await account.run(finishOperation, document); // Lambda.Unknown: the state machine repeats the step, and succeeds
    await account.run(beginOperation, begin(operationOf('next')));
  });
  await account.run(finishOperation, document);
  expect(await readEnvironment(account.dynamodb, alicesApi)).toMatchObject({ name: 'acme-api', lock: operationOf('next') });
  expect(await claims(account)).toEqual({ 'acme-api': 'alice/acme/api' });
});

it('a message says "An uninstall"', async () => {
  await using account = await installed(null);
  const holder = { ...(await startHolder(account.sfn)), kind: 'uninstall' as const };
  await replaceNetwork(account, { installation: 'installation-1', status: 'deleting', before: 'creating', lock: holder });
  const { message } = await account.refusal(beginOperation, begin(operationOf('one', 'uninstall')));
  expect(message).toMatch(/^An uninstall is running on the network/);
});

it.each(['start', 'uninstall'] as const)('a table that is being deleted, but still answers, is not entered by a %s', async (kind) => {
  await using account = await installed(null);
  const dead = { ...(await startHolder(account.sfn)), kind: 'uninstall' as const };
  await replaceNetwork(account, { installation: 'installation-1', status: 'deleting', before: 'creating', lock: dead });
  await closeHolder(account.sfn, dead);
  settle(account);
  deleting(account);
  const outcome = await account.run(beginOperation, begin(operationOf('one', kind))).then(
    () => 'entered',
    ({ name }: Error) => name,
  );
  expect(outcome).toBe('TableStillDeleting');
});

it('a table that is being deleted keeps the mark of its uninstall when that fails', async () => {
  await using account = await installed({ status: 'deleting', before: 'creating', lock: operationOf('bye', 'uninstall') });
  deleting(account);
  const failure = { Error: 'PermissionMissing', Cause: '{}' };
  await account.run(failOperation, { kind: 'uninstall', operation: operationOf('bye', 'uninstall'), failure });
  expect((await readNetwork(account.dynamodb))?.status).toBe('deleting');
});

/** "DynamoDB might continue to accept data read and write operations on a table in the DELETING state" (API reference, DeleteTable). */
function deleting({ dynamodb }: { dynamodb: DynamoDBClient }) {
  dynamodb.middlewareStack.add(
    (next, context) => async (args) => {
      const answer = await next(args);
      if (context.commandName !== 'DescribeTableCommand') return answer;
      const { Table } = answer.output as { Table?: object };
      return { ...answer, output: { ...answer.output, Table: { ...Table, TableStatus: 'DELETING' } } };
    },
    { step: 'initialize' },
  );
}

it.each(['', 'alice/x', '\u001b[2Jalice'])(
  'an owner that no person can be is refused (%j): teammates read it in their terminals',
  async (name) => {
    await using account = await installed({ status: 'ready', ids });
    const event = begin(operationOf('one'));
    const environment = { owner: name, repository: 'acme/api' };
    const { name: refusal } = await account.refusal(beginOperation, { ...event, input: { ...event.input, environment } });
    expect(refusal).toBe('InputNotValid');
  },
);
