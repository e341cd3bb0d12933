import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AttributeValue,
  BatchGetItemCommand,
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  ListTagsOfResourceCommand,
  PutItemCommand,
  QueryCommand,
  TagResourceCommand,
  TransactWriteItemsCommand,
  UntagResourceCommand,
  UpdateItemCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { item, startDynamoDb, TableName, type TestDynamoDb, table } from '../harness/dynamodb.ts';
import { jumpingClock } from '../harness/jumping-clock.ts';

let stateDirectory: string;
let dynamodb: TestDynamoDb;
let client: DynamoDBClient;

beforeEach(async () => {
  stateDirectory = mkdtempSync(join(tmpdir(), 'dynamodb-'));
  await start();
});

afterEach(async () => {
  await dynamodb.stop();
  rmSync(stateDirectory, { recursive: true });
});

async function start() {
  dynamodb = await startDynamoDb(stateDirectory);
  client = dynamodb.clientIn('us-east-1');
}

describe('items', () => {
  beforeEach(async () => {
    await client.send(new CreateTableCommand(table));
  });

  it('are read as they were written', async () => {
    const Item = { ...item('one'), ids: { L: [{ S: 'vpc-1' }] }, ready: { BOOL: true }, at: { N: '12' } };
    await client.send(new PutItemCommand({ TableName, Item }));
    expect((await client.send(new GetItemCommand({ TableName, Key: item('one'), ConsistentRead: true }))).Item).toEqual(Item);
  });

  // The limits and texts are AWS's: see the sources in src/dynamodb/limits.ts.
  it.each([
    [
      'an expression of 4,097 bytes',
      `attribute_exists(${'a'.repeat(4_079)})`,
      'Expression size has exceeded the maximum allowed size; expression size: 4097',
    ],
    ['301 operators', Array(151).fill('a=:a').join(' OR '), 'The expression contains too many operators; operator count: 301'],
    [
      '101 operands of IN',
      `a IN (${Array(101).fill(':a').join(',')})`,
      'The IN operator is provided with too many operands; number of operands: 101',
    ],
  ])('are not written with %s', async (_, ConditionExpression, problem) => {
    const ExpressionAttributeValues = ConditionExpression.includes(':a') ? { ':a': { S: 'a' } } : undefined;
    const put = new PutItemCommand({ TableName, Item: item('one'), ConditionExpression, ExpressionAttributeValues });
    await expect(client.send(put)).rejects.toMatchObject({
      name: 'ValidationException',
      message: `Invalid ConditionExpression: ${problem}`,
    });
  });

  it.each([
    ['an expression of 4,096 bytes', `attribute_not_exists(${'a'.repeat(4_074)})`],
    ['300 operators', `NOT a=:a${' OR a=:a'.repeat(149)}`],
    ['100 operands of IN', `NOT a IN (${Array(100).fill(':a').join(',')})`],
    ['a BETWEEN, whose AND does not count', `NOT a BETWEEN :a AND :a${' OR a=:a'.repeat(149)}`],
  ])('are written with %s', async (_, ConditionExpression) => {
    const ExpressionAttributeValues = ConditionExpression.includes(':a') ? { ':a': { S: 'a' } } : undefined;
    await client.send(new PutItemCommand({ TableName, Item: item('one'), ConditionExpression, ExpressionAttributeValues }));
  });

  // Captured from AWS in nubo-db/dynoxide#110: 31 maps around a value are accepted, 32 are not.
  const nested = (maps: number): AttributeValue => (maps === 0 ? { S: 'a' } : { M: { a: nested(maps - 1) } });
  const tooDeep = {
    name: 'ValidationException',
    message: 'Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit',
  };

  it('have up to 32 levels', async () => {
    await client.send(new PutItemCommand({ TableName, Item: { ...item('one'), deep: nested(31) } }));
    const Item = { ...item('two'), deep: nested(32) };
    await expect(client.send(new PutItemCommand({ TableName, Item }))).rejects.toMatchObject(tooDeep);
    const RequestItems = { [TableName]: [{ PutRequest: { Item } }] };
    await expect(client.send(new BatchWriteItemCommand({ RequestItems }))).rejects.toMatchObject(tooDeep);
    const update = { UpdateExpression: 'SET deep = :deep', ExpressionAttributeValues: { ':deep': nested(32) } };
    await expect(client.send(new UpdateItemCommand({ TableName, Key: item('one'), ...update }))).rejects.toMatchObject(tooDeep);
  });

  it('do not change if a condition does not hold', async () => {
    const put = new PutItemCommand({ TableName, Item: item('one'), ConditionExpression: 'attribute_not_exists(id)' });
    await client.send(put);
    await expect(client.send(put)).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
  });

  it('are queried page by page', async () => {
    for (const id of ['a', 'b', 'c']) await client.send(new PutItemCommand({ TableName, Item: item(id) }));
    const query = {
      TableName,
      KeyConditionExpression: 'kind = :kind',
      ExpressionAttributeValues: { ':kind': { S: 'environment' } },
      Limit: 2,
    };
    const first = await client.send(new QueryCommand(query));
    expect(first.Items?.map(({ id }) => id?.S)).toEqual(['a', 'b']);
    const second = await client.send(new QueryCommand({ ...query, ExclusiveStartKey: first.LastEvaluatedKey }));
    expect(second.Items?.map(({ id }) => id?.S)).toEqual(['c']);
    expect(second.LastEvaluatedKey).toBeUndefined();
  });

  it('are not in a new table with the same name', async () => {
    await client.send(new PutItemCommand({ TableName, Item: item('one') }));
    await client.send(new DeleteTableCommand({ TableName }));
    await client.send(new CreateTableCommand(table));
    expect((await client.send(new GetItemCommand({ TableName, Key: item('one') }))).Item).toBeUndefined();
  });

  it('accept one of many conditional writes at once', async () => {
    const claims = Array.from({ length: 20 }, (_, claim) =>
      client.send(
        new UpdateItemCommand({
          TableName,
          Key: item('lock'),
          UpdateExpression: 'SET holder = :me',
          ConditionExpression: 'attribute_not_exists(holder)',
          ExpressionAttributeValues: { ':me': { N: String(claim) } },
        }),
      ),
    );
    const outcomes = await Promise.allSettled(claims);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});

describe('tables', () => {
  it('are not found before they are created', async () => {
    await expect(client.send(new DescribeTableCommand({ TableName }))).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(client.send(new GetItemCommand({ TableName, Key: item('one') }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    await expect(client.send(new DeleteTableCommand({ TableName }))).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it('are created once', async () => {
    await client.send(new CreateTableCommand(table));
    await expect(client.send(new CreateTableCommand(table))).rejects.toMatchObject({
      name: 'ResourceInUseException',
      message: 'Table already exists: config',
    });
  });

  it('are created once by many calls at once', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => client.send(new CreateTableCommand(table))));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('are created and deleted at once by default', async () => {
    const created = await client.send(new CreateTableCommand(table));
    expect(created.TableDescription).toMatchObject({
      TableStatus: 'CREATING',
      TableArn: 'arn:aws:dynamodb:us-east-1:000000000000:table/config',
    });
    expect((await client.send(new DescribeTableCommand({ TableName }))).Table).toMatchObject({
      TableStatus: 'ACTIVE',
      BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
    });
    expect((await client.send(new DeleteTableCommand({ TableName }))).TableDescription?.TableStatus).toBe('DELETING');
    expect((await client.send(new ListTablesCommand({}))).TableNames).toEqual([]);
  });

  it('show only what DynamoDB shows', async () => {
    await client.send(new CreateTableCommand(table));
    const answer = await fetch(dynamodb.endpoint, {
      method: 'POST',
      headers: {
        'x-amz-target': 'DynamoDB_20120810.DescribeTable',
        'content-type': 'application/x-amz-json-1.0',
        authorization: 'AWS4-HMAC-SHA256 Credential=alice/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
      },
      body: JSON.stringify({ TableName }),
    });
    const described = (await answer.json()) as { Table: Record<string, unknown> };
    expect(Object.keys(described.Table).sort()).toEqual([
      'AttributeDefinitions',
      'BillingModeSummary',
      'CreationDateTime',
      'DeletionProtectionEnabled',
      'ItemCount',
      'KeySchema',
      'ProvisionedThroughput',
      'TableArn',
      'TableId',
      'TableName',
      'TableSizeBytes',
      'TableStatus',
      'TableThroughputModeSummary',
    ]);
  });

  it('take 5 ms for each call with calibrated latency, whether it succeeds or not', async () => {
    const own = mkdtempSync(join(tmpdir(), 'dynamodb-'));
    const calibrated = await startDynamoDb(own, jumpingClock());
    try {
      await fetch(`${calibrated.endpoint}/_local/dynamodb`, { method: 'POST', body: '{"latency":"calibrated"}' });
      const there = calibrated.clientIn('us-east-1');
      const begin = calibrated.clock.now();
      await there.send(new ListTablesCommand({}));
      expect(calibrated.clock.now() - begin).toBe(5);
      await expect(there.send(new GetItemCommand({ TableName, Key: item('one') }))).rejects.toMatchObject({
        name: 'ResourceNotFoundException',
      });
      expect(calibrated.clock.now() - begin).toBe(10);
      there.destroy();
    } finally {
      await calibrated.stop();
      rmSync(own, { recursive: true });
    }
  });

  describe('with calibrated latency', () => {
    beforeEach(async () => {
      const answer = await fetch(`${dynamodb.endpoint}/_local/dynamodb`, { method: 'POST', body: '{"latency":"calibrated"}' });
      expect(answer.status).toBe(200);
      await client.send(new CreateTableCommand(table));
    });

    it('take time to become ACTIVE, and accept no items until then', async () => {
      expect((await client.send(new DescribeTableCommand({ TableName }))).Table?.TableStatus).toBe('CREATING');
      await expect(client.send(new PutItemCommand({ TableName, Item: item('one') }))).rejects.toMatchObject({
        name: 'ResourceNotFoundException',
      });
      await expect(client.send(new DeleteTableCommand({ TableName }))).rejects.toMatchObject({ name: 'ResourceInUseException' });
      dynamodb.clock.advance(8000);
      expect((await client.send(new DescribeTableCommand({ TableName }))).Table?.TableStatus).toBe('ACTIVE');
      await client.send(new PutItemCommand({ TableName, Item: item('one') }));
    });

    it('take time to be deleted, and cannot be used or created again until then', async () => {
      dynamodb.clock.advance(8000);
      await client.send(new PutItemCommand({ TableName, Item: item('one') }));
      await client.send(new DeleteTableCommand({ TableName }));
      expect((await client.send(new DescribeTableCommand({ TableName }))).Table?.TableStatus).toBe('DELETING');
      await expect(client.send(new GetItemCommand({ TableName, Key: item('one') }))).rejects.toMatchObject({
        name: 'ResourceNotFoundException',
      });
      await expect(client.send(new CreateTableCommand(table))).rejects.toMatchObject({ name: 'ResourceInUseException' });
      await expect(client.send(new DeleteTableCommand({ TableName }))).rejects.toMatchObject({ name: 'ResourceInUseException' });
      dynamodb.clock.advance(8000);
      await expect(client.send(new DescribeTableCommand({ TableName }))).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
      await client.send(new CreateTableCommand(table));
    });

    it('keep their status over a restart', async () => {
      dynamodb.clock.advance(8000);
      await client.send(new DeleteTableCommand({ TableName }));
      await dynamodb.stop();
      await start();
      expect((await client.send(new DescribeTableCommand({ TableName }))).Table?.TableStatus).toBe('DELETING');
      dynamodb.clock.advance(16_000);
      expect((await client.send(new ListTablesCommand({}))).TableNames).toEqual([]);
    });
  });

  it('keep the tags of CreateTable and TagResource', async () => {
    const { TableDescription } = await client.send(new CreateTableCommand({ ...table, Tags: [{ Key: 'owner', Value: 'team' }] }));
    const ResourceArn = TableDescription?.TableArn;
    await client.send(new TagResourceCommand({ ResourceArn, Tags: [{ Key: 'stage', Value: 'test' }] }));
    await client.send(new UntagResourceCommand({ ResourceArn, TagKeys: ['owner'] }));
    await dynamodb.stop();
    await start();
    expect((await client.send(new ListTagsOfResourceCommand({ ResourceArn }))).Tags).toEqual([{ Key: 'stage', Value: 'test' }]);
    await client.send(new DeleteTableCommand({ TableName }));
    await client.send(new CreateTableCommand(table));
    expect((await client.send(new ListTagsOfResourceCommand({ ResourceArn }))).Tags).toEqual([]);
  });
});

describe('an unsupported', () => {
  const unsupported = (what: string) => ({
    name: 'UnsupportedOperationException',
    message: `The embedded DynamoDB does not support ${what}.`,
  });

  it('action is refused', async () => {
    const Put = { TableName, Item: item('one') };
    await expect(client.send(new TransactWriteItemsCommand({ TransactItems: [{ Put }] }))).rejects.toMatchObject(
      unsupported('TransactWriteItems'),
    );
    const TimeToLiveSpecification = { AttributeName: 'until', Enabled: true };
    await expect(client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }))).rejects.toMatchObject(
      unsupported('UpdateTimeToLive'),
    );
    await expect(client.send(new DescribeContinuousBackupsCommand({ TableName }))).rejects.toMatchObject(
      unsupported('DescribeContinuousBackups'),
    );
    await expect(client.send(new UpdateTableCommand({ TableName, BillingMode: 'PAY_PER_REQUEST' }))).rejects.toMatchObject(
      unsupported('UpdateTable'),
    );
  });

  it('parameter is refused, and the call has no effect', async () => {
    await client.send(new CreateTableCommand(table));
    const put = { TableName, Item: item('one') };
    await expect(client.send(new PutItemCommand({ ...put, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }))).rejects.toMatchObject(
      unsupported('ReturnValuesOnConditionCheckFailure in PutItem'),
    );
    await expect(client.send(new PutItemCommand({ ...put, ReturnItemCollectionMetrics: 'SIZE' }))).rejects.toMatchObject(
      unsupported('ReturnItemCollectionMetrics in PutItem'),
    );
    expect((await client.send(new GetItemCommand({ TableName, Key: item('one') }))).Item).toBeUndefined();
  });

  it('parameter of CreateTable is refused', async () => {
    for (const [parameter, value] of [
      ['DeletionProtectionEnabled', true],
      ['SSESpecification', { Enabled: true }],
      ['StreamSpecification', { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' }],
      ['TableClass', 'STANDARD_INFREQUENT_ACCESS'],
    ] as const) {
      await expect(client.send(new CreateTableCommand({ ...table, [parameter]: value }))).rejects.toMatchObject(
        unsupported(`${parameter} in CreateTable`),
      );
    }
    expect((await client.send(new ListTablesCommand({}))).TableNames).toEqual([]);
  });

  it('parameter is accepted with its default value', async () => {
    await client.send(new CreateTableCommand({ ...table, DeletionProtectionEnabled: false, TableClass: 'STANDARD' }));
    await client.send(new PutItemCommand({ TableName, Item: item('one'), ReturnValuesOnConditionCheckFailure: 'NONE' }));
  });
});

describe('in another region', () => {
  it('has no tables and creates none', async () => {
    await client.send(new CreateTableCommand(table));
    const elsewhere = dynamodb.clientIn('eu-west-1');
    expect((await elsewhere.send(new ListTablesCommand({}))).TableNames).toEqual([]);
    await expect(elsewhere.send(new GetItemCommand({ TableName, Key: item('one') }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    await expect(elsewhere.send(new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys: [item('one')] } } }))).rejects.toMatchObject(
      { name: 'ResourceNotFoundException' },
    );
    await expect(elsewhere.send(new CreateTableCommand(table))).rejects.toMatchObject({ name: 'UnsupportedOperationException' });
  });
});
