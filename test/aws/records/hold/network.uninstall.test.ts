import * as v from 'valibot';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { beginDeletion, networkToEnter, releaseNetwork, takeNetworkToUninstall } from '../../../../aws/records/hold/network.ts';
import { deleteItem, putItem } from '../../../../aws/records/hold/table.ts';
import { readNetwork } from '../../../../aws/records/read/network.ts';
import { readItem } from '../../../../aws/records/read/table.ts';
import type { Operation } from '../../../../core/operation.ts';
import { type TestAccount, testAccount } from '../../../functions/account.ts';
import { networkIds as ids, operationOf } from '../../../functions/documents.ts';
import { closeHolder, holderPackage, startHolder } from '../../../harness/holders.ts';

const quietMilliseconds = 35_000;
const me = operationOf('me');
const uninstalling = operationOf('me', 'uninstall');

let account: TestAccount;
beforeAll(async () => {
  account = await testAccount({ packageDirectory: holderPackage() });
  await account.createTable();
});
afterAll(() => account[Symbol.asyncDispose]());
beforeEach(() => remove());

const key = { kind: 'network', id: 'network' } as const;
const remove = () => deleteItem(account.dynamodb, key, { when: 'attribute_exists(#kind)', values: {} });
const put = (network: Record<string, unknown>) => putItem(account.dynamodb, key, { format: 2, installation: 'installation-1', ...network });
const read = () => readNetwork(account.dynamodb);
const take = (operation: Operation, now = account.aws.clock.now()) => takeNetworkToUninstall(account.dynamodb, account.sfn, operation, now);
const enter = (now = account.aws.clock.now()) => networkToEnter(account.dynamodb, account.sfn, now);
const release = (operation: Operation, now = 1_000) => releaseNetwork(account.dynamodb, operation, now);
const startUninstall = async (): Promise<Operation> => ({ ...(await startHolder(account.sfn)), kind: 'uninstall' });
const refusal = (call: Promise<unknown>) =>
  call.then(
    () => 'none',
    ({ name }: Error) => name,
  );

describe('networkToEnter', () => {
  it('is whatever is not being uninstalled, as it is, and made where there is none', async () => {
    expect(await enter()).toEqual({ format: 2, status: 'creating', installation: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    await remove();
    await put({ status: 'creating', lock: operationOf('other') });
    expect(await enter(1)).toEqual({ format: 2, status: 'creating', installation: 'installation-1', lock: operationOf('other') });
    await remove();
    await put({ status: 'ready', ids });
    expect(await enter()).toEqual({ format: 2, status: 'ready', installation: 'installation-1', ids });
  });

  it('is refused while an uninstall runs, and waited for until the last Lambda of one that died must be dead', async () => {
    const uninstall = await startUninstall();
    await put({ status: 'deleting', before: 'ready', ids, lock: uninstall });
    await expect(enter()).rejects.toMatchObject({ name: 'UninstallInProgress', message: 'Recode is being uninstalled from this region.' });
    const closedAt = await closeHolder(account.sfn, uninstall);
    expect(await refusal(enter(closedAt + quietMilliseconds - 1))).toBe('OperationSettling');
    expect(await enter(closedAt + quietMilliseconds)).toEqual({ format: 2, status: 'ready', installation: 'installation-1', ids });
    expect(await read()).toEqual({ format: 2, status: 'ready', installation: 'installation-1', ids });
  });

  it('is restored where nobody holds it though it is marked', async () => {
    await put({ status: 'deleting', before: 'creating', lock: { quietUntil: 1_000 } });
    expect(await refusal(enter(999))).toBe('OperationSettling');
    expect(await enter(1_000)).toEqual({ format: 2, status: 'creating', installation: 'installation-1' });
  });

  it('is restored once, however many come at once', async () => {
    const uninstall = await startUninstall();
    await put({ status: 'deleting', before: 'ready', ids, lock: uninstall });
    const now = (await closeHolder(account.sfn, uninstall)) + quietMilliseconds;
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => refusal(enter(now))));
    expect(outcomes).toContain('none');
    expect(['none', 'OperationSettling']).toEqual(expect.arrayContaining(outcomes));
    expect(await read()).toEqual({ format: 2, status: 'ready', installation: 'installation-1', ids });
  });
});

