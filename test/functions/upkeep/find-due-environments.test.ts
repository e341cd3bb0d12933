import { randomUUID } from 'node:crypto';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it, vi } from 'vitest';
import { withDueTime } from '../../../aws/records/hold/format.ts';
import { putItem, updateItem } from '../../../aws/records/hold/table.ts';
import type { DueEnvironment } from '../../../core/document.ts';
import { environmentId, tableName } from '../../../core/names.ts';
import { tableKeys } from '../../../functions/table/create-table.ts';
import { findDueEnvironments } from '../../../functions/upkeep/find-due-environments.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { instance, operationOf } from '../documents.ts';
import { environmentKey, recordOf } from '../installed.ts';

const lastError = { name: 'AwsRefused', message: 'no', at: '2026-01-01T20:00:00.000Z' };
const stopAt = '2026-01-01T20:00:00.000Z';
const started = { name: 'acme-api', instance, publicIpAddress: '127.64.0.1', stopAt };

interface Page {
  readonly batches: DueEnvironment[][];
  readonly after: { id: string; dueAt?: string | undefined } | null;
  readonly failure: object | null;
}
const find = (account: TestAccount, due?: Omit<Page, 'batches'>, requests?: object[]): Promise<Page> =>
  account.run(findDueEnvironments, { ...(due && { due: { batches: [], ...due } }), ...(requests && { requests }) });
const nothing = { batches: [], after: null, failure: null };

/** Everything that a sweep finds, page by page. */
async function sweep(account: TestAccount): Promise<Page[]> {
  const pages: Page[] = [];
  for (let page = await find(account); page.batches.length > 0; page = await find(account, page)) pages.push(page);
  return pages;
}

async function record({ dynamodb }: TestAccount, fields: object): Promise<void> {
  const environment = recordOf({ ...started, ...fields });
  const format = 'format' in fields && { format: fields.format };
  await putItem(dynamodb, { kind: 'environment', id: environmentId(environment) }, { ...withDueTime(environment), ...format });
}

/** An account with the table, at so many minutes past the hour. */
async function sweptAt(minute: number): Promise<TestAccount> {
  const account = await testAccount();
  account.stopClock();
  await account.createTable();
  const hour = 60 * 60_000;
  const now = account.aws.clock.now();
  account.aws.clock.advance(hour - (now % hour) + minute * 60_000);
  return account;
}
const reads = { index: 30, records: 2 };

describe.each(['index', 'records'] as const)('findDueEnvironments, from the %s,', (from) => {
  it('hands on what a stop needs of an environment that is due, and nothing else', async () => {
    await using account = await sweptAt(reads[from]);
    await record(account, {});
    const due = { owner: 'alice', repository: 'acme/api', uid: 'uid-1', stopAt };
    const after = { id: 'alice/acme/api', ...(from === 'index' && { dueAt: stopAt }) };
    expect(await find(account)).toEqual({ batches: [[due]], after, failure: null });
    expect(await find(account, { after, failure: null })).toEqual(nothing);
  });

  it('finds nothing where Recode is not installed, and nothing where there is no environment', async () => {
    await using account = await testAccount();
    expect(await find(account)).toEqual(nothing);
    await account.createTable();
    expect(await find(account)).toEqual(nothing);
  });

  it.each([
    ['one whose time is now', {}, 0, true],
    ['not one whose time is to come', {}, 1, false],
    ['not one that is never to stop', { stopAt: undefined }, 0, false],
    ['one that is at work', { lock: operationOf('other') }, 0, true],
    ['one that nobody may take for a moment', { lock: { quietUntil: Number.MAX_SAFE_INTEGER } }, 0, true],
    ['not one that is stopped, as it is to be', { power: 'off', state: 'stopped' }, 0, false],
    ['one that is to run, and was stopped when EC2 was asked', { state: 'stopped' }, 0, true],
    ['not one that has no instance yet', { instance: undefined }, 0, false],
    ['not one that is to be removed', { power: 'removed' }, 0, false],
    ['one whose stop failed', { power: 'off', lastError }, 0, true],
    ['one whose stop failed while it was stopping', { power: 'off', state: 'stopping', lastError }, 0, true],
    ['one that was started when a start failed on it', { state: 'pending', lastError }, 0, true],
    ['one that is started, in spite of an error', { lastError }, 0, true],
    ['not one whose instance is gone', { power: 'off', state: 'gone' }, 0, false],
  ])('finds %s', async (_, fields, in_, found) => {
    await using account = await sweptAt(reads[from]);
    await record(account, { stopAt: new Date(account.aws.clock.now() + in_).toISOString(), ...fields });
    expect((await find(account)).batches).toHaveLength(found ? 1 : 0);
  });

  it('finds many page by page, each once, and each page far below what a state may pass on', async () => {
    await using account = await sweptAt(reads[from]);
    // As long as an owner and a repository can be.
    const [owner, organisation, name] = ['o'.repeat(120), 'a'.repeat(39), 'n'.repeat(92)];
    const due = Array.from({ length: 600 }, (_, index) => {
      const number = String(index).padStart(8, '0');
      return { owner: `${owner}${number}`, repository: `${organisation}/${name}${number}`, uid: randomUUID(), stopAt };
    });
    for (let begin = 0; begin < due.length; begin += 40) {
      await Promise.all(due.slice(begin, begin + 40).map((environment) => record(account, environment)));
    }
    // Between those that are due, some that are not.
    await Promise.all(due.slice(200, 240).map(({ owner }) => record(account, { owner, stopAt: undefined })));
    const pages = await sweep(account);
    const found = pages.flatMap(({ batches }) => batches.flat());
    expect(found).toHaveLength(due.length);
    expect(found).toEqual(expect.arrayContaining(due));
    expect(pages.map(({ batches }) => batches.map(({ length }) => length))).toEqual(
      [10, 10, 4].map((batches) => Array<number>(batches).fill(25)),
    );
    expect(Math.max(...pages.map((page) => JSON.stringify(page).length))).toBeLessThan(262_144 / 2);
  });
});

