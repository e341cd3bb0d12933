import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readOrPutNetwork, releaseReadyNetwork, takeNetworkToCreate } from '../../../../aws/records/hold/network.ts';
import { deleteItem, putItem } from '../../../../aws/records/hold/table.ts';
import { readNetwork } from '../../../../aws/records/read/network.ts';
import type { Operation } from '../../../../core/operation.ts';
import { type TestAccount, testAccount } from '../../../functions/account.ts';
import { networkIds as ids, operationOf } from '../../../functions/documents.ts';
import { closeHolder, holderPackage, startHolder } from '../../../harness/holders.ts';

const quietMilliseconds = 35_000;
const me = operationOf('me');

let account: TestAccount;
beforeAll(async () => {
  account = await testAccount({ packageDirectory: holderPackage() });
  await account.createTable();
});
afterAll(() => account[Symbol.asyncDispose]());
beforeEach(() => remove());

const remove = () => deleteItem(account.dynamodb, { kind: 'network', id: 'network' }, { when: 'attribute_exists(#kind)', values: {} });
const put = (network: Record<string, unknown>) =>
  putItem(account.dynamodb, { kind: 'network', id: 'network' }, { format: 2, installation: 'installation-1', ...network });
const read = () => readNetwork(account.dynamodb);
const claim = (operation: Operation, now = account.aws.clock.now()) => takeNetworkToCreate(account.dynamodb, account.sfn, operation, now);
const startUninstall = async (): Promise<Operation> => ({ ...(await startHolder(account.sfn)), kind: 'uninstall' });
const refusal = (call: Promise<unknown>) =>
  call.then(
    () => 'none',
    ({ name }: Error) => name,
  );

