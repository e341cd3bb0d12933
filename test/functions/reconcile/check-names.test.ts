import { expect, it } from 'vitest';
import { putItem } from '../../../aws/records/hold/table.ts';
import { checkNames } from '../../../functions/reconcile/check-names.ts';
import { claims } from '../installed.ts';
import { agreeing, check, firstPage, shown } from '../reconciled.ts';

it('checkNames deletes the claims that no environment has, and no others', async () => {
  await using given = await agreeing();
  const { account } = given;
  await putItem(account.dynamodb, { kind: 'name', id: 'gone' }, { environment: 'bob/acme/web', uid: 'uid-2' });
  const input = (extent: 'nothing' | 'all') => ({ check: check(extent), page: firstPage });
  expect(shown(await account.run(checkNames, input('nothing')))).toEqual([['stale', 'name', 'left']]);
  expect(shown(await account.run(checkNames, input('all')))).toEqual([['stale', 'name', 'mended']]);
  expect(await claims(account)).toEqual({ 'acme-api': 'alice/acme/api' });
  expect(shown(await account.run(checkNames, input('all')))).toEqual([]);
});
