import { describe, expect, it } from 'vitest';
import { putItem } from '../../../aws/records/hold/table.ts';
import { readEnvironment, readEnvironments } from '../../../aws/records/read/environment.ts';
import { readHours } from '../../../aws/records/read/hours.ts';
import { readItems } from '../../../aws/records/read/table.ts';
import { OwnerHours, usageOf } from '../../../core/hours.ts';
import { beginOperation } from '../../../functions/operation/begin-operation.ts';
import { startHolder } from '../../harness/holders.ts';
import type { TestAccount } from '../account.ts';
import { instance, publicKey, readyNetwork } from '../documents.ts';
import { afterWrite, alicesApi, begin, environmentKey, installed, recordOf } from '../installed.ts';

const hour = 3_600_000;
const lasting = (minutes: number) => ({ publicKey: publicKey(), autoStop: { kind: 'after', minutes } });
const reserved = async ({ aws, dynamodb }: TestAccount, owner = 'alice') => {
  const hours = await readHours(dynamodb, owner);
  return hours && usageOf(hours, aws.clock.now()).reserved / hour;
};

/** An account whose clock stands still in the middle of a month, and whose owners have ten hours. */
async function capped(network?: Record<string, unknown>) {
  const account = await installed(network);
  account.stopClock();
  const now = new Date(account.aws.clock.now());
  await account.aws.clock.advance(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 10) - now.getTime());
  account.choose({ hoursPerOwner: 10 });
  return account;
}

describe('a start where an owner has ten hours a month', () => {
  it('reserves its hours up to its stop, of the environment’s owner alone', async () => {
    await using account = await capped();
    await account.run(beginOperation, begin(await startHolder(account.sfn), { request: lasting(240) }));
    expect(await reserved(account)).toBe(4);
    expect(await reserved(account, 'bob')).toBeUndefined();
  });

  it('reserves them once, whatever happened to an earlier attempt', async () => {
    await using account = await capped();
    const event = begin(await startHolder(account.sfn), { request: lasting(240) });
    afterWrite(account, 'PutItemCommand', () => Promise.reject(new Error('lost')));
    await expect(account.run(beginOperation, event)).rejects.toThrow();
    await account.run(beginOperation, event);
    await account.run(beginOperation, event);
    expect(await reserved(account)).toBe(4);
  });

  it('is refused without any left, and leaves nothing behind', async () => {
    await using account = await capped();
    await putItem(account.dynamodb, { kind: 'hours', id: 'alice' }, usedUp(account));
    const refused = begin(await startHolder(account.sfn), { request: lasting(60) });
    const refusal = await account.refusal(beginOperation, refused);
    expect(refusal.name).toBe('HoursUsedUp');
    expect(refusal.message).toMatch(/^alice has used 10 of 10 hours in \w+\. \w+ ends at \d{4}-\d\d-01T00:00:00\.000Z\.$/);
    expect((await readEnvironments(account.dynamodb)).items).toEqual([]);
    await account.run(beginOperation, begin(await startHolder(account.sfn, 'bob'), { owner: 'bob', request: lasting(60) }));
  });

  it('lets one in of two that come at once, where there is room for one', async () => {
    await using account = await capped();
    account.choose({ hoursPerOwner: 4 });
    const starts = ['one', 'two'].map(async (name) =>
      account
        .run(beginOperation, begin(await startHolder(account.sfn), { repository: `acme/${name}`, request: lasting(240) }))
        .then(() => 'entered')
        .catch(({ name }) => name),
    );
    // The other waits for what the first one may give back.
    expect((await Promise.all(starts)).sort()).toEqual(['OperationSettling', 'entered']);
    expect(await reserved(account)).toBe(4);
  });

  it('is a restart, too: refused, it leaves the environment as it was', async () => {
    await using account = await capped(readyNetwork({}));
    await putItem(account.dynamodb, { kind: 'hours', id: 'alice' }, usedUp(account));
    await putItem(account.dynamodb, environmentKey, recordOf({ name: 'acme-api', instance, state: 'stopped', power: 'off' }));
    const before = await readEnvironment(account.dynamodb, alicesApi);
    const restart = begin({ ...(await startHolder(account.sfn)), kind: 'restart' });
    expect((await account.refusal(beginOperation, restart)).name).toBe('HoursUsedUp');
    expect(await readEnvironment(account.dynamodb, alicesApi)).toEqual(before);
  });
});

it('writes no hours where there is no cap', async () => {
  await using account = await installed();
  await account.run(beginOperation, begin(await startHolder(account.sfn)));
  expect((await readItems(account.dynamodb, 'hours', OwnerHours)).items).toEqual([]);
});

/** The hours of alice, of which ten are used this month. */
const usedUp = ({ aws }: TestAccount): OwnerHours => ({
  format: 2,
  owner: 'alice',
  version: 1,
  limit: 10,
  month: new Date(aws.clock.now()).toISOString().slice(0, 7),
  used: 10 * hour,
  environments: {},
});
