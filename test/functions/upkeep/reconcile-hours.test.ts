import { describe, expect, it } from 'vitest';
import { putEnvironment } from '../../../aws/records/hold/environment.ts';
import { readEnvironment } from '../../../aws/records/read/environment.ts';
import { readHours } from '../../../aws/records/read/hours.ts';
import { readAttributes } from '../../../aws/records/read/table.ts';
import type { Environment } from '../../../core/environment.ts';
import { usageOf } from '../../../core/hours.ts';
import { reconcileHours } from '../../../functions/upkeep/reconcile-hours.ts';
import { testAccount } from '../account.ts';
import { instance, operation } from '../documents.ts';
import { installed, recordOf } from '../installed.ts';

const hour = 3_600_000;

/** An account whose clock stands still on the tenth of a month, and whose owners have so many hours. */
async function capped(hoursPerOwner: number) {
  const account = await installed();
  account.stopClock();
  const date = new Date(account.aws.clock.now());
  await account.aws.clock.advance(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 10) - date.getTime());
  account.choose({ hoursPerOwner });
  const at = (hours: number) => new Date(account.aws.clock.now() + hours * hour).toISOString();
  const put = (repository: string, fields: Parameters<typeof recordOf>[0], launchedAt = at(-1)) => {
    const record = recordOf({ repository, uid: repository, name: repository.replace('/', '-'), instance, ...fields });
    const observed = record.observed && { ...record.observed, launchedAt, at: at(0) };
    return putEnvironment(account.dynamodb, { ...record, ...(observed && { observed }) } as Environment);
  };
  const stopAt = async (repository: string) => (await readEnvironment(account.dynamodb, { owner: 'alice', repository }))?.wanted.stopAt;
  const usage = async () => {
    const hours = await readHours(account.dynamodb, 'alice');
    return hours && usageOf(hours, account.aws.clock.now());
  };
  return { account, at, put, stopAt, usage, [Symbol.asyncDispose]: () => account[Symbol.asyncDispose]() };
}

describe('reconcileHours', () => {
  it('counts environments that run since before the cap was set, and lets none run for ever', async () => {
    await using given = await capped(200);
    const { account, at, put, stopAt, usage } = given;
    await put('acme/api', { stopAt: at(5) });
    await put('acme/web', {});
    await put('acme/off', { state: 'stopped', power: 'off' });
    expect(await account.run(reconcileHours, {})).toEqual({ cut: 1 });
    expect(await stopAt('acme/api')).toBe(at(5));
    expect(await stopAt('acme/web')).toBe(at(7 * 24));
    expect(await usage()).toEqual({ used: 0, reserved: (5 + 7 * 24) * hour });
    expect(await readAttributes(account.dynamodb, { kind: 'environment', id: 'alice/acme/web' })).toMatchObject({ dueAt: at(7 * 24) });
  });

  it('stops at the cap what there are no hours for, and leaves what an operation holds', async () => {
    await using given = await capped(8);
    const { account, at, put, stopAt } = given;
    await put('acme/api', { stopAt: at(5) }, at(-2));
    await put('acme/web', { stopAt: at(5) });
    await put('acme/held', { stopAt: at(5), lock: operation });
    await account.run(reconcileHours, {});
    expect(await stopAt('acme/web')).toBe(at(5));
    expect(await stopAt('acme/api')).toBe(at(3));
    expect(await stopAt('acme/held')).toBe(at(5));
    account.choose({ hoursPerOwner: 4 });
    await account.run(reconcileHours, {});
    // The one that was launched last is cut first.
    expect([await stopAt('acme/api'), await stopAt('acme/web')]).toEqual([at(3), at(1)]);
    expect(await account.run(reconcileHours, {})).toEqual({ cut: 0 });
  });

  it('forgets all hours without a cap, and does nothing where Recode is not installed', async () => {
    await using given = await capped(8);
    const { account, at, put, usage } = given;
    await put('acme/api', { stopAt: at(5) });
    await account.run(reconcileHours, {});
    account.choose({ hoursPerOwner: 0 });
    await account.run(reconcileHours, {});
    expect(await usage()).toBeUndefined();
    await using empty = await testAccount();
    expect(await empty.run(reconcileHours, {})).toEqual({ cut: 0 });
    empty.choose({ hoursPerOwner: 8 });
    expect(await empty.run(reconcileHours, {})).toEqual({ cut: 0 });
  });
});
