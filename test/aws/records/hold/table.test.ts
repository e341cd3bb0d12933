import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deleteItem, putItem, updateItem } from '../../../../aws/records/hold/table.ts';
import { readItem, readItems } from '../../../../aws/records/read/table.ts';
import { type TestAccount, testAccount } from '../../../functions/account.ts';

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
