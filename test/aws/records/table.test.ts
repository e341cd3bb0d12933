import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deleteItem, putItem, updateItem } from '../../../aws/records/hold/table.ts';
import { ifInstalled, readItem, readItems } from '../../../aws/records/read/table.ts';
import { RecodeError } from '../../../core/errors.ts';
import { type TestAccount, testAccount } from '../../functions/account.ts';

const Thing = v.object({
  status: v.string(),
  owner: v.optional(v.string()),
  operation: v.optional(v.object({ executionArn: v.string() })),
});
const key = (id: string) => ({ kind: 'environment', id }) as const;
const always = { when: 'attribute_exists(#kind)', values: {} };

let account: TestAccount;
beforeAll(async () => {
  account = await testAccount();
  await account.createTable();
});
afterAll(() => account[Symbol.asyncDispose]());

describe('putItem and readItem', () => {
  it('keep what was put, under its key', async () => {
    expect(await putItem(account.dynamodb, key('kept'), { status: 'creating', owner: undefined })).toBe(true);
    expect(await readItem(account.dynamodb, key('kept'), Thing)).toEqual({ status: 'creating' });
    expect(await readItem(account.dynamodb, { kind: 'name', id: 'kept' }, Thing)).toBeUndefined();
  });

  it('put nothing over an item that is there', async () => {
    await putItem(account.dynamodb, key('first'), { status: 'mine' });
    expect(await putItem(account.dynamodb, key('first'), { status: 'theirs' })).toBe(false);
    expect(await readItem(account.dynamodb, key('first'), Thing)).toEqual({ status: 'mine' });
  });

  it('put over an item that meets the condition', async () => {
    await putItem(account.dynamodb, key('owned'), { status: 'one', owner: 'alice' });
    const owned = (owner: string) => ({ when: '#owner = :owner', values: { ':owner': owner } });
    expect(await putItem(account.dynamodb, key('owned'), { status: 'two', owner: 'bob' }, owned('bob'))).toBe(false);
    expect(await putItem(account.dynamodb, key('owned'), { status: 'two', owner: 'bob' }, owned('alice'))).toBe(true);
    expect(await readItem(account.dynamodb, key('owned'), Thing)).toEqual({ status: 'two', owner: 'bob' });
  });
});

describe('updateItem', () => {
  it('changes and removes attributes, and answers the item as it is then', async () => {
    await putItem(account.dynamodb, key('changing'), { status: 'one', owner: 'alice', operation: { executionArn: 'arn:1' } });
    const when = { when: '#operation.#executionArn = :me', values: { ':me': 'arn:1' } };
    const changed = await updateItem(account.dynamodb, key('changing'), { set: { status: 'two' }, remove: ['operation'], ...when });
    expect(changed).toEqual({ ...key('changing'), status: 'two', owner: 'alice' });
    expect(await readItem(account.dynamodb, key('changing'), Thing)).toEqual({ status: 'two', owner: 'alice' });
  });

  it('changes nothing where the condition is not met, and answers nothing', async () => {
    await putItem(account.dynamodb, key('held'), { status: 'one' });
    const change = { set: { status: 'two' }, when: '#operation.#executionArn = :me', values: { ':me': 'arn:1' } };
    expect(await updateItem(account.dynamodb, key('held'), change)).toBeUndefined();
    expect(await readItem(account.dynamodb, key('held'), Thing)).toEqual({ status: 'one' });
  });

  it('makes no item that is not there', async () => {
    expect(await updateItem(account.dynamodb, key('absent'), { set: { status: 'two' }, ...always })).toBeUndefined();
    expect(await readItem(account.dynamodb, key('absent'), Thing)).toBeUndefined();
  });
});

describe('deleteItem', () => {
  it('deletes an item that meets the condition only', async () => {
    await putItem(account.dynamodb, key('doomed'), { status: 'one' });
    expect(await deleteItem(account.dynamodb, key('doomed'), { when: '#status = :status', values: { ':status': 'two' } })).toBe(false);
    expect(await deleteItem(account.dynamodb, key('doomed'), { when: '#status = :status', values: { ':status': 'one' } })).toBe(true);
    expect(await readItem(account.dynamodb, key('doomed'), Thing)).toBeUndefined();
  });
});

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

describe('without a table', () => {
  it('says that Recode is not installed, whatever is asked', async () => {
    await using empty = await testAccount();
    const { dynamodb } = empty;
    const calls = [
      readItem(dynamodb, key('x'), Thing),
      readItems(dynamodb, 'name', Thing),
      putItem(dynamodb, key('x'), {}),
      updateItem(dynamodb, key('x'), { set: { status: 'x' }, ...always }),
      deleteItem(dynamodb, key('x'), always),
    ];
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason.name)).toEqual(calls.map(() => 'RecodeNotInstalled'));
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
