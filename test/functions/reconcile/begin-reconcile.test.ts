import { describe, expect, it } from 'vitest';
import { beginReconcile } from '../../../functions/reconcile/begin-reconcile.ts';
import { testAccount } from '../account.ts';
import { installed } from '../installed.ts';

const executionArn = 'arn:aws:states:us-east-1:000000000000:execution:recode-reconcile:one';
const begun = (input: object) => ({ executionArn, startedAt: '2026-01-01T00:00:00.000Z', input });

describe('beginReconcile', () => {
  it('lets everybody look, and the daily check change records, without a proof', async () => {
    await using account = await installed();
    for (const extent of ['nothing', 'records'] as const)
      expect(await account.run(beginReconcile, begun({ extent }))).toMatchObject({ check: { extent, delete: [], by: null } });
  });

  it.each([{ extent: 'all' }, { delete: ['i-0123456789abcdef0'] }])('asks who wants to change more: %j', async (input) => {
    await using account = await installed();
    expect(await account.run(beginReconcile, begun({ caller: 'bob', ...input }))).toMatchObject({
      check: { by: { owner: 'bob', administrator: false } },
      operation: { kind: 'start', owner: 'bob', executionArn },
    });
    account.choose({ administrators: ['arn:aws:iam::*:user/bob'] });
    expect(await account.run(beginReconcile, begun({ caller: 'bob', ...input }))).toMatchObject({ check: { by: { administrator: true } } });
  });

  it.each([['all of it'], ['arn:aws:ec2:us-east-1:000000000000:instance/i-1']])('refuses to delete %s', async (id) => {
    await using account = await installed();
    expect((await account.refusal(beginReconcile, begun({ caller: 'bob', delete: [id] }))).name).toBe('InputNotValid');
  });

  it('looks at nothing without a table: everything would look as if it had no record', async () => {
    await using account = await testAccount();
    expect((await account.refusal(beginReconcile, begun({}))).name).toBe('RecodeNotInstalled');
  });
});
