import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { putItem } from '../../../../aws/records/hold/table.ts';
import { ifInstalled, readItem, readItems, readPages } from '../../../../aws/records/read/table.ts';
import { RecodeError } from '../../../../core/errors.ts';
import { type TestAccount, testAccount } from '../../../functions/account.ts';

const Thing = v.object({
  status: v.string(),
  owner: v.optional(v.string()),
  operation: v.optional(v.object({ executionArn: v.string() })),
});
const key = (id: string) => ({ kind: 'environment', id }) as const;

let account: TestAccount;
beforeAll(async () => {
  account = await testAccount();
  await account.createTable();
});
afterAll(() => account[Symbol.asyncDispose]());

describe('readItems', () => {
  it('reads all items of a kind, over as many pages as they take', async () => {
    // A page of DynamoDB's holds 1 MB at most.
    const ids = ['a', 'b', 'c', 'd', 'e'];
    for (const id of ids) await putItem(account.dynamodb, { kind: 'name', id }, { status: id, owner: 'x'.repeat(300_000) });
    expect((await readItems(account.dynamodb, 'name', Thing)).items.map(({ status }) => status)).toEqual(ids);
  });

  it('reads those alone whose id begins with a text', async () => {
    for (const id of ['alice/x', 'alice/y', 'alice2/x', 'ali/x', 'bob/alice/'])
      await putItem(account.dynamodb, { kind: 'network', id }, { status: id });
    const begins = async (text: string) => (await readItems(account.dynamodb, 'network', Thing, text)).items.map(({ status }) => status);
    expect(await begins('alice/')).toEqual(['alice/x', 'alice/y']);
    expect(await begins('alice')).toEqual(['alice/x', 'alice/y', 'alice2/x']);
    expect(await begins('carol/')).toEqual([]);
  });

  it('reads over as many pages as those take', async () => {
    const ids = ['a', 'b', 'c', 'd', 'e'].map((letter) => `paged/${letter}`);
    for (const id of ids) await putItem(account.dynamodb, { kind: 'network', id }, { status: id, owner: 'x'.repeat(300_000) });
    expect((await readItems(account.dynamodb, 'network', Thing, 'paged/')).items.map(({ status }) => status)).toEqual(ids);
  });
});

describe('readPages', () => {
  const ids = ['a', 'b', 'c', 'd', 'e'].map((letter) => `pages/${letter}`);
  beforeAll(async () => {
    for (const id of ids) await putItem(account.dynamodb, { kind: 'network', id }, { status: id, owner: 'x'.repeat(300_000) });
  });
  const pages = (attributes?: readonly string[]) =>
    readPages(account.dynamodb, 'network', Thing, { idPrefix: 'pages/', ...(attributes && { attributes }) });

  it('has each page by itself, while the next one is read', async () => {
    const sent = vi.spyOn(account.dynamodb, 'send');
    const read = pages();
    const { value: first } = await read.next();
    expect(first.items).toHaveLength(4);
    expect(sent).toHaveBeenCalledTimes(2);
    const { value: second } = await read.next();
    expect(second.items).toEqual([expect.objectContaining({ status: ids[4] })]);
    expect(await read.next()).toEqual({ done: true, value: undefined });
    sent.mockRestore();
  });

  it('has the attributes that are asked for alone', async () => {
    for await (const { items } of pages(['status'])) for (const item of items) expect(Object.keys(item)).toEqual(['status']);
  });

  it('fails with the failure of a later page, and only for who asks for that', async () => {
    const { send } = account.dynamodb;
    let calls = 0;
    const sent = vi.spyOn(account.dynamodb, 'send').mockImplementation(async (...given: unknown[]) => {
      calls += 1;
      if (calls % 2 === 0) throw new Error('refused');
      return Reflect.apply(send, account.dynamodb, given);
    });
    const [asking, content] = [pages(), pages()];
    expect((await asking.next()).value.items).toHaveLength(4);
    await expect(asking.next()).rejects.toThrow('refused');
    expect((await content.next()).value.items).toHaveLength(4);
    await content.return(undefined);
    sent.mockRestore();
  });
});

describe('a damaged item', () => {
  it('is named, with its field', async () => {
    const Item = marshall({ kind: 'environment', id: 'alice/acme/api', status: 7 });
    await account.dynamodb.send(new PutItemCommand({ TableName: 'recode-config-dynamodb-table', Item }));
    const damaged = {
      name: 'RecordDamaged',
      message: expect.stringMatching(
        /^The item environment alice\/acme\/api of the table recode-config-dynamodb-table is damaged: status: /,
      ),
    };
    await expect(readItem(account.dynamodb, key('alice/acme/api'), Thing)).rejects.toMatchObject(damaged);
  });

  it('is told apart from the others when many are read', async () => {
    await putItem(account.dynamodb, key('bob/acme/api'), { status: 'one' });
    const { items, unreadable } = await readItems(account.dynamodb, 'environment', Thing);
    expect(items).toContainEqual({ status: 'one' });
    expect(unreadable).toMatchObject([{ name: 'RecordDamaged', message: expect.stringContaining('environment alice/acme/api') }]);
  });
});

describe('ifInstalled', () => {
  it('answers nothing where there is no table, and what there is where there is one', async () => {
    await using empty = await testAccount();
    expect(await ifInstalled(readItem(empty.dynamodb, key('x'), Thing))).toBeUndefined();
    expect(await ifInstalled(readItems(empty.dynamodb, 'name', Thing))).toBeUndefined();
    await putItem(account.dynamodb, key('there'), { status: 'one' });
    expect(await ifInstalled(readItem(account.dynamodb, key('there'), Thing))).toEqual({ status: 'one' });
  });

  it('lets every other refusal escape', async () => {
    const busy = new RecodeError('NetworkBusy', 'Busy.');
    await expect(ifInstalled(Promise.reject(busy))).rejects.toBe(busy);
    await account.aws.post('faults', { service: 'dynamodb', action: 'GetItem', kind: 'error', code: 'AccessDeniedException' });
    await expect(ifInstalled(readItem(account.dynamodb, key('x'), Thing))).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });
});
