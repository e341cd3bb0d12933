import * as v from 'valibot';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { claim, deleteClaim } from '../../../../aws/records/hold/names.ts';
import { putItem } from '../../../../aws/records/hold/table.ts';
import { readItem } from '../../../../aws/records/read/table.ts';
import { type TestAccount, testAccount } from '../../../functions/account.ts';
import { recordOf } from '../../../functions/installed.ts';

let account: TestAccount;
let name: string;
let names = 0;
beforeAll(async () => {
  account = await testAccount();
  await account.createTable();
});
afterAll(() => account[Symbol.asyncDispose]());
beforeEach(() => {
  names += 1;
  name = `name-${names}`;
});

const stored = () =>
  readItem(account.dynamodb, { kind: 'name', id: name }, v.object({ environment: v.string(), uid: v.optional(v.string()) }));
const put = (item: { environment: string; uid?: string }) => putItem(account.dynamodb, { kind: 'name', id: name }, item);
const environment = () => ({ ...recordOf(), name });
const alices = { environment: 'alice/acme/api', uid: 'uid-1' };

describe('claim', () => {
  it('claims a free name, also twice', async () => {
    for (const _ of ['first', 'again']) expect(await claim(account.dynamodb, environment())).toBe(true);
    expect(await stored()).toEqual(alices);
  });

  it('takes over the claim of an earlier environment for the same repository', async () => {
    await put({ ...alices, uid: 'uid-0' });
    expect(await claim(account.dynamodb, environment())).toBe(true);
    expect(await stored()).toEqual(alices);
  });

  it('leaves the claim of another environment alone', async () => {
    const bobs = { environment: 'bob/acme/api', uid: 'uid-2' };
    await put(bobs);
    expect(await claim(account.dynamodb, environment())).toBe(false);
    expect(await stored()).toEqual(bobs);
  });
});

describe('deleteClaim', () => {
  it('deletes what was read', async () => {
    await put(alices);
    expect(await deleteClaim(account.dynamodb, { id: name, ...alices })).toBe(true);
    expect(await stored()).toBeUndefined();
    expect(await deleteClaim(account.dynamodb, { id: name, ...alices })).toBe(false);
  });

  it('deletes one of an older version, which has no uid', async () => {
    await put({ environment: alices.environment });
    expect(await deleteClaim(account.dynamodb, { id: name, environment: alices.environment })).toBe(true);
  });

  it.each([
    ['another environment', { environment: 'bob/acme/api', uid: 'uid-1' }],
    ['a newer environment for the same repository', { ...alices, uid: 'uid-2' }],
    ['nobody who has a uid', { environment: alices.environment }],
  ])('leaves a claim that now is of %s', async (_, now) => {
    await put(now);
    expect(await deleteClaim(account.dynamodb, { id: name, ...alices })).toBe(false);
    expect(await stored()).toEqual(now);
  });

  it('leaves a claim that has got a uid since it was read', async () => {
    await put(alices);
    expect(await deleteClaim(account.dynamodb, { id: name, environment: alices.environment })).toBe(false);
    expect(await stored()).toEqual(alices);
  });
});
