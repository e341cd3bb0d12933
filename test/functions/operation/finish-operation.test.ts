import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { putItem } from '../../../aws/records/hold/table.ts';
import { readEnvironment } from '../../../aws/records/read/environment.ts';
import { readItem } from '../../../aws/records/read/table.ts';
import { RemoveOutput, StartOutput, StopOutput } from '../../../core/document.ts';
import { type EnvironmentOperationKind, kindsWith } from '../../../core/operations.ts';
import { beginOperation } from '../../../functions/operation/begin-operation.ts';
import { finishOperation } from '../../../functions/operation/finish-operation.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { environment, foundPlan, instance, launchPlan, operationOf, publicKey, request } from '../documents.ts';
import { afterWrite, begin, claims, environmentKey, recordOf } from '../installed.ts';

const lastError = { name: 'NoCapacity', message: 'none', at: '2026-01-01T00:00:00.000Z' };
const publicIpAddress = '127.64.0.1';
const named = recordOf({ name: 'acme-api' });
const subject = { owner: 'alice', repository: 'acme/api', name: 'acme-api' };
const updatedNow = ({ aws }: TestAccount) => expect.stringContaining(new Date(aws.clock.now()).toISOString().slice(0, 13));

/** Each operation's document as FinishOperation meets it, and the record that it finds. */
const operations = {
  start: {
    document: {
      kind: 'start',
      environment,
      operation: operationOf('one'),
      request: { publicKey: publicKey() },
      plan: launchPlan,
      launch: { instanceId: 'i-1' },
      instance: { ...instance, publicIpAddress },
    },
    record: named,
  },
  stop: {
    document: {
      kind: 'stop',
      environment: { ...environment, recorded: { status: 'started', request, instanceId: 'i-1' } },
      operation: operationOf('one', 'stop'),
      instances: { instanceIds: ['i-1'], changed: true },
      instance,
    },
    record: recordOf({ name: 'acme-api', power: 'off', instance, publicIpAddress, stopAt: '2026-01-01T20:00:00.000Z' }),
  },
  restart: {
    document: {
      kind: 'restart',
      environment: { ...environment, recorded: { status: 'started', request, instanceId: 'i-1' } },
      operation: operationOf('one', 'restart'),
      plan: foundPlan('i-1'),
      instance: { ...instance, publicIpAddress },
    },
    record: recordOf({ name: 'acme-api', instance, state: 'stopped', stopAt: '2026-01-01T20:00:00.000Z' }),
  },
  move: {
    document: {
      kind: 'move',
      environment: { ...environment, request: { ...request, restore: true }, recorded: { status: 'stopped', request, instanceId: 'i-1' } },
      operation: operationOf('one', 'move'),
      plan: launchPlan,
      launch: { instanceId: 'i-2' },
      instance: { ...instance, instanceId: 'i-2', publicIpAddress },
    },
    record: recordOf({ name: 'acme-api', request: { ...request, restore: true }, instance, state: 'gone' }),
  },
  rename: {
    document: {
      kind: 'rename',
      environment: { ...environment, name: 'billing', formerNames: ['acme-api'] },
      operation: operationOf('one', 'rename'),
    },
    record: recordOf({ name: 'billing', formerNames: ['acme-api'], instance, publicIpAddress }),
  },
  transfer: {
    document: {
      kind: 'transfer',
      environment,
      operation: operationOf('one', 'transfer'),
      formerOwner: 'carol',
      instance,
    },
    record: recordOf({ name: 'acme-api', power: 'off', instance, state: 'stopped', transferFrom: 'carol' }),
  },
  remove: {
    document: { kind: 'remove', environment, operation: operationOf('one', 'remove'), instances: { instanceIds: ['i-1'] } },
    record: recordOf({ name: 'acme-api', power: 'removed', instance, publicIpAddress }),
  },
} as const;
const { start, stop, remove } = operations;

describe.each(kindsWith({ on: 'environment' }))('finishOperation of a %s', (kind) => {
  const { document, record } = operations[kind];

  it('answers the same when it runs again, and changes nothing any more', async () => {
    await using account = await holding(kind);
    const first = await account.run(finishOperation, document);
    const before = await readEnvironment(account.dynamodb, environment);
    expect(before?.lock).toBeUndefined();
    expect(await account.run(finishOperation, document)).toEqual(first);
    expect(await readEnvironment(account.dynamodb, environment)).toEqual(before);
  });

  it('changes nothing where another operation has taken over', async () => {
    await using account = await holding(kind, { lock: operationOf('other', 'stop') });
    const before = await readEnvironment(account.dynamodb, environment);
    await account.run(finishOperation, document);
    expect(await readEnvironment(account.dynamodb, environment)).toEqual(before);
    expect(before).toEqual({ ...record, lock: operationOf('other', 'stop') });
    expect(await claims(account)).toEqual({ 'acme-api': 'alice/acme/api' });
  });
});

it.each([start, stop])('finishOperation of a $document.kind says that there is no table', async ({ document }) => {
  await using account = await testAccount();
  expect((await account.refusal(finishOperation, document)).name).toBe('RecodeNotInstalled');
});

