import { describe, expect, it } from 'vitest';
import { change, deleteEnvironment, leaveEnvironment, release } from '../../../../aws/records/hold/environment.ts';
import { beginDeletion, releaseNetwork, releaseReadyNetwork, takeNetworkToCreate } from '../../../../aws/records/hold/network.ts';
import { networkKey } from '../../../../aws/records/read/network.ts';
import { readAttributes } from '../../../../aws/records/read/table.ts';
import { type Operation, settleSeconds } from '../../../../core/operation.ts';
import { networkIds as ids, operationOf } from '../../../functions/documents.ts';
import { alicesApi, environmentKey, installed } from '../../../functions/installed.ts';
import { formerEnvironment, formerNetwork, replaceItem } from '../../../harness/former.ts';

const holderOf = (item: ReturnType<typeof formerNetwork>) => item.operation as Operation;
const other = operationOf('other');

describe('the holder of a network of the first format', () => {
  const now = Date.parse('2026-11-29T03:00:00.000Z');
  const { installation } = formerNetwork('ready');
  const key = { kind: 'network', id: 'network' };

  it.each([
    ['creating, held', { status: 'creating', lock: { quietUntil: now + settleSeconds * 1000 } }],
    ['deleting, complete', { status: 'ready', ids: expect.objectContaining({ subnets: [{ subnetId: 'subnet-0e083460fb50145ef' }] }) }],
    ['deleting, incomplete', { status: 'creating', lock: { quietUntil: now + settleSeconds * 1000 } }],
  ])('releases it after a failure: %s', async (situation, expected) => {
    await using account = await withNetwork(situation);
    await releaseNetwork(account.dynamodb, other, now);
    expect(await readAttributes(account.dynamodb, networkKey)).toEqual(formerNetwork(situation));
    await releaseNetwork(account.dynamodb, holderOf(formerNetwork(situation)), now);
    expect(await readAttributes(account.dynamodb, networkKey)).toEqual({ ...key, format: 2, installation, ...expected });
  });

  it('records what it has made', async () => {
    await using account = await withNetwork('creating, held');
    await expect(releaseReadyNetwork(account.dynamodb, other, ids)).rejects.toMatchObject({ name: 'LockLost' });
    await releaseReadyNetwork(account.dynamodb, holderOf(formerNetwork('creating, held')), ids);
    expect(await readAttributes(account.dynamodb, networkKey)).toEqual({ ...key, format: 2, installation, status: 'ready', ids });
  });

  it('begins to delete it', async () => {
    await using account = await withNetwork('deleting, complete');
    await expect(beginDeletion(account.dynamodb, other)).rejects.toMatchObject({ name: 'LockLost' });
    const lock = holderOf(formerNetwork('deleting, complete'));
    await beginDeletion(account.dynamodb, lock);
    expect(await readAttributes(account.dynamodb, networkKey)).toEqual({
      ...key,
      format: 2,
      installation,
      status: 'deleting',
      before: 'creating',
      lock,
    });
  });

  it('claims it once nobody may be at work on it any more', async () => {
    await using account = await withNetwork('creating, failed');
    const { quietUntil } = formerNetwork('creating, failed') as { quietUntil: number };
    await expect(takeNetworkToCreate(account.dynamodb, account.sfn, other, quietUntil - 1)).rejects.toMatchObject({ name: 'NetworkBusy' });
    await takeNetworkToCreate(account.dynamodb, account.sfn, other, quietUntil);
    expect(await readAttributes(account.dynamodb, networkKey)).toEqual({
      ...key,
      format: 2,
      installation,
      status: 'creating',
      lock: other,
    });
  });
});

describe('the holder of an environment of the first format', () => {
  const situation = 'creating, held';
  const item = formerEnvironment(situation);
  const me = holderOf(item);

  it('changes it, and nobody else does', async () => {
    await using account = await withEnvironment(situation);
    await expect(change(account.dynamodb, alicesApi, other, { set: { updatedAt: 'x' } })).rejects.toMatchObject({ name: 'LockLost' });
    expect(await change(account.dynamodb, alicesApi, me, { set: { updatedAt: 'now' } })).toMatchObject({ format: 2, lock: me });
    expect(await readAttributes(account.dynamodb, environmentKey)).toEqual({
      kind: 'environment',
      id: 'alice/acme/api',
      format: 2,
      uid: item.uid,
      ...alicesApi,
      name: 'acme-api',
      wanted: { ...Object(item.request), power: 'on' },
      lock: me,
      createdAt: item.createdAt,
      updatedAt: 'now',
    });
  });

  it('releases it, and nobody else does', async () => {
    await using account = await withEnvironment(situation);
    expect(await release(account.dynamodb, alicesApi, other, { set: { updatedAt: 'x' }, end: { endedAt: 'x' } })).toBe(false);
    expect(await release(account.dynamodb, alicesApi, me, { set: { updatedAt: 'now' }, end: { endedAt: 'now' }, quietUntil: 7 })).toBe(
      true,
    );
    expect(await readAttributes(account.dynamodb, environmentKey)).toMatchObject({ format: 2, lock: { quietUntil: 7 }, updatedAt: 'now' });
  });

  it('leaves it, and deletes it if it has no name', async () => {
    await using account = await withEnvironment('creating, held, without a name');
    await leaveEnvironment(account.dynamodb, alicesApi, other);
    expect(await readAttributes(account.dynamodb, environmentKey)).toMatchObject({ uid: item.uid });
    await leaveEnvironment(account.dynamodb, alicesApi, me);
    expect(await readAttributes(account.dynamodb, environmentKey)).toBeUndefined();
  });

  it('deletes it with its name', async () => {
    await using account = await withEnvironment('removing, held');
    const removed = { ...alicesApi, name: 'acme-api', uid: String(item.uid) };
    await deleteEnvironment(account.dynamodb, removed, other);
    expect(await readAttributes(account.dynamodb, environmentKey)).toMatchObject({ uid: item.uid });
    await deleteEnvironment(account.dynamodb, removed, holderOf(formerEnvironment('removing, held')));
    expect(await readAttributes(account.dynamodb, environmentKey)).toBeUndefined();
  });
});

async function withNetwork(situation: string) {
  const account = await installed(null);
  await replaceItem(account.dynamodb, networkKey, formerNetwork(situation));
  return account;
}

async function withEnvironment(situation: string) {
  const account = await installed(null);
  await replaceItem(account.dynamodb, environmentKey, formerEnvironment(situation));
  return account;
}