describe('findDueEnvironments', () => {
  it('continues in the index where it began, also past the hour', async () => {
    await using account = await sweptAt(58);
    const [first, second] = ['2026-01-01T20:00:00.000Z', '2026-01-01T20:00:01.000Z'];
    await record(account, { owner: 'zoe', stopAt: first });
    await record(account, { owner: 'adam', stopAt: second });
    account.aws.clock.advance(4 * 60_000);
    const page = await find(account, { after: { id: 'zoe/acme/api', dueAt: first }, failure: null });
    expect(page.batches.flat().map(({ owner }) => owner)).toEqual(['adam']);
  });

  it('reads what is due alone, however many records there are', async () => {
    await using account = await sweptAt(30);
    await Promise.all(
      Array.from({ length: 200 }, (_, index) => record(account, { owner: `owner-${index}`, stopAt: '2999-01-01T00:00:00.000Z' })),
    );
    await Promise.all(Array.from({ length: 200 }, (_, index) => record(account, { owner: `other-${index}`, stopAt: undefined })));
    await record(account, {});
    const units = await readUnitsOf(account, () => find(account));
    expect(units).toBeLessThanOrEqual(1);
  });

  it('finds, once an hour, what is missing in the index', async () => {
    await using account = await sweptAt(30);
    await record(account, {});
    await updateItem(account.dynamodb, environmentKey, { set: {}, remove: ['dueAt'], when: 'attribute_exists(#kind)', values: {} });
    expect(await find(account)).toEqual(nothing);
    account.aws.clock.advance(31 * 60_000);
    expect((await find(account)).batches).toHaveLength(1);
  });

  it('reads all records of a table that has no index yet', async () => {
    await using account = await testAccount();
    const { GlobalSecondaryIndexes: _, AttributeDefinitions, ...keys } = tableKeys;
    const former = { ...keys, AttributeDefinitions: AttributeDefinitions.slice(0, 2) };
    await account.dynamodb.send(new CreateTableCommand({ TableName: tableName, BillingMode: 'PAY_PER_REQUEST', ...former }));
    await record(account, {});
    expect((await find(account)).batches).toHaveLength(1);
  });

  it('hands on the first failure among the batches before', async () => {
    await using account = await testAccount();
    const failures = ['AwsRefused', 'PermissionMissing'].map((name) => ({
      Error: name,
      Cause: JSON.stringify({ errorType: name, errorMessage: 'no' }),
    }));
    const { failure } = await find(account, { after: { id: 'alice/acme/api' }, failure: null }, [{ requested: 25 }, ...failures]);
    expect(failure).toEqual(failures[0]);
    expect(await find(account, { after: { id: 'alice/acme/web' }, failure }, failures.slice(1))).toEqual({ ...nothing, failure });
    expect(await find(account, { after: { id: 'alice/acme/web' }, failure }, [{ requested: 1 }])).toEqual({ ...nothing, failure });
  });

  it('passes over records that it cannot read, and logs which', async () => {
    await using account = await testAccount();
    await account.createTable();
    const error = vi.spyOn(account.logger, 'error');
    await record(account, { uid: undefined });
    await record(account, { owner: 'bob' });
    await record(account, { owner: 'carol', format: 3 });
    expect((await find(account)).batches).toEqual([[{ owner: 'bob', repository: 'acme/api', uid: 'uid-1', stopAt }]]);
    expect(error.mock.calls).toEqual([
      ['A record cannot be read', expect.objectContaining({ name: 'RecordDamaged', message: expect.stringContaining('alice/acme/api') })],
      [
        'A record cannot be read',
        expect.objectContaining({ name: 'RecordNewerThanStack', message: expect.stringContaining('carol/acme/api') }),
      ],
    ]);
  });
});

/** The read units that a step uses of the table and its index. */
async function readUnitsOf({ dynamodb }: TestAccount, what: () => Promise<unknown>): Promise<number> {
  let units = 0;
  dynamodb.middlewareStack.add(
    (next) => async (args) => {
      Object.assign(args.input, { ReturnConsumedCapacity: 'TOTAL' });
      const answer = await next(args);
      units += (answer.output as { ConsumedCapacity?: { CapacityUnits?: number } }).ConsumedCapacity?.CapacityUnits ?? 0;
      return answer;
    },
    { step: 'initialize', name: 'readUnits' },
  );
  await what();
  dynamodb.middlewareStack.remove('readUnits');
  return units;
}
