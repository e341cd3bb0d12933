import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readEnvironmentPages, readEnvironments } from '../../../../aws/records/read/environment.ts';
import { tableName } from '../../../../core/names.ts';
import { type TestAccount, testAccount } from '../../../functions/account.ts';
import { operationOf } from '../../../functions/documents.ts';
import { former, formerEnvironment } from '../../../harness/former.ts';
import { recorded } from '../../../harness/recorded.ts';

let account: TestAccount;
beforeAll(async () => {
  account = await testAccount();
  await account.createTable();
});
afterAll(() => account[Symbol.asyncDispose]());

it('a list has all of each environment but its past operations, whatever the format of its record', async () => {
  const past = { ...operationOf('past'), endedAt: '2026-01-01T00:00:00.000Z' };
  await recorded(account, { lastOperations: [past], lastError: { name: 'NoCapacity', message: 'none', at: past.endedAt } });
  const situations = Object.keys(former.environments);
  for (const [index, situation] of situations.entries()) {
    const item = { ...(formerEnvironment(situation) as object), kind: 'environment', id: `former/${index}` };
    await account.dynamodb.send(new PutItemCommand({ TableName: tableName, Item: marshall(item) }));
  }

  const listed: unknown[] = [];
  for await (const { items, unreadable } of readEnvironmentPages(account.dynamodb)) {
    expect(unreadable).toEqual([]);
    listed.push(...items);
  }
  const all = (await readEnvironments(account.dynamodb)).items;
  expect(all).toHaveLength(situations.length + 1);
  expect(all.filter(({ lastOperations }) => lastOperations)).toHaveLength(1);
  expect(listed).toEqual(all.map(({ lastOperations: _, ...others }) => others));
});
