import { describe, expect, it } from 'vitest';
import { putEnvironment } from '../../../aws/records/hold/environment.ts';
import { readEnvironment } from '../../../aws/records/read/environment.ts';
import { readAttributes } from '../../../aws/records/read/table.ts';
import { changeSchedule } from '../../../functions/environment/change-schedule.ts';
import type { TestAccount } from '../account.ts';
import { instance, operation } from '../documents.ts';
import { alicesApi, beforeWrite, environmentKey, installed, recordOf } from '../installed.ts';

const executionArn = 'arn:aws:states:us-east-1:000000000000:execution:recode-schedule:one';
const changed = (change: object, caller = 'alice') => ({ executionArn, input: { caller, environment: alicesApi, change } });
const minute = 60_000;
const lasting = (minutes: number) => ({ kind: 'after', minutes }) as const;
const set = (autoStop: object) => changed({ action: 'set', autoStop });
const clear = changed({ action: 'clear' });

/** An account whose clock stands still, with a started environment that stops in an hour unless said otherwise. */
async function recorded(fields: Parameters<typeof recordOf>[0] = {}, stopsIn: number | undefined = 60) {
  const account = await installed();
  account.stopClock();
  const inMinutes = (minutes: number) => new Date(account.aws.clock.now() + minutes * minute).toISOString();
  const stopAt = stopsIn === undefined ? undefined : inMinutes(stopsIn);
  await putEnvironment(account.dynamodb, recordOf({ name: 'acme-api', instance, stopAt, ...fields }));
  const extend = (minutes: number) => changed({ action: 'extend', stopAt: inMinutes(minutes) });
  return { account, inMinutes, extend, [Symbol.asyncDispose]: () => account[Symbol.asyncDispose]() };
}
const wanted = async ({ dynamodb }: TestAccount) => (await readEnvironment(dynamodb, alicesApi))?.wanted;