describe('readOrPutNetwork', () => {
  it('puts one fresh installation, however many come at once', async () => {
    const networks = await Promise.all(Array.from({ length: 6 }, () => readOrPutNetwork(account.dynamodb)));
    const recorded = await read();
    expect(recorded).toEqual({ format: 2, status: 'creating', installation: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect(new Set(networks.map(({ installation }) => installation))).toEqual(new Set([recorded?.installation]));
  });

  it('leaves the network that is there', async () => {
    await put({ status: 'ready', ids });
    expect(await readOrPutNetwork(account.dynamodb)).toEqual({ format: 2, status: 'ready', installation: 'installation-1', ids });
  });
});

describe('takeNetworkToCreate', () => {
  it('takes a network that nobody holds, and is content with having it already', async () => {
    await put({ status: 'creating' });
    const claimed = { format: 2, status: 'creating', installation: 'installation-1', lock: me };
    expect(await claim(me)).toEqual(claimed);
    expect(await claim(me)).toEqual(claimed);
    expect(await read()).toEqual(claimed);
  });

  it('finds a ready network ready, and leaves it unheld', async () => {
    await put({ status: 'ready', ids });
    expect(await claim(me)).toEqual({ format: 2, status: 'ready', installation: 'installation-1', ids });
    expect(await read()).not.toHaveProperty('lock');
  });

  it('lets exactly one of many take it', async () => {
    await put({ status: 'creating' });
    const operations = await Promise.all(Array.from({ length: 6 }, () => startHolder(account.sfn)));
    const outcomes = await Promise.all(operations.map((operation) => refusal(claim(operation))));
    const winner = outcomes.indexOf('none');
    expect(outcomes.toSorted()).toEqual(['NetworkBusy', 'NetworkBusy', 'NetworkBusy', 'NetworkBusy', 'NetworkBusy', 'none']);
    expect((await read())?.lock).toEqual(operations[winner]);
  });

  it('waits while an execution that runs holds it', async () => {
    const holder = await startHolder(account.sfn, 'bob');
    await put({ status: 'creating', lock: holder });
    await expect(claim(me)).rejects.toMatchObject({
      name: 'NetworkBusy',
      message: `The network is locked. A start is running on it; bob started it at ${holder.startedAt}.`,
    });
    expect((await read())?.lock).toEqual(holder);
  });

  it('waits until the last Lambda of a closed execution must be dead, then takes it over', async () => {
    const holder = await startHolder(account.sfn);
    await put({ status: 'creating', lock: holder });
    const closedAt = await closeHolder(account.sfn, holder);
    expect(await refusal(claim(me, closedAt + quietMilliseconds - 1))).toBe('NetworkBusy');
    expect(await claim(me, closedAt + quietMilliseconds)).toMatchObject({ lock: me });
  });

  it('counts an execution that Step Functions does not know as running for fifteen minutes', async () => {
    await put({ status: 'creating', lock: operationOf('unknown') });
    const startedAt = Date.parse(operationOf('unknown').startedAt);
    expect(await refusal(claim(me, startedAt + 15 * 60_000 - 1))).toBe('NetworkBusy');
    expect(await claim(me, startedAt + 15 * 60_000)).toMatchObject({ lock: me });
  });

  it('waits for the quiet time after a failure', async () => {
    await put({ status: 'creating', lock: { quietUntil: 1_000_000 } });
    await expect(claim(me, 999_999)).rejects.toMatchObject({
      name: 'NetworkBusy',
      message: 'The network is locked. Its last operation failed moments ago; its last calls may still be running.',
    });
    expect(await claim(me, 1_000_000)).toEqual({ format: 2, status: 'creating', installation: 'installation-1', lock: me });
  });

  it('restores a network that an uninstall died over to what it was before: ready', async () => {
    const uninstall = await startUninstall();
    await put({ status: 'deleting', before: 'ready', ids, lock: uninstall });
    const closedAt = await closeHolder(account.sfn, uninstall);
    const restored = { format: 2, status: 'ready', installation: 'installation-1', ids };
    expect(await claim(me, closedAt + quietMilliseconds)).toEqual(restored);
    expect(await read()).toEqual(restored);
  });

  it('restores a network that an uninstall had begun to delete to creating, and holds it', async () => {
    const uninstall = await startUninstall();
    await put({ status: 'deleting', before: 'creating', lock: uninstall });
    const closedAt = await closeHolder(account.sfn, uninstall);
    expect(await claim(me, closedAt + quietMilliseconds)).toEqual({
      format: 2,
      status: 'creating',
      installation: 'installation-1',
      lock: me,
    });
  });

  it('is restored once and held by one, however many come at once', async () => {
    const uninstall = await startUninstall();
    await put({ status: 'deleting', before: 'creating', lock: uninstall });
    const now = (await closeHolder(account.sfn, uninstall)) + quietMilliseconds;
    const operations = await Promise.all(Array.from({ length: 6 }, () => startHolder(account.sfn)));
    const outcomes = await Promise.all(operations.map((operation) => refusal(claim(operation, now))));
    expect(outcomes.filter((outcome) => outcome === 'none').length).toBeLessThanOrEqual(1);
    expect(['none', 'NetworkBusy']).toEqual(expect.arrayContaining(outcomes));
    // Whoever restored it may have lost it to another one; all but one come back.
    const again = await Promise.all(operations.map((operation) => refusal(claim(operation, now))));
    expect(again.toSorted()).toEqual([...Array.from({ length: 5 }, () => 'NetworkBusy'), 'none']);
    expect(await read()).toEqual({
      format: 2,
      status: 'creating',
      installation: 'installation-1',
      lock: operations[again.indexOf('none')],
    });
  });

  it('waits while an uninstall that runs deletes it: it will refuse', async () => {
    const uninstall = await startUninstall();
    await put({ status: 'deleting', before: 'ready', ids, lock: uninstall });
    expect(await refusal(claim(me))).toBe('NetworkBusy');
    expect((await read())?.status).toBe('deleting');
  });

  it('notices that Recode was uninstalled meanwhile', async () => {
    expect(await refusal(claim(me))).toBe('LockLost');
  });

  it('is content with a claim whose answer was lost', async () => {
    await put({ status: 'creating' });
    await account.aws.post('faults', { service: 'dynamodb', action: 'UpdateItem', kind: 'lost-answer' });
    expect(await claim(me)).toMatchObject({ lock: me });
  });
});

describe('releaseReadyNetwork', () => {
  it('records only for the execution that holds the network', async () => {
    await put({ status: 'creating', lock: operationOf('other') });
    expect(await refusal(releaseReadyNetwork(account.dynamodb, me, ids))).toBe('LockLost');
    expect((await read())?.status).toBe('creating');
  });

  it('is content with its own earlier record, also where the answer was lost', async () => {
    await put({ status: 'creating', lock: me });
    await account.aws.post('faults', { service: 'dynamodb', action: 'UpdateItem', kind: 'lost-answer' });
    const recorded = { format: 2, status: 'ready', installation: 'installation-1', ids };
    expect(await releaseReadyNetwork(account.dynamodb, me, ids)).toEqual(recorded);
    expect(await releaseReadyNetwork(account.dynamodb, me, ids)).toEqual(recorded);
    expect(await read()).toEqual(recorded);
  });

  it('does not take somebody else’s network for its own earlier record', async () => {
    await put({ status: 'ready', ids: { ...ids, vpcId: 'vpc-2' } });
    expect(await refusal(releaseReadyNetwork(account.dynamodb, me, ids))).toBe('LockLost');
  });
});