describe('takeNetworkToUninstall', () => {
  it.each([
    ['ready', { status: 'ready', ids }, { before: 'ready', ids }],
    ['creating', { status: 'creating' }, { before: 'creating' }],
    ['left deleting by nobody', { status: 'deleting', before: 'ready', ids }, { before: 'ready', ids }],
  ])('marks a network that is %s, remembering what it was, and is content with having it already', async (_, network, marked) => {
    await put(network);
    const taken = { format: 2, status: 'deleting', installation: 'installation-1', ...marked, lock: uninstalling };
    expect(await take(uninstalling)).toEqual(taken);
    expect(await take(uninstalling)).toEqual(taken);
    expect(await read()).toEqual(taken);
  });

  it('makes the record where there is none', async () => {
    expect(await take(uninstalling)).toMatchObject({ status: 'deleting', before: 'creating', lock: uninstalling });
  });

  it('is refused while an execution that runs holds the network, and waits until the last Lambda of one that died must be dead', async () => {
    const holder = await startHolder(account.sfn, 'bob');
    await put({ status: 'creating', lock: holder });
    await expect(take(uninstalling)).rejects.toMatchObject({
      name: 'OperationInProgress',
      message: `A start is running on the network; bob started it at ${holder.startedAt}.`,
      data: { subject: 'the network', operation: holder },
    });
    const closedAt = await closeHolder(account.sfn, holder);
    expect(await refusal(take(uninstalling, closedAt + quietMilliseconds - 1))).toBe('OperationSettling');
    expect(await take(uninstalling, closedAt + quietMilliseconds)).toMatchObject({ status: 'deleting', before: 'creating' });
  });

  it('waits for the quiet time after a failure', async () => {
    await put({ status: 'creating', lock: { quietUntil: 1_000_000 } });
    expect(await refusal(take(uninstalling, 999_999))).toBe('OperationSettling');
    expect(await take(uninstalling, 1_000_000)).toMatchObject({ lock: uninstalling });
  });

  it('lets exactly one of many take over from an uninstall that died, remembering what the network was before that', async () => {
    const dead = await startUninstall();
    await put({ status: 'deleting', before: 'ready', ids, lock: dead });
    const now = (await closeHolder(account.sfn, dead)) + quietMilliseconds;
    const operations = Array.from({ length: 6 }, (_, number) => operationOf(`taker-${number}`, 'uninstall'));
    const outcomes = await Promise.all(operations.map((operation) => refusal(take(operation, now))));
    expect(outcomes.toSorted()).toEqual([...Array.from({ length: 5 }, () => 'OperationSettling'), 'none']);
    const lock = operations[outcomes.indexOf('none')];
    expect(await read()).toEqual({ format: 2, status: 'deleting', installation: 'installation-1', before: 'ready', ids, lock });
  });

  it('is content with a mark whose answer was lost', async () => {
    await put({ status: 'ready', ids });
    await account.aws.post('faults', { service: 'dynamodb', action: 'UpdateItem', kind: 'lost-answer' });
    expect(await take(uninstalling)).toMatchObject({ lock: uninstalling });
  });
});

describe('beginDeletion', () => {
  it('counts the network as incomplete from now on, also when it is repeated', async () => {
    await put({ status: 'deleting', before: 'ready', ids, lock: uninstalling });
    await beginDeletion(account.dynamodb, uninstalling);
    await beginDeletion(account.dynamodb, uninstalling);
    expect(await read()).toEqual({ format: 2, status: 'deleting', before: 'creating', installation: 'installation-1', lock: uninstalling });
  });

  it('is content with a record whose answer was lost', async () => {
    await put({ status: 'deleting', before: 'ready', ids, lock: uninstalling });
    await account.aws.post('faults', { service: 'dynamodb', action: 'UpdateItem', kind: 'lost-answer' });
    await beginDeletion(account.dynamodb, uninstalling);
    expect(await read()).toMatchObject({ before: 'creating' });
  });

  it.each([
    ['another execution has', { status: 'deleting', before: 'ready', ids, lock: operationOf('other', 'uninstall') }],
    ['nobody has', { status: 'ready', ids }],
  ])('begins nothing where %s the network', async (_, network) => {
    await put(network);
    await expect(beginDeletion(account.dynamodb, uninstalling)).rejects.toMatchObject({
      name: 'LockLost',
      message: 'Another execution has taken the network over.',
    });
    expect(await read()).toEqual({ format: 2, installation: 'installation-1', ...network });
  });
});

describe('releaseNetwork', () => {
  it.each([
    ['a start’s', { status: 'creating', lock: me }, me],
    ['an uninstall’s that had begun to delete', { status: 'deleting', before: 'creating', lock: uninstalling }, uninstalling],
  ])('lets go of %s network, which is incomplete and quiet then', async (_, network, operation) => {
    await put(network);
    await release(operation, 1_000);
    expect(await read()).toEqual({
      format: 2,
      status: 'creating',
      installation: 'installation-1',
      lock: { quietUntil: 1_000 + quietMilliseconds },
    });
  });

  it('gives an uninstall’s network back that is complete', async () => {
    await put({ status: 'deleting', before: 'ready', ids, lock: uninstalling });
    await release(uninstalling);
    const { kind, id } = key;
    expect(await readItem(account.dynamodb, key, v.looseObject({}))).toEqual({
      kind,
      id,
      format: 2,
      status: 'ready',
      installation: 'installation-1',
      ids,
    });
  });

  it('leaves a network that somebody else holds, or that is not there', async () => {
    await release(me);
    expect(await read()).toBeUndefined();
    await put({ status: 'creating', lock: operationOf('other') });
    await release(me);
    expect(await read()).toEqual({ format: 2, status: 'creating', installation: 'installation-1', lock: operationOf('other') });
  });
});
