import { describe, expect, it } from 'vitest';
import { putItem, updateItem } from '../../../aws/records/hold/table.ts';
import { readEnvironment } from '../../../aws/records/read/environment.ts';
import { autoStopCaller } from '../../../core/owner.ts';
import { beginOperation } from '../../../functions/operation/begin-operation.ts';
import { startHolder } from '../../harness/holders.ts';
import type { TestAccount } from '../account.ts';
import { networkIds as ids, instance, operationOf } from '../documents.ts';
import { alicesApi, beforeWrite, begin, environmentKey, installed, recordOf } from '../installed.ts';

const stopAt = '2026-01-01T20:00:00.000Z';
const later = '2026-01-02T20:00:00.000Z';
const started = recordOf({ name: 'acme-api', instance, publicIpAddress: '127.64.0.1', stopAt });
const startedLater = { ...started, wanted: { ...started.wanted, stopAt: later } };
const operation = { ...operationOf('one', 'stop'), owner: autoStopCaller };

/** The input of BeginOperation in a stop that a sweep has asked for. */
function dueStop(due: object = { uid: 'uid-1', stopAt }) {
  const { input, ...execution } = begin(operation);
  return { ...execution, input: { ...input, due } };
}

async function recorded(record: object): Promise<TestAccount> {
  const account = await installed({ status: 'ready', ids });
  await putItem(account.dynamodb, environmentKey, { ...record });
  return account;
}

/** Another time to stop, as a start would have recorded it that has begun and ended meanwhile. */
const restart = ({ aws: { clients } }: TestAccount) =>
  updateItem(clients.dynamodb, environmentKey, { set: { 'wanted.stopAt': later }, when: 'attribute_exists(#kind)', values: {} });

describe('a stop of an environment that is due', () => {
  it('takes it as any stop does, and hands on when it was to stop', async () => {
    await using account = await recorded(started);
    const { environment } = await account.run(beginOperation, dueStop());
    expect(environment).toMatchObject({ uid: 'uid-1', recorded: { status: 'started', stopAt } });
    expect(await readEnvironment(account.dynamodb, alicesApi)).toMatchObject({ wanted: { power: 'off', stopAt }, lock: operation });
  });

  it('finds what it has taken when it begins again', async () => {
    await using account = await recorded(started);
    await account.run(beginOperation, dueStop());
    await restart(account);
    expect((await account.run(beginOperation, dueStop())).environment).toMatchObject({ uid: 'uid-1' });
  });

  it.each([
    ['another one of the same name', { ...started, uid: 'uid-2' }, 'it has been replaced'],
    ['stopped', recordOf({ power: 'off', name: 'acme-api', instance, state: 'stopped' }), 'it no longer stops automatically'],
    ['restarted', startedLater, `it stops at ${later} now`],
    ['never to stop', recordOf({ name: 'acme-api', instance }), 'it no longer stops automatically'],
  ])('leaves alone what is %s meanwhile', async (_, record, reason) => {
    await using account = await recorded(record);
    const before = await readEnvironment(account.dynamodb, alicesApi);
    expect(await account.refusal(beginOperation, dueStop())).toMatchObject({
      name: 'AutoStopNotDue',
      message: `The environment acme/api was to be stopped at ${stopAt}, but ${reason}.`,
    });
    expect(await readEnvironment(account.dynamodb, alicesApi)).toEqual(before);
  });

  it('leaves alone what gets another time between the look at it and the take', async () => {
    await using account = await recorded(started);
    beforeWrite(account, 'UpdateItemCommand', () => restart(account));
    expect((await account.refusal(beginOperation, dueStop())).name).toBe('OperationSettling');
    expect((await account.refusal(beginOperation, dueStop())).name).toBe('AutoStopNotDue');
    expect(await readEnvironment(account.dynamodb, alicesApi)).toEqual(startedLater);
  });

  it('waits while another operation is at work, which may change its time', async () => {
    await using account = await recorded(started);
    const holder = await startHolder(account.sfn);
    await putItem(account.dynamodb, environmentKey, { ...started, lock: holder }, { when: 'attribute_exists(#kind)', values: {} });
    const waiting = await account.refusal(beginOperation, dueStop());
    expect([waiting.name, waiting.data]).toEqual(['AutoStopHeldUp', undefined]);
    expect(waiting.message).toMatch(/^A start is running on the environment acme\/api; .* started it at /);
    expect((await account.refusal(beginOperation, begin(operationOf('two', 'stop')))).name).toBe('OperationInProgress');
  });

  it('is told apart from a person’s', async () => {
    await using account = await recorded(started);
    const holder = { ...(await startHolder(account.sfn)), kind: 'stop' as const, owner: autoStopCaller };
    await putItem(account.dynamodb, environmentKey, { ...started, lock: holder }, { when: 'attribute_exists(#kind)', values: {} });
    const { message } = await account.refusal(beginOperation, begin(operationOf('two')));
    expect(message).toBe(`An automatic stop is running on the environment acme/api; it started at ${holder.startedAt}.`);
  });
});

it('a person’s stop stops it whenever it is due', async () => {
  await using account = await recorded(startedLater);
  expect((await account.run(beginOperation, begin(operationOf('one', 'stop')))).environment).toMatchObject({ uid: 'uid-1' });
});

it.each(['remove', 'restart'] as const)('a %s is never automatic', async (kind) => {
  await using account = await recorded(started);
  const { kind: _, ...stop } = dueStop();
  expect((await account.refusal(beginOperation, { ...stop, kind })).name).toBe('ProofMissing');
  expect(await readEnvironment(account.dynamodb, alicesApi)).toEqual(started);
});

it('nobody stops it before its time in the name of the automatic stop', async () => {
  const soon = new Date(Date.now() + 60_000).toISOString();
  await using account = await recorded({ ...started, wanted: { ...started.wanted, stopAt: soon } });
  const early = dueStop({ uid: 'uid-1', stopAt: soon });
  expect((await account.refusal(beginOperation, early)).name).toBe('AutoStopNotDue');
  account.aws.clock.advance(60_000);
  expect(await account.run(beginOperation, early)).toMatchObject({ operation: { owner: autoStopCaller } });
});
