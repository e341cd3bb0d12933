import { DeleteTableCommand, DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { unless } from '../../../aws/errors.ts';
import { putItem } from '../../../aws/records/hold/table.ts';
import { deleteTable } from '../../../functions/table/delete-table.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { operationOf } from '../documents.ts';

const TableName = 'recode-config-dynamodb-table';
const operation = operationOf('one', 'uninstall');
const ours = { format: 2, installation: 'installation-1', status: 'deleting', before: 'creating', lock: operation };
const uninstalled = { status: 'uninstalled' };

describe('deleteTable', () => {
  it('deletes the table of its uninstall, and is done once it is gone', async () => {
    await using account = await withTable(ours);
    await slowTables(account);
    expect(await account.refusal(deleteTable, { operation })).toMatchObject({
      name: 'TableStillDeleting',
      message: `The table ${TableName} is being deleted.`,
    });
    expect(await statusOf(account)).toBe('DELETING');
    expect((await account.refusal(deleteTable, { operation })).name).toBe('TableStillDeleting');
    account.aws.clock.advance(8_000);
    expect(await account.run(deleteTable, { operation })).toEqual(uninstalled);
    expect(await account.run(deleteTable, { operation })).toEqual(uninstalled);
    expect(await outcomes(account, 'DeleteTable')).toEqual(['ok']);
  });

  it('is done where there is no table', async () => {
    await using account = await testAccount();
    expect(await account.run(deleteTable, { operation })).toEqual(uninstalled);
    expect(await outcomes(account, 'DeleteTable')).toEqual([]);
  });

  it('waits where somebody else has begun to delete it', async () => {
    await using account = await withTable(ours);
    await slowTables(account);
    await account.dynamodb.send(new DeleteTableCommand({ TableName }));
    expect((await account.refusal(deleteTable, { operation })).name).toBe('TableStillDeleting');
    // DynamoDB may go on to answer for a table on its way out: what it holds says nothing any more.
    expect(await outcomes(account, 'GetItem')).toEqual([]);
    expect(await outcomes(account, 'DeleteTable')).toEqual(['ok']);
  });

  it('is done in the end where the answer was lost and the table is gone', async () => {
    await using account = await withTable(ours);
    await account.aws.post('faults', { service: 'dynamodb', action: 'DeleteTable', kind: 'lost-answer' });
    expect((await account.refusal(deleteTable, { operation })).name).toBe('TableStillDeleting');
    expect(await outcomes(account, 'DeleteTable')).toEqual(['lost-answer', 'ResourceNotFoundException']);
    expect(await account.run(deleteTable, { operation })).toEqual(uninstalled);
  });

  it('waits where the answer was lost and the table is on its way out', async () => {
    await using account = await withTable(ours);
    await slowTables(account);
    await account.aws.post('faults', { service: 'dynamodb', action: 'DeleteTable', kind: 'lost-answer' });
    expect((await account.refusal(deleteTable, { operation })).name).toBe('TableStillDeleting');
    expect(await outcomes(account, 'DeleteTable')).toEqual(['lost-answer', 'ResourceInUseException']);
    account.aws.clock.advance(8_000);
    expect(await account.run(deleteTable, { operation })).toEqual(uninstalled);
  });

  it.each<[string, Record<string, unknown> | undefined]>([
    ['has no network yet', undefined],
    ['makes its network', { format: 2, installation: 'installation-2', status: 'creating', lock: operationOf('one') }],
    ['has its network', { installation: 'installation-2', status: 'creating' }],
    ['is uninstalled by another execution', { ...ours, installation: 'installation-2', lock: operationOf('other', 'uninstall') }],
  ])('leaves the table of another installation that %s', async (_, network) => {
    await using account = await withTable(network);
    expect(await account.run(deleteTable, { operation })).toEqual(uninstalled);
    expect(await statusOf(account)).toBe('ACTIVE');
    expect(await outcomes(account, 'DeleteTable')).toEqual([]);
  });

  it('leaves the table that a start is creating after its own is gone', async () => {
    await using account = await testAccount();
    await slowTables(account);
    await account.createTable();
    expect(await statusOf(account)).toBe('CREATING');
    expect((await account.refusal(deleteTable, { operation })).name).toBe('TableStillDeleting');
    account.aws.clock.advance(8_000);
    expect(await account.run(deleteTable, { operation })).toEqual(uninstalled);
    expect(await statusOf(account)).toBe('ACTIVE');
    expect(await outcomes(account, 'DeleteTable')).toEqual([]);
  });

  it.each([
    ['DescribeTable', 'AccessDeniedException', 'PermissionMissing'],
    ['DescribeTable', 'InternalServerError', 'AwsUnavailable'],
    ['GetItem', 'AccessDeniedException', 'PermissionMissing'],
    ['GetItem', 'ProvisionedThroughputExceededException', 'RequestThrottled'],
    ['DeleteTable', 'AccessDeniedException', 'PermissionMissing'],
    ['DeleteTable', 'LimitExceededException', 'RequestThrottled'],
    ['DeleteTable', 'ValidationException', 'AwsRefused'],
  ])('ends with what %s means by %s, and keeps the table', async (action, code, name) => {
    await using account = await withTable(ours);
    await account.aws.post('faults', { service: 'dynamodb', action, kind: 'error', code, count: 3 });
    expect((await account.refusal(deleteTable, { operation })).name).toBe(name);
    await account.aws.delete('faults');
    expect(await statusOf(account)).toBe('ACTIVE');
  });

  it('refuses a document without the operation', async () => {
    await using account = await withTable(ours);
    expect((await account.refusal(deleteTable, {})).name).toBe('InputNotValid');
    expect(await statusOf(account)).toBe('ACTIVE');
  });
});

async function withTable(network: Record<string, unknown> | undefined): Promise<TestAccount> {
  const account = await testAccount();
  await account.createTable();
  if (network) await putItem(account.dynamodb, { kind: 'network', id: 'network' }, network);
  return account;
}

/** From now on a table takes its time to be created and to be deleted, where a test lets it pass. */
async function slowTables(account: TestAccount): Promise<void> {
  // The eight seconds do not pass by themselves, but the 5 ms of a call do.
  account.aws.clock.setRate(0.05);
  await account.aws.post('dynamodb', { latency: 'calibrated' });
}

async function statusOf({ aws }: TestAccount): Promise<string | undefined> {
  const described = await unless('no-table', aws.clients.dynamodb.send(new DescribeTableCommand({ TableName })));
  return described?.Table?.TableStatus;
}

async function outcomes({ aws }: TestAccount, action: string): Promise<string[]> {
  const { calls } = (await aws.get('calls')) as { calls: { action: string; outcome: string }[] };
  return calls.filter((call) => call.action === action).map(({ outcome }) => outcome);
}
