import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { putEnvironment } from '../../../aws/records/hold/environment.ts';
import { putItem } from '../../../aws/records/hold/table.ts';
import { readNetwork } from '../../../aws/records/read/network.ts';
import { environmentId, tableName } from '../../../core/names.ts';
import { confirmUninstall } from '../../../functions/network/confirm-uninstall.ts';
import { keptIn } from '../../harness/kept.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { networkIds, operationOf, request } from '../documents.ts';
import { kept } from '../kept.ts';

const operation = operationOf('one', 'uninstall');
const taken = { format: 2, installation: 'installation-1', status: 'deleting', before: 'ready', ids: networkIds, lock: operation };
const incomplete = { format: 2, installation: 'installation-1', status: 'deleting', before: 'creating', lock: operation };

describe('confirmUninstall', () => {
  it('counts the network as incomplete where there is no environment, once', async () => {
    await using account = await withNetwork(taken);
    expect(await account.run(confirmUninstall, { operation })).toBeUndefined();
    expect(await readNetwork(account.dynamodb)).toEqual(incomplete);
    expect(await account.run(confirmUninstall, { operation })).toBeUndefined();
    expect(await readNetwork(account.dynamodb)).toEqual(incomplete);
  });

  it('refuses while a disk of a removed environment is kept, and names it', async () => {
    await using account = await withNetwork(taken);
    await kept(account, [{ until: '2027-01-01T00:00:00.000Z' }]);
    await removeRecord(account);
    expect(await account.refusal(confirmUninstall, { operation })).toMatchObject({
      name: 'KeptDisksStillExist',
      message: 'Disks of removed environments are kept in this region: acme/api of alice until 2027-01-01.',
    });
    expect(await readNetwork(account.dynamodb)).toEqual(taken);
    expect(await account.run(confirmUninstall, { operation, deleteKept: true })).toBeUndefined();
    expect(await keptIn(account.aws)).toEqual({ images: [], snapshots: [] });
    expect(await readNetwork(account.dynamodb)).toEqual(incomplete);
  });

  it('goes on where its record was not answered', async () => {
    await using account = await withNetwork(taken);
    await account.aws.post('faults', { service: 'dynamodb', action: 'UpdateItem', kind: 'lost-answer', count: 3 });
    expect((await account.refusal(confirmUninstall, { operation })).name).toBe('AwsUnavailable');
    expect(await account.run(confirmUninstall, { operation })).toBeUndefined();
    expect(await readNetwork(account.dynamodb)).toEqual(incomplete);
  });

  it.each(['on', 'removed'] as const)('refuses while there is an environment whose wanted power is %s', async (power) => {
    await using account = await withNetwork(taken);
    await put(account, { owner: 'alice', repository: 'acme/api' }, power);
    expect((await account.refusal(confirmUninstall, { operation })).name).toBe('EnvironmentsStillExist');
    expect(await readNetwork(account.dynamodb)).toEqual(taken);
  });

  it('names the environments that there are with their owners', async () => {
    await using account = await withNetwork(taken);
    await put(account, { owner: 'bob', repository: 'acme/web' });
    await put(account, { owner: 'alice', repository: 'Acme/API' });
    expect(await account.refusal(confirmUninstall, { operation })).toMatchObject({
      name: 'EnvironmentsStillExist',
      message: 'Environments still exist in this region: Acme/API of alice, acme/web of bob.',
    });
  });

  it.each([
    [20, /, acme\/r-20 of alice\.$/],
    [21, /, acme\/r-20 of alice, 1 more\.$/],
    [45, /, acme\/r-20 of alice, 25 more\.$/],
  ])('names twenty of %d environments at most', async (count, end) => {
    await using account = await withNetwork(taken);
    for (let number = 1; number <= count; number += 1)
      await put(account, { owner: 'alice', repository: `acme/r-${String(number).padStart(2, '0')}` });
    const { name, message } = await account.refusal(confirmUninstall, { operation });
    expect(name).toBe('EnvironmentsStillExist');
    expect(message).toMatch(end);
    expect(message.match(/ of alice/g)).toHaveLength(20);
  });

  it('is not kept by what else the table holds', async () => {
    await using account = await withNetwork(taken);
    await putItem(account.dynamodb, { kind: 'name', id: 'acme-api' }, { environment: 'alice/acme/api' });
    expect(await account.run(confirmUninstall, { operation })).toBeUndefined();
  });

  it.each<[string, Record<string, unknown> | undefined]>([
    ['by another execution', { ...taken, lock: operationOf('other', 'uninstall') }],
    ['by nobody', { format: 2, installation: 'installation-1', status: 'ready', ids: networkIds }],
    ['nowhere: its record is gone', undefined],
  ])('begins no deletion where the network is held %s', async (_, network) => {
    await using account = await withNetwork(network);
    expect((await account.refusal(confirmUninstall, { operation })).name).toBe('LockLost');
    expect(await readNetwork(account.dynamodb)).toEqual(network);
  });

  it('begins no deletion without the table', async () => {
    await using account = await testAccount();
    expect((await account.refusal(confirmUninstall, { operation })).name).toBe('RecodeNotInstalled');
  });

  it.each([
    ['Query', 'AccessDeniedException', 'PermissionMissing'],
    ['Query', 'ProvisionedThroughputExceededException', 'RequestThrottled'],
    ['Query', 'InternalServerError', 'AwsUnavailable'],
    ['UpdateItem', 'AccessDeniedException', 'PermissionMissing'],
  ])('begins no deletion where %s answers %s', async (action, code, name) => {
    await using account = await withNetwork(taken);
    await account.aws.post('faults', { service: 'dynamodb', action, kind: 'error', code, count: 3 });
    expect((await account.refusal(confirmUninstall, { operation })).name).toBe(name);
    expect(await readNetwork(account.dynamodb)).toEqual(taken);
  });

  it('refuses a document without the operation', async () => {
    await using account = await withNetwork(taken);
    expect((await account.refusal(confirmUninstall, {})).name).toBe('InputNotValid');
  });
});

async function withNetwork(network: Record<string, unknown> | undefined): Promise<TestAccount> {
  const account = await testAccount();
  await account.createTable();
  if (network) await putItem(account.dynamodb, { kind: 'network', id: 'network' }, network);
  return account;
}

function put({ dynamodb }: TestAccount, subject: { owner: string; repository: string }, power: 'on' | 'removed' = 'on'): Promise<void> {
  const time = '2026-01-01T00:00:00.000Z';
  const wanted = { ...request, power };
  return putEnvironment(dynamodb, { format: 2, ...subject, uid: subject.repository, wanted, createdAt: time, updatedAt: time });
}

/** Deletes the record of the environment whose disk was kept. */
const removeRecord = ({ dynamodb }: TestAccount) =>
  dynamodb.send(
    new DeleteItemCommand({
      TableName: tableName,
      Key: { kind: { S: 'environment' }, id: { S: environmentId({ owner: 'alice', repository: 'acme/api' }) } },
    }),
  );