describe('changeSchedule', () => {
  it('postpones the next stop, once, and leaves what the owner has chosen', async () => {
    await using given = await recorded({ request: { ...recordOf().wanted, autoStop: lasting(60) } });
    const { account, extend, inMinutes } = given;
    const output = { autoStop: lasting(60), stopAt: inMinutes(180) };
    expect(await account.run(changeSchedule, extend(180))).toEqual({ ...output, idleStop: 'off' });
    expect(await account.run(changeSchedule, extend(180))).toEqual({ ...output, idleStop: 'off' });
    expect(await wanted(account)).toMatchObject(output);
    expect(await readAttributes(account.dynamodb, environmentKey)).toMatchObject({ dueAt: output.stopAt });
  });

  it('changes the idle time alone, and hands on the one that counts', async () => {
    await using given = await recorded({ request: { ...recordOf().wanted, autoStop: lasting(60) } });
    const { account, inMinutes, extend } = given;
    const kept = { autoStop: lasting(60), stopAt: inMinutes(60) };
    expect(await account.run(changeSchedule, changed({ action: 'set', idleStop: 30 }))).toEqual({ ...kept, idleStop: 30 });
    expect(await wanted(account)).toMatchObject({ ...kept, idleStop: 30 });
    expect(await account.run(changeSchedule, extend(90))).toMatchObject({ idleStop: 30 });
    account.choose({ idleStop: 120 });
    expect(await account.run(changeSchedule, set({ kind: 'never' }))).toEqual({ autoStop: { kind: 'never' }, stopAt: null, idleStop: 30 });
    expect(await account.run(changeSchedule, clear)).toMatchObject({ autoStop: null, idleStop: 120 });
    expect(await wanted(account)).not.toHaveProperty('idleStop');
  });

  it.each([{ action: 'set' }, { action: 'set', idleStop: 14 }, { action: 'set', idleStop: 'never' }])(
    'refuses the change %j',
    async (change) => {
      await using given = await recorded();
      expect((await given.account.refusal(changeSchedule, changed(change))).name).toBe('InputNotValid');
    },
  );

  it('never brings a stop forward by postponing it', async () => {
    await using given = await recorded();
    expect(await given.account.run(changeSchedule, given.extend(30))).toMatchObject({ stopAt: given.inMinutes(60) });
  });

  it('postpones no stop that is not planned', async () => {
    await using given = await recorded({}, undefined);
    await given.account.run(changeSchedule, set({ kind: 'never' }));
    expect((await given.account.refusal(changeSchedule, given.extend(30))).name).toBe('NoStopToPostpone');
  });

  it('chooses another time, which a running environment has at once', async () => {
    await using given = await recorded();
    expect(await given.account.run(changeSchedule, set(lasting(90)))).toEqual({
      autoStop: lasting(90),
      stopAt: given.inMinutes(90),
      idleStop: 'off',
    });
    expect(await given.account.run(changeSchedule, set({ kind: 'never' }))).toEqual({
      autoStop: { kind: 'never' },
      stopAt: null,
      idleStop: 'off',
    });
    expect(await readAttributes(given.account.dynamodb, environmentKey)).not.toHaveProperty('dueAt');
  });

  it.each([
    ['stopped', { state: 'stopped', power: 'off' }],
    ['without an instance', { instance: undefined }],
  ] as const)('chooses a time for an environment that is %s, which has no stop to come', async (_, fields) => {
    await using given = await recorded(fields as object, undefined);
    expect(await given.account.run(changeSchedule, set(lasting(90)))).toEqual({ autoStop: lasting(90), stopAt: null, idleStop: 'off' });
  });

  it('goes back to the default of the team', async () => {
    await using given = await recorded({ request: { ...recordOf().wanted, autoStop: { kind: 'never' } } }, undefined);
    given.account.choose({ autoStop: lasting(30) });
    expect(await given.account.run(changeSchedule, clear)).toEqual({ autoStop: null, stopAt: given.inMinutes(30), idleStop: 'off' });
    expect(await wanted(given.account)).not.toHaveProperty('autoStop');
  });

  it('refuses what the team does not allow, and changes nothing', async () => {
    await using given = await recorded();
    given.account.choose({ longestRun: 120 });
    const before = await wanted(given.account);
    for (const refused of [given.extend(121), set(lasting(121)), set({ kind: 'never' })]) {
      expect((await given.account.refusal(changeSchedule, refused)).name).toBe('AutoStopNotAllowed');
    }
    expect(await wanted(given.account)).toEqual(before);
    expect(await given.account.run(changeSchedule, given.extend(120))).toMatchObject({ stopAt: given.inMinutes(120) });
  });

  it('stops an environment with a time of day at the latest when the team says', async () => {
    await using given = await recorded();
    given.account.choose({ longestRun: 1 });
    const time = given.inMinutes(12 * 60).slice(11, 16);
    expect(await given.account.run(changeSchedule, set({ kind: 'daily', time, timeZone: 'UTC' }))).toMatchObject({
      stopAt: given.inMinutes(1),
    });
  });

  it('refuses a stop more than a week away', async () => {
    await using given = await recorded();
    expect((await given.account.refusal(changeSchedule, given.extend(7 * 24 * 60 + 1))).name).toBe('AutoStopNotAllowed');
  });

  it('waits while an operation holds the environment, or takes it meanwhile', async () => {
    await using given = await recorded({ lock: operation });
    expect((await given.account.refusal(changeSchedule, clear)).name).toBe('OperationSettling');
    await using other = await recorded();
    const { account } = other;
    beforeWrite(account, 'UpdateItemCommand', () => account.run(changeSchedule, other.extend(90)));
    expect((await account.refusal(changeSchedule, other.extend(80))).name).toBe('OperationSettling');
    expect(await account.run(changeSchedule, other.extend(80))).toMatchObject({ stopAt: other.inMinutes(90) });
  });

  it('obeys the owner, and whom the team lets act on it', async () => {
    await using given = await recorded();
    const bobs = changed({ action: 'clear' }, 'bob');
    given.account.choose({ teammates: 'nobody' });
    expect((await given.account.refusal(changeSchedule, bobs)).name).toBe('TeammateNotAllowed');
    given.account.choose({ teammates: 'everyone' });
    await given.account.run(changeSchedule, bobs);
  });

  it('changes nothing that is being removed, or is not there', async () => {
    await using given = await recorded({ power: 'removed' });
    expect((await given.account.refusal(changeSchedule, clear)).name).toBe('EnvironmentBeingRemoved');
    await using account = await installed();
    expect((await account.refusal(changeSchedule, clear)).name).toBe('EnvironmentNotFound');
  });

  it.each([
    { action: 'extend', stopAt: 'tomorrow' },
    { action: 'extend', minutes: 60 },
    { action: 'set', autoStop: { kind: 'after', minutes: 0 } },
    { action: 'set', autoStop: { kind: 'daily', time: '25:00', timeZone: 'UTC' } },
    { action: 'set', autoStop: { kind: 'daily', time: '20:00', timeZone: 'Mars/Olympus' } },
    { action: 'clear', autoStop: lasting(60) },
    { action: 'drop' },
  ])('refuses %j', async (change) => {
    await using account = await installed();
    expect((await account.refusal(changeSchedule, changed(change))).name).toBe('InputNotValid');
  });
});
