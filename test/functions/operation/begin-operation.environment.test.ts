import { describe, expect, it } from 'vitest';
import { putItem } from '../../../aws/records/hold/table.ts';
import { readEnvironment, readEnvironments } from '../../../aws/records/read/environment.ts';
import { beginOperation } from '../../../functions/operation/begin-operation.ts';
import { testAccount } from '../account.ts';
import { networkIds as ids, instance, operationOf, request } from '../documents.ts';
import { alicesApi, begin, claims, environmentKey, installed, recordOf } from '../installed.ts';

/** Environments that nobody holds. */
const creating = recordOf();
const named = recordOf({ name: 'acme-api' });
const started = recordOf({ name: 'acme-api', instance, publicIpAddress: '127.64.0.1' });
const lastError = { name: 'NoCapacity', message: 'no t2.medium', at: creating.createdAt };

describe.each(['stop', 'remove'] as const)('a %s', (kind) => {
  const operation = { ...operationOf('one', kind), owner: 'bob' };
  const power = { stop: 'off', remove: 'removed' }[kind];

  it('takes the environment and hands on what the workflow starts from, with nothing of a start', async () => {
    await using account = await installed({ status: 'ready', ids });
    await putItem(account.dynamodb, environmentKey, { ...started, lastError });
    expect(await account.run(beginOperation, begin(operation))).toEqual({
      kind,
      environment: {
        uid: 'uid-1',
        ...alicesApi,
        name: 'acme-api',
        request,
        recorded: { status: 'started', request, instanceId: 'i-1', updatedAt: started.updatedAt, ranAt: started.observed?.at },
      },
      operation,
    });
    expect(await readEnvironment(account.dynamodb, alicesApi)).toEqual({
      ...started,
      wanted: { ...started.wanted, power },
      lastError,
      lock: operation,
      updatedAt: expect.not.stringContaining('2026-01-01'),
    });
    expect(await claims(account)).toEqual({ 'acme-api': 'alice/acme/api' });
  });

  it.each([
    ['starting', 'pending'],
    ['started', 'running'],
    ['stopping', 'stopping'],
    ['stopped', 'stopped'],
    ['gone', 'gone'],
  ] as const)('takes an environment that is %s', async (status, state) => {
    await using account = await installed();
    await putItem(account.dynamodb, environmentKey, recordOf({ name: 'acme-api', instance, state }));
    expect(await account.run(beginOperation, begin(operation))).toMatchObject({ environment: { recorded: { status } } });
    expect(await readEnvironment(account.dynamodb, alicesApi)).toMatchObject({ wanted: { power }, lock: operation });
  });

  it('is of an environment that there is', async () => {
    await using account = await installed();
    await putItem(account.dynamodb, environmentKey, started);
    expect(await account.refusal(beginOperation, begin(operation, { repository: 'acme/web' }))).toMatchObject({
      name: 'EnvironmentNotFound',
      message: 'alice has no environment for acme/web.',
    });
    expect((await account.refusal(beginOperation, begin(operation, { owner: 'bob' }))).name).toBe('EnvironmentNotFound');
    expect((await readEnvironments(account.dynamodb)).items).toEqual([started]);
  });

  it('finds the environment however the repository is written', async () => {
    await using account = await installed();
    await putItem(account.dynamodb, environmentKey, started);
    expect(await account.run(beginOperation, begin(operation, { repository: 'Acme/API' }))).toMatchObject({ environment: alicesApi });
  });

  it('says that there is no table', async () => {
    await using account = await testAccount();
    expect((await account.refusal(beginOperation, begin(operation))).name).toBe('RecodeNotInstalled');
  });

  it('does not ask for the network', async () => {
    await using account = await installed({ status: 'deleting', before: 'ready', ids, lock: operationOf('other', 'uninstall') });
    await putItem(account.dynamodb, environmentKey, started);
    expect(await account.run(beginOperation, begin(operation))).toMatchObject({ environment: alicesApi });
  });

  it('gives the environment back the claim of its name where somebody has deleted it', async () => {
    await using account = await installed();
    await putItem(account.dynamodb, environmentKey, started);
    await account.run(beginOperation, begin(operation));
    expect(await claims(account)).toEqual({ 'acme-api': 'alice/acme/api' });
  });

  const writes = [
    ['the lock', 'UpdateItem', 0],
    ['the name', 'UpdateItem', 1],
    ['the claim of the name', 'PutItem', 0],
    ['what is wanted', 'UpdateItem', 2],
  ] as const;

  it.each(writes)('goes on where the write of %s succeeded without an answer', async (_, action, skip) => {
    await using account = await installed();
    await putItem(account.dynamodb, environmentKey, started);
    await account.aws.post('faults', { service: 'dynamodb', action, kind: 'lost-answer', skip });
    expect(await account.run(beginOperation, begin(operation))).toMatchObject({ environment: { recorded: { status: 'started' } } });
    expect(await account.aws.get('faults')).toEqual({ faults: [] });
    expect((await readEnvironments(account.dynamodb)).items).toMatchObject([{ wanted: { power }, lock: operation }]);
  });

  it.each(writes)('goes on where an attempt before died over the write of %s', async (_, action, skip) => {
    await using account = await installed();
    await putItem(account.dynamodb, environmentKey, started);
    await account.aws.post('faults', { service: 'dynamodb', action, kind: 'error', code: 'AccessDeniedException', skip });
    expect((await account.refusal(beginOperation, begin(operation))).name).toBe('PermissionMissing');
    expect(await account.run(beginOperation, begin(operation))).toMatchObject({ environment: { recorded: { status: 'started' } } });
    expect((await readEnvironments(account.dynamodb)).items).toMatchObject([{ wanted: { power }, lock: operation }]);
  });

  it('refuses an input without an environment', async () => {
    await using account = await installed();
    expect(await account.refusal(beginOperation, { ...begin(operation), input: { caller: 'alice' } })).toMatchObject({
      name: 'InputNotValid',
      message: expect.stringContaining('input.environment'),
    });
  });
});