describe('finishOperation of a start', () => {
  it('records the environment as started, lets go of it and forgets the failures before', async () => {
    await using account = await holding('start', { lastError });
    const output = await account.run(finishOperation, start.document);
    expect(output).toEqual({
      ...subject,
      status: 'started',
      created: true,
      changed: true,
      instanceId: 'i-1',
      instanceType: 't2.medium',
      publicIpAddress,
      hostKey: 'ssh-ed25519 AAAA',
      publicKey: publicKey(),
      allowCidrs: ['0.0.0.0/0'],
      idleStop: 'off',
      stopAt: expect.stringMatching(/T20:00:00\.000Z$/),
    });
    expect(v.is(StartOutput, output)).toBe(true);
    const { stopAt } = output as StartOutput;
    expect(await readEnvironment(account.dynamodb, environment)).toEqual({
      ...named,
      wanted: { ...request, power: 'on', stopAt },
      observed: { ...instance, state: 'running', publicIpAddress, at: updatedNow(account) },
      lastOperations: [{ ...start.document.operation, endedAt: updatedNow(account) }],
      updatedAt: updatedNow(account),
    });
    expect(await claims(account)).toEqual({ 'acme-api': 'alice/acme/api' });
  });

  it('is content with a record whose answer was lost', async () => {
    await using account = await holding('start');
    await account.aws.post('faults', { service: 'dynamodb', action: 'UpdateItem', kind: 'lost-answer' });
    await account.run(finishOperation, start.document);
    expect(await readEnvironment(account.dynamodb, environment)).toMatchObject({ observed: { state: 'running' } });
  });

  it('refuses an instance without an address', async () => {
    await using account = await holding('start');
    expect(await account.refusal(finishOperation, { ...start.document, instance })).toMatchObject({
      name: 'InputNotValid',
      message: expect.stringContaining('instance.publicIpAddress'),
    });
  });
});

describe('finishOperation of what changes nothing', () => {
  const updatedAt = '2026-11-01T12:00:00.000Z';

  it.each([
    ['found started', 'nothing', 'started', true],
    ['started from stopped', 'start', 'stopped', false],
    ['found running, but recorded as stopped', 'nothing', 'stopped', false],
  ] as const)('keeps the time since when an environment is what it is: %s', async (_, action, status, kept) => {
    await using account = await holding('start');
    const recorded = { status, request, instanceId: 'i-1', updatedAt };
    const found = { plan: foundPlan('i-1', action), launch: undefined, environment: { ...start.document.environment, recorded } };
    expect(await account.run(finishOperation, { ...start.document, ...found })).toMatchObject({ created: false, changed: !kept });
    const { updatedAt: after } = (await readEnvironment(account.dynamodb, environment)) ?? {};
    expect(after === updatedAt).toBe(kept);
  });

  it.each([
    ['stopped already', 'stopped', false, true],
    ['stopped from started', 'started', true, false],
    ['recorded as stopped, but running', 'stopped', true, false],
  ])('keeps the time since when an environment is stopped: %s', async (_, status, changed, kept) => {
    await using account = await holding('stop');
    const found = { ...stop.document.environment, recorded: { status, request, instanceId: 'i-1', updatedAt } };
    await account.run(finishOperation, { ...stop.document, environment: found, instances: { instanceIds: ['i-1'], changed } });
    const { updatedAt: after } = (await readEnvironment(account.dynamodb, environment)) ?? {};
    expect(after === updatedAt).toBe(kept);
  });
});

describe('finishOperation of a stop', () => {
  const stopped = (account: TestAccount) => ({
    ...named,
    wanted: { ...request, power: 'off' },
    observed: { ...instance, state: 'stopped', at: updatedNow(account) },
    lastOperations: [{ ...stop.document.operation, endedAt: updatedNow(account) }],
    updatedAt: updatedNow(account),
  });

  it('records the environment as stopped, without an address, lets go of it and forgets the failures before', async () => {
    await using account = await holding('stop', { lastError });
    const output = await account.run(finishOperation, stop.document);
    expect(output).toEqual({ ...subject, status: 'stopped', changed: true, instanceId: 'i-1', instanceType: 't2.medium' });
    expect(v.is(StopOutput, output)).toBe(true);
    expect(await readItem(account.dynamodb, environmentKey, v.looseObject({}))).toEqual({ ...environmentKey, ...stopped(account) });
    expect(await claims(account)).toEqual({ 'acme-api': 'alice/acme/api' });
  });

  it('keeps the recorded instance where what EC2 shows is not enough to record', async () => {
    await using account = await holding('stop');
    const output = await account.run(finishOperation, { ...stop.document, instance: null });
    expect(output).toEqual({ ...subject, status: 'stopped', changed: true, instanceId: 'i-1', instanceType: 't2.medium' });
    expect(await readItem(account.dynamodb, environmentKey, v.looseObject({}))).toEqual({ ...environmentKey, ...stopped(account) });
  });

  it.each([
    ['the instance was running, as recorded', 'started', true, true],
    ['the instance was stopped by hand', 'started', false, true],
    ['somebody had started the stopped instance by hand', 'stopped', true, true],
    ['it was stopped already', 'stopped', false, false],
  ] as const)('tells whether anything changed: %s', async (_, status, changed, expected) => {
    await using account = await holding('stop');
    const found = { ...stop.document.environment, recorded: { status, request, instanceId: 'i-1' } };
    const instances = { instanceIds: ['i-1'], changed };
    const output = await account.run(finishOperation, { ...stop.document, environment: found, instances });
    expect(output).toMatchObject({ status: 'stopped', changed: expected });
  });

  it('is content with a record whose answer was lost', async () => {
    await using account = await holding('stop');
    await account.aws.post('faults', { service: 'dynamodb', action: 'UpdateItem', kind: 'lost-answer' });
    await account.run(finishOperation, stop.document);
    expect(await readEnvironment(account.dynamodb, environment)).toMatchObject({ observed: { ...instance, state: 'stopped' } });
  });
});

