import { DeleteTableCommand, DescribeTableCommand, ListTagsOfResourceCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { createTable } from '../../../functions/table/create-table.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { networkTagsOf } from '../resources.ts';

const TableName = 'recode-config-dynamodb-table';

describe('createTable', () => {
  it('creates the table with our name, keys and tags, paid on demand', async () => {
    await using account = await testAccount();
    expect(await account.run(createTable, {})).toBeUndefined();
    const { Table } = await account.dynamodb.send(new DescribeTableCommand({ TableName }));
    expect(Table).toMatchObject({
      TableStatus: 'ACTIVE',
      KeySchema: [
        { AttributeName: 'kind', KeyType: 'HASH' },
        { AttributeName: 'id', KeyType: 'RANGE' },
      ],
      // Sparse: an environment that is not to stop has no dueAt.
      GlobalSecondaryIndexes: [
        {
          IndexName: 'due',
          KeySchema: [
            { AttributeName: 'kind', KeyType: 'HASH' },
            { AttributeName: 'dueAt', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
      BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
    });
    const { Tags } = await account.dynamodb.send(new ListTagsOfResourceCommand({ ResourceArn: Table?.TableArn }));
    expect(Tags).toEqual(expect.arrayContaining(networkTagsOf(TableName)));
    expect(Tags).toHaveLength(2);
  });

  it('is content with the table that is there', async () => {
    await using account = await testAccount();
    await account.run(createTable, {});
    expect(await account.run(createTable, {})).toBeUndefined();
  });

  it('is content with a table whose creation was not answered', async () => {
    await using account = await testAccount();
    await account.aws.post('faults', { service: 'dynamodb', action: 'CreateTable', kind: 'lost-answer' });
    expect(await account.run(createTable, {})).toBeUndefined();
    expect(await calls(account, 'CreateTable')).toEqual(['lost-answer', 'ResourceInUseException']);
  });

  it('waits until the table is active', async () => {
    await using account = await testAccount();
    await account.aws.post('dynamodb', { latency: 'calibrated' });
    expect(await account.refusal(createTable, {})).toMatchObject({
      name: 'TableNotActive',
      message: `The table ${TableName} is CREATING.`,
    });
    account.aws.clock.advance(8_000);
    expect(await account.run(createTable, {})).toBeUndefined();
  });

  it('waits until the table of an uninstall is gone, and creates it anew', async () => {
    await using account = await testAccount();
    await account.run(createTable, {});
    await account.aws.post('dynamodb', { latency: 'calibrated' });
    await account.dynamodb.send(new DeleteTableCommand({ TableName }));
    expect(await account.refusal(createTable, {})).toMatchObject({
      name: 'TableNotActive',
      message: `The table ${TableName} is DELETING.`,
    });
    account.aws.clock.advance(8_000);
    await account.aws.post('dynamodb', { latency: 'instant' });
    expect(await account.run(createTable, {})).toBeUndefined();
  });

  it('waits where DynamoDB does not show the new table yet', async () => {
    await using account = await testAccount();
    await account.aws.post('faults', { service: 'dynamodb', action: 'DescribeTable', kind: 'error', code: 'ResourceNotFoundException' });
    expect(await account.refusal(createTable, {})).toMatchObject({
      name: 'TableNotActive',
      message: `The table ${TableName} is not visible.`,
    });
    expect(await account.run(createTable, {})).toBeUndefined();
  });

  it.each([
    ['AccessDeniedException', 'PermissionMissing'],
    ['LimitExceededException', 'RequestThrottled'],
  ])('ends with what %s means', async (code, name) => {
    await using account = await testAccount();
    await account.aws.post('faults', { service: 'dynamodb', action: 'CreateTable', kind: 'error', code, count: 3 });
    expect((await account.refusal(createTable, {})).name).toBe(name);
  });
});

async function calls({ aws }: TestAccount, action: string) {
  const { calls } = (await aws.get('calls')) as { calls: { action: string; outcome: string }[] };
  return calls.filter((call) => call.action === action).map(({ outcome }) => outcome);
}