describe('a remove', () => {
  const operation = operationOf('one', 'remove');

  it('takes an environment that never got a name, and gives it one', async () => {
    await using account = await installed();
    await putItem(account.dynamodb, environmentKey, creating);
    const { environment } = await account.run(beginOperation, begin(operation));
    expect(environment).toEqual({
      uid: 'uid-1',
      ...alicesApi,
      name: 'acme-api',
      request,
      recorded: { status: 'creating', request, instanceId: null, updatedAt: creating.updatedAt },
    });
    expect(await readEnvironment(account.dynamodb, alicesApi)).toMatchObject({
      name: 'acme-api',
      wanted: { power: 'removed' },
      lock: operation,
    });
    expect(await claims(account)).toEqual({ 'acme-api': 'alice/acme/api' });
  });

  it('gives an environment without a name one that nobody else has', async () => {
    await using account = await installed();
    await putItem(account.dynamodb, environmentKey, creating);
    await putItem(account.dynamodb, { kind: 'name', id: 'acme-api' }, { environment: 'bob/acme/api' });
    const { environment } = await account.run(beginOperation, begin(operation));
    expect(environment.name).toBe('acme-api-alice');
    expect(await claims(account)).toEqual({ 'acme-api': 'bob/acme/api', 'acme-api-alice': 'alice/acme/api' });
  });

  it.each([
    ['was never finished', named, { status: 'creating', request, instanceId: null }],
    [
      'another remove has not finished',
      recordOf({ name: 'acme-api', instance, power: 'removed' }),
      { status: 'removing', request, instanceId: 'i-1' },
    ],
    [
      'another remove has not finished, which found no instance',
      recordOf({ name: 'acme-api', power: 'removed' }),
      { status: 'removing', request, instanceId: null },
    ],
  ])('takes an environment that %s', async (_, record, recorded) => {
    await using account = await installed();
    await putItem(account.dynamodb, environmentKey, { ...record, lastError });
    const { environment } = await account.run(beginOperation, begin(operation));
    expect(environment).toMatchObject({ name: 'acme-api', recorded });
    expect(await readEnvironment(account.dynamodb, alicesApi)).toMatchObject({ wanted: { power: 'removed' }, lock: operation, lastError });
  });
});