describe('finishOperation of a remove', () => {
  it('is done where an uninstall has deleted the table since an attempt before', async () => {
    await using account = await testAccount();
    expect(await account.run(finishOperation, remove.document)).toMatchObject({ status: 'removed', keptUntil: null });
  });

  it('deletes the claim of the name and then the record', async () => {
    await using account = await holding('remove', { lastError });
    const left: unknown[] = [];
    afterWrite(account, 'DeleteItemCommand', async () =>
      left.push(await claims(account), await readEnvironment(account.dynamodb, environment)),
    );
    const output = await account.run(finishOperation, remove.document);
    expect(output).toEqual({ ...subject, status: 'removed', keptUntil: null });
    expect(v.is(RemoveOutput, output)).toBe(true);
    expect(left).toEqual([{}, expect.objectContaining({ lock: remove.document.operation })]);
    expect(await claims(account)).toEqual({});
    expect(await readEnvironment(account.dynamodb, environment)).toBeUndefined();
  });

  it.each([
    ['claim', 0],
    ['record', 1],
  ])('is content with a %s whose answer was lost', async (_, skip) => {
    await using account = await holding('remove');
    await account.aws.post('faults', { service: 'dynamodb', action: 'DeleteItem', kind: 'lost-answer', skip });
    expect(await account.run(finishOperation, remove.document)).toMatchObject({ status: 'removed' });
    expect(await account.aws.get('faults')).toEqual({ faults: [] });
    expect(await claims(account)).toEqual({});
    expect(await readEnvironment(account.dynamodb, environment)).toBeUndefined();
  });

  it.each([
    ['claim', 0],
    ['record', 1],
  ])('goes on where an attempt before died over the %s', async (_, skip) => {
    await using account = await holding('remove');
    await account.aws.post('faults', { service: 'dynamodb', action: 'DeleteItem', kind: 'error', code: 'AccessDeniedException', skip });
    expect((await account.refusal(finishOperation, remove.document)).name).toBe('PermissionMissing');
    expect(await account.run(finishOperation, remove.document)).toMatchObject({ status: 'removed' });
    expect(await claims(account)).toEqual({});
    expect(await readEnvironment(account.dynamodb, environment)).toBeUndefined();
  });

  it('leaves the environment that a start has made anew since an attempt before', async () => {
    await using account = await holding('remove');
    await account.run(finishOperation, remove.document);
    await account.run(beginOperation, begin(operationOf('next')));
    const anew = await readEnvironment(account.dynamodb, environment);
    expect(await account.run(finishOperation, remove.document)).toMatchObject({ status: 'removed' });
    expect(await readEnvironment(account.dynamodb, environment)).toEqual(anew);
    expect(anew).toMatchObject({ wanted: { power: 'on' }, lock: operationOf('next') });
    expect(await claims(account)).toEqual({ 'acme-api': 'alice/acme/api' });
  });

  it('leaves a claim that is another environment’s', async () => {
    await using account = await holding('remove');
    await putItem(
      account.dynamodb,
      { kind: 'name', id: 'acme-api' },
      { environment: 'bob/acme/api' },
      { when: 'attribute_exists(#kind)', values: {} },
    );
    await account.run(finishOperation, remove.document);
    expect(await claims(account)).toEqual({ 'acme-api': 'bob/acme/api' });
    expect(await readEnvironment(account.dynamodb, environment)).toBeUndefined();
  });
});

it('refuses a document of an operation that it does not finish', async () => {
  await using account = await holding('start');
  const uninstall = { ...remove.document, kind: 'uninstall' };
  expect(await account.refusal(finishOperation, uninstall)).toMatchObject({
    name: 'InputNotValid',
    message: expect.stringContaining('kind'),
  });
});

/** An account with the record that an operation finds in the end, held by it unless said otherwise, and the claim of its name. */
async function holding(kind: EnvironmentOperationKind, fields: object = {}): Promise<TestAccount> {
  const account = await testAccount();
  await account.createTable();
  const { document, record } = operations[kind];
  await putItem(account.dynamodb, environmentKey, { ...record, lock: document.operation, ...fields });
  await putItem(account.dynamodb, { kind: 'name', id: 'acme-api' }, { environment: 'alice/acme/api', uid: 'uid-1' });
  return account;
}
