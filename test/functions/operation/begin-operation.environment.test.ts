import { describe, expect, it } from 'vitest';
import { readEnvironment, readEnvironments } from '../../../aws/records/environment.ts';
import { putItem } from '../../../aws/records/table.ts';
import { beginOperation } from '../../../functions/operation/begin-operation.ts';
import { testAccount } from '../account.ts';
import { networkIds as ids, instance, operationOf, request } from '../documents.ts';
import { alicesApi, begin, claims, environmentKey, installed, recordOf } from '../installed.ts';

/** Of each status, an environment that nobody holds. */
const creating = recordOf({ status: 'creating' });
const named = { ...creating, name: 'acme-api' };
const whole = { ...named, instance };
const started = { ...whole, status: 'started', publicIpAddress: '127.64.0.1' };
const lastError = { name: 'NoCapacity', message: 'no t2.medium', at: creating.createdAt };

describe.each(['stop', 'remove'] as const)('a %s', (kind) => {
  const operation = { ...operationOf('one', kind), owner: 'bob' };
  const during = { stop: 'stopping', remove: 'removing' }[kind];

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
        recorded: { status: 'started', request, instanceId: 'i-1', updatedAt: started.updatedAt },
      },
      operation,
    });
    expect(await readEnvironment(account.dynamodb, alicesApi)).toEqual({
      ...whole,
      status: during,
      lastError,
      operation,
      updatedAt: expect.not.stringContaining('2026-01-01'),
    });
    expect(await claims(account)).toEqual({ 'acme-api': 'alice/acme/api' });
  });

  it.each(['starting', 'started', 'stopping', 'stopped'])('takes an environment that is %s', async (status) => {
    await using account = await installed();
    await putItem(account.dynamodb, environmentKey, { ...started, status });
    expect(await account.run(beginOperation, begin(operation))).toMatchObject({ environment: { recorded: { status } } });
    expect(await readEnvironment(account.dynamodb, alicesApi)).toMatchObject({ status: during, operation });
  });

  it('is of an environment that there is', async () => {
    await using account = await installed();
    await putItem(account.dynamodb, environmentKey, started);
    expect(await account.refusal(beginOperation, begin(operation, { repository: 'acme/web' }))).toMatchObject({
      name: 'EnvironmentNotFound',
      message: 'alice has no environment for acme/web.',
    });
    expect((await account.refusal(beginOperation, begin(operation, { owner: 'bob' }))).name).toBe('EnvironmentNotFound');
    expect(await readEnvironments(account.dynamodb)).toEqual([started]);
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
    await using account = await installed({ status: 'deleting', before: 'ready', ids, operation: operationOf('other', 'uninstall') });
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
    ['the operation', 'UpdateItem', 0],
    ['the name', 'UpdateItem', 1],
    ['the claim of the name', 'PutItem', 0],
    ['the status', 'UpdateItem', 2],
  ] as const;

  it.each(writes)('goes on where the write of %s succeeded without an answer', async (_, action, skip) => {
    await using account = await installed();
    await putItem(account.dynamodb, environmentKey, started);
    await account.aws.post('faults', { service: 'dynamodb', action, kind: 'lost-answer', skip });
    expect(await account.run(beginOperation, begin(operation))).toMatchObject({ environment: { recorded: { status: 'started' } } });
    expect(await account.aws.get('faults')).toEqual({ faults: [] });
    expect(await readEnvironments(account.dynamodb)).toMatchObject([{ status: during, operation }]);
  });

  it.each(writes)('goes on where an attempt before died over the write of %s', async (_, action, skip) => {
    await using account = await installed();
    await putItem(account.dynamodb, environmentKey, started);
    await account.aws.post('faults', { service: 'dynamodb', action, kind: 'error', code: 'AccessDeniedException', skip });
    expect((await account.refusal(beginOperation, begin(operation))).name).toBe('PermissionMissing');
    expect(await account.run(beginOperation, begin(operation))).toMatchObject({ environment: { recorded: { status: 'started' } } });
    expect(await readEnvironments(account.dynamodb)).toMatchObject([{ status: during, operation }]);
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
    expect(await readEnvironment(account.dynamodb, alicesApi)).toMatchObject({ name: 'acme-api', status: 'removing', operation });
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
    ['another remove has not finished', { ...whole, status: 'removing' }, { status: 'removing', request, instanceId: 'i-1' }],
    [
      'another remove has not finished, which found no instance',
      { ...named, status: 'removing' },
      { status: 'removing', request, instanceId: null },
    ],
  ])('takes an environment that %s', async (_, record, recorded) => {
    await using account = await installed();
    await putItem(account.dynamodb, environmentKey, { ...record, lastError });
    const { environment } = await account.run(beginOperation, begin(operation));
    expect(environment).toMatchObject({ name: 'acme-api', recorded });
    expect(await readEnvironment(account.dynamodb, alicesApi)).toMatchObject({ status: 'removing', operation, lastError });
  });
});
