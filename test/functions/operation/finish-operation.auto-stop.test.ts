import { describe, expect, it } from 'vitest';
import { putItem } from '../../../aws/records/hold/table.ts';
import { readEnvironment } from '../../../aws/records/read/environment.ts';
import type { AutoStop } from '../../../core/auto-stop.ts';
import { finishOperation } from '../../../functions/operation/finish-operation.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { environment, foundPlan, instance, launchPlan, operationOf, publicKey, request } from '../documents.ts';
import { environmentKey, recordOf } from '../installed.ts';

const operation = operationOf('one');
const started = { ...instance, publicIpAddress: '127.64.0.1' };
const hour = 3_600_000;
const minutes = (minutes: number): AutoStop => ({ kind: 'after', minutes });

interface Asked {
  /** What this start was asked for. */
  readonly given?: AutoStop;
  /** What the environment was asked to be before. */
  readonly before?: AutoStop;
  /** In milliseconds from now. */
  readonly stopsIn?: number;
  /** What the start found; it launches an instance otherwise. */
  readonly found?: 'start' | 'wait' | 'nothing' | undefined;
}

/** Finishes a start at a time that stands still; resolves to its output, what is recorded then, and the time. */
async function finish(account: TestAccount, { given, before, stopsIn, ...start }: Asked) {
  const found = 'found' in start ? start.found : 'start';
  account.stopClock();
  const now = account.aws.clock.now();
  await account.createTable();
  const stopAt = stopsIn === undefined ? undefined : iso(now + stopsIn);
  const recorded = { ...request, ...(before && { autoStop: before }) };
  const wanted = { ...recorded, ...(given && { autoStop: given }) };
  await putItem(account.dynamodb, environmentKey, recordOf({ name: 'acme-api', instance, lock: operation, request: wanted, stopAt }));
  const document = {
    kind: 'start' as const,
    environment: { ...environment, request: wanted, recorded: { status: 'started', request: recorded, instanceId: 'i-1', stopAt } },
    operation,
    request: { publicKey: publicKey(), ...(given && { autoStop: given }) },
    ...(found ? { plan: foundPlan('i-1', found) } : { plan: launchPlan, launch: { instanceId: 'i-1' } }),
    instance: started,
  };
  const output = await account.run(finishOperation, document);
  return { now, document, output, record: await readEnvironment(account.dynamodb, environment) };
}
const iso = (milliseconds: number) => new Date(milliseconds).toISOString();

describe('finishOperation of a start', () => {
  it.each<[string, Asked, AutoStop]>([
    ['what this start was asked for', { given: minutes(30), before: minutes(60) }, minutes(30)],
    ['what it was asked for before', { before: minutes(60) }, minutes(60)],
  ])('records that it stops by %s, and keeps that for the next one', async (_, asked, expected) => {
    await using account = await testAccount();
    const { now, output, record } = await finish(account, asked);
    const stopAt = iso(now + (expected.kind === 'after' ? expected.minutes * 60_000 : Number.NaN));
    expect(output.stopAt).toBe(stopAt);
    expect(record).toMatchObject({ wanted: { ...request, stopAt, autoStop: expected } });
  });

  it('takes the team’s default, as it is now, where nothing was asked for, and records no wish', async () => {
    await using account = await testAccount();
    account.choose({ autoStop: minutes(45) });
    const { now, output, record } = await finish(account, {});
    expect(output.stopAt).toBe(iso(now + 45 * 60_000));
    expect(record?.wanted).toEqual({ ...request, power: 'on', stopAt: output.stopAt });
  });

  it('records no time where it is never to stop', async () => {
    await using account = await testAccount();
    const { output, record } = await finish(account, { given: { kind: 'never' }, stopsIn: hour });
    expect(output.stopAt).toBeNull();
    expect(record?.wanted).toEqual({ ...request, power: 'on', autoStop: { kind: 'never' } });
  });

  it('records what it was asked for also where an older BeginOperation has not', async () => {
    await using account = await testAccount();
    const { document } = await finish(account, { given: minutes(30) });
    const former = recordOf({ name: 'acme-api', instance, lock: operation });
    await putItem(account.dynamodb, environmentKey, former, { when: 'attribute_exists(#kind)', values: {} });
    await account.run(finishOperation, document);
    expect((await readEnvironment(account.dynamodb, environment))?.wanted.autoStop).toEqual(minutes(30));
  });

  it('answers the same time when it runs again later', async () => {
    await using account = await testAccount();
    const { document, output, record } = await finish(account, { given: minutes(30) });
    account.aws.clock.advance(hour);
    expect(await account.run(finishOperation, document)).toEqual(output);
    expect(await readEnvironment(account.dynamodb, environment)).toEqual(record);
  });
});

describe.each(['nothing', 'wait'] as const)('finishOperation of a start that found it started (%s)', (found) => {
  const before = minutes(60);

  it.each<[string, Asked, number | null]>([
    ['keeps the time it stops at', { before, stopsIn: 10 * 60_000 }, 10 * 60_000],
    ['keeps it also where the team’s default has changed since', { stopsIn: 10 * 60_000 }, 10 * 60_000],
    ['takes another one where that was asked for', { given: minutes(30), before, stopsIn: 10 * 60_000 }, 30 * 60_000],
    ['takes it anew where the same was asked for', { given: before, before, stopsIn: 10 * 60_000 }, hour],
    ['takes a new one where its time has passed', { before, stopsIn: -1 }, hour],
    ['takes a new one where its time is now', { before, stopsIn: 0 }, hour],
    ['takes one where it has none', { before }, hour],
    ['leaves it without one where it is never to stop', { before: { kind: 'never' } }, null],
  ])('%s', async (_, asked, expected) => {
    await using account = await testAccount();
    account.choose({ autoStop: { kind: 'never' } });
    const { now, output, record } = await finish(account, { ...asked, found });
    const stopAt = expected === null ? null : iso(now + expected);
    expect(output.stopAt).toBe(stopAt);
    expect(record?.wanted.stopAt ?? null).toBe(stopAt);
  });
});

it('of a start that had to start the instance again forgets the time of the start before', async () => {
  await using account = await testAccount();
  const { now, output } = await finish(account, { before: minutes(60), stopsIn: 10 * 60_000 });
  expect(output.stopAt).toBe(iso(now + hour));
});
