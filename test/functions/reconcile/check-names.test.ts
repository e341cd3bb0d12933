import { expect, it } from 'vitest';
import { putItem } from '../../../aws/records/hold/table.ts';
import { readEnvironment } from '../../../aws/records/read/environment.ts';
import { checkNames } from '../../../functions/reconcile/check-names.ts';
import type { TestAccount } from '../account.ts';
import { environment } from '../documents.ts';
import { alicesApi, beforeWrite, claims } from '../installed.ts';
import { agreeing, check, firstPage, replaceRecord, shown } from '../reconciled.ts';

it('checkNames deletes the claims that no environment has, and no others', async () => {
  await using given = await agreeing();
  const { account } = given;
  await putItem(account.dynamodb, { kind: 'name', id: 'gone' }, { environment: 'bob/acme/web', uid: 'uid-2' });
  const input = (extent: 'nothing' | 'all') => ({ check: check(extent), page: firstPage });
  expect(shown(await account.run(checkNames, input('nothing')))).toEqual([['stale', 'name', 'left']]);
  expect(shown(await account.run(checkNames, input('all')))).toEqual([['stale', 'name', 'fixed']]);
  expect(await claims(account)).toEqual({ 'acme-api': 'alice/acme/api' });
  expect(shown(await account.run(checkNames, input('all')))).toEqual([]);
});

it.each([
  ['of an environment that has another name', { id: 'other', environment: 'alice/acme/api', uid: environment.uid }],
  ['of an earlier environment for the same repository', { id: 'acme-api', environment: 'alice/acme/api', uid: 'uid-0' }],
])('checkNames finds the claim %s', async (_, { id, ...item }) => {
  await using given = await agreeing();
  await replaceClaim(given.account, id, item);
  const { findings } = await given.account.run(checkNames, { check: check('nothing'), page: firstPage });
  expect(findings).toMatchObject([{ kind: 'stale', subject: 'name', id, owner: 'alice', repository: 'acme/api', fix: 'delete-claim' }]);
});

it('checkNames leaves the claim of an older version alone, which names no uid', async () => {
  await using given = await agreeing();
  await replaceClaim(given.account, 'acme-api', { environment: 'alice/acme/api' });
  expect(shown(await given.account.run(checkNames, { check: check('all'), page: firstPage }))).toEqual([]);
});

it('checkNames leaves the claim of an environment alone whose record cannot be read', async () => {
  await using given = await agreeing();
  const { account } = given;
  await putItem(account.dynamodb, { kind: 'environment', id: 'bob/acme/web' }, { format: 2, owner: 5 });
  await putItem(account.dynamodb, { kind: 'name', id: 'acme-web' }, { environment: 'bob/acme/web', uid: 'uid-2' });
  expect(shown(await account.run(checkNames, { check: check('all'), page: firstPage }))).toEqual([]);
  expect(await claims(account)).toMatchObject({ 'acme-web': 'bob/acme/web' });
});

it('checkNames says why a claim stays that has changed meanwhile', async () => {
  await using given = await agreeing();
  const { account } = given;
  await putItem(account.dynamodb, { kind: 'name', id: 'gone' }, { environment: 'bob/acme/web', uid: 'uid-2' });
  beforeWrite(account, 'DeleteItemCommand', () => replaceClaim(account, 'gone', { environment: 'carol/acme/web', uid: 'uid-3' }));
  const { findings } = await account.run(checkNames, { check: check('all'), page: firstPage });
  expect(findings).toMatchObject([{ id: 'gone', outcome: 'failed', reason: 'The name gone was claimed again.' }]);
  expect(await claims(account)).toMatchObject({ gone: 'carol/acme/web' });
});

it('checkNames leaves the claims on the former names of an environment whose rename is not finished', async () => {
  await using given = await agreeing();
  const { account } = given;
  const record = await readEnvironment(account.dynamodb, alicesApi);
  if (!record) throw new Error('There is no record.');
  await replaceRecord(account, { ...record, name: 'billing', formerNames: ['acme-api'] });
  await putItem(account.dynamodb, { kind: 'name', id: 'billing' }, { environment: 'alice/acme/api', uid: 'uid-1' });
  expect(shown(await account.run(checkNames, { check: check('all'), page: firstPage }))).toEqual([]);
  expect(await claims(account)).toEqual({ 'acme-api': 'alice/acme/api', billing: 'alice/acme/api' });
});

const replaceClaim = (account: TestAccount, id: string, item: Record<string, string>) =>
  putItem(account.dynamodb, { kind: 'name', id }, item, { when: 'attribute_exists(#kind) OR attribute_not_exists(#kind)', values: {} });
