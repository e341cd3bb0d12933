import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { change, putEnvironment, release, takeEnvironment } from '../../../../aws/records/hold/environment.ts';
import { readEnvironment, readEnvironments } from '../../../../aws/records/read/environment.ts';
import type { Environment } from '../../../../core/environment.ts';
import { RecodeError } from '../../../../core/errors.ts';
import type { Operation } from '../../../../core/operation.ts';
import { type TestAccount, testAccount } from '../../../functions/account.ts';
import { operationOf } from '../../../functions/documents.ts';
import { closeHolder, holderPackage, startHolder } from '../../../harness/holders.ts';
import { recorded } from '../../../harness/recorded.ts';

const quietMilliseconds = 35_000;
const me = operationOf('me');
const time = '2026-01-01T00:00:00.000Z';

let account: TestAccount;
beforeAll(async () => {
  account = await testAccount({ packageDirectory: holderPackage() });
  await account.createTable();
});
afterAll(() => account[Symbol.asyncDispose]());

const read = (environment: Environment) => readEnvironment(account.dynamodb, environment);
const admitAll = () => {};
const take = (environment: Environment, operation: Operation, now = account.aws.clock.now(), admit: () => void = admitAll) =>
  takeEnvironment(account.dynamodb, account.sfn, { environment, operation, now }, admit);
const refusal = (call: Promise<unknown>) =>
  call.then(
    () => 'none',
    ({ name }: Error) => name,
  );

describe('the record of an environment', () => {
  it('is found however GitHub writes the repository, but by its owner only', async () => {
    const environment = await recorded(account, { repository: 'Acme/Mixed-Case' });
    expect(await readEnvironment(account.dynamodb, { owner: 'alice', repository: 'acme/mixed-case' })).toEqual(environment);
    expect(await readEnvironment(account.dynamodb, { owner: 'bob', repository: 'Acme/Mixed-Case' })).toBeUndefined();
  });

  it('is not put over another', async () => {
    const environment = await recorded(account);
    await putEnvironment(account.dynamodb, { ...environment, uid: 'other' });
    expect(await read(environment)).toEqual(environment);
  });

  it('is among all environments', async () => {
    const environment = await recorded(account);
    expect((await readEnvironments(account.dynamodb)).items).toContainEqual(environment);
  });

  it('is among those of its owner alone, also where another owner’s name begins with that', async () => {
    const [one, other] = [
      await recorded(account, { owner: 'carol', name: 'one' }),
      await recorded(account, { owner: 'carol', name: 'other' }),
    ];
    const longer = await recorded(account, { owner: 'carol2' });
    const shorter = await recorded(account, { owner: 'car' });
    const of = async (owner: string) => (await readEnvironments(account.dynamodb, owner)).items;
    expect(await of('carol')).toEqual([one, other]);
    expect(await of('carol2')).toEqual([longer]);
    expect(await of('car')).toEqual([shorter]);
    expect(await of('Carol')).toEqual([]);
  });
});

describe('takeEnvironment', () => {
  it('takes a free environment, changing nothing but the lock', async () => {
    const environment = await recorded(account, { lock: { quietUntil: 1 }, lastError: { name: 'NoCapacity', message: 'none', at: time } });
    expect(await take(environment, me)).toEqual({ ...environment, lock: me });
  });

  it('is content with having it already', async () => {
    const environment = await recorded(account, { lock: me });
    expect(await take(environment, me)).toEqual(environment);
  });

  it('refuses while an execution that runs holds it, telling who', async () => {
    const holder = await startHolder(account.sfn, 'alice');
    const environment = await recorded(account, { lock: holder });
    await expect(take(environment, me)).rejects.toMatchObject({
      name: 'OperationInProgress',
      message: `A start is running on the environment ${environment.repository}; alice started it at ${holder.startedAt}.`,
      data: { subject: `the environment ${environment.repository}`, operation: holder },
    });
  });

  it('waits until the last Lambda of a closed execution must be dead, then takes it over', async () => {
    const holder = await startHolder(account.sfn);
    const environment = await recorded(account, { lock: holder });
    const closedAt = await closeHolder(account.sfn, holder);
    expect(await refusal(take(environment, me, closedAt + quietMilliseconds - 1))).toBe('OperationSettling');
    expect(await take(environment, me, closedAt + quietMilliseconds)).toMatchObject({ lock: me, lastOperations: [holder] });
  });

  it('forgets the oldest operations that it remembers, so that there are ten with the one that takes it', async () => {
    const past = (count: number) => Array.from({ length: count }, (_, number) => ({ ...operationOf(`past-${number}`), endedAt: time }));
    const names = ({ lastOperations = [] }: Environment) => lastOperations.map(({ executionArn }) => executionArn.split(':').at(-1));
    const nine = past(10).slice(1);
    expect(await take(await recorded(account, { lastOperations: past(10) }), me)).toMatchObject({ lastOperations: nine });
    expect(await take(await recorded(account, { lastOperations: nine }), me)).toMatchObject({ lastOperations: nine });
    const holder = await startHolder(account.sfn);
    const held = await recorded(account, { lock: holder, lastOperations: past(10) });
    const closedAt = await closeHolder(account.sfn, holder);
    const taken = await take(held, me, closedAt + quietMilliseconds);
    expect(names(taken)).toEqual([...names({ ...taken, lastOperations: past(10).slice(2) }), holder.executionArn.split(':').at(-1)]);
    await release(account.dynamodb, taken, me, { set: {}, end: { endedAt: 'later' } });
    expect((await read(taken))?.lastOperations).toHaveLength(10);
  });

  it('counts an execution that Step Functions does not know as running for fifteen minutes', async () => {
    const holder = operationOf('unknown');
    const environment = await recorded(account, { lock: holder });
    expect(await refusal(take(environment, me, Date.parse(holder.startedAt) + 15 * 60_000 - 1))).toBe('OperationInProgress');
    expect(await take(environment, me, Date.parse(holder.startedAt) + 15 * 60_000)).toMatchObject({ lock: me });
  });

  it('waits for the quiet time after a failure', async () => {
    const environment = await recorded(account, { lock: { quietUntil: 1_000_000 } });
    expect(await refusal(take(environment, me, 999_999))).toBe('OperationSettling');
    expect(await take(environment, me, 1_000_000)).toMatchObject({ lock: me });
  });

  it('does not take what may not be had, and asks only when nobody else is at work, but before waiting', async () => {
    const refuse = () => {
      throw new RecodeError('EnvironmentNotFinished', 'Not finished.');
    };
    const holder = await startHolder(account.sfn);
    const held = await recorded(account, { lock: holder });
    expect(await refusal(take(held, me, undefined, refuse))).toBe('OperationInProgress');
    const closedAt = await closeHolder(account.sfn, holder);
    expect(await refusal(take(held, me, closedAt, refuse))).toBe('EnvironmentNotFinished');
    expect(await refusal(take(await recorded(account, { lock: { quietUntil: 1_000_000 } }), me, 1, refuse))).toBe('EnvironmentNotFinished');
    expect(await refusal(take(await recorded(account), me, undefined, refuse))).toBe('EnvironmentNotFinished');
    expect(await read(held)).toEqual(held);
    const mine = await recorded(account, { lock: me });
    expect(await take(mine, me, undefined, refuse)).toEqual(mine);
  });

  it('does not take what is another environment by now', async () => {
    const environment = await recorded(account);
    expect(await refusal(take({ ...environment, uid: 'the one before' }, me))).toBe('OperationSettling');
    expect(await read(environment)).toEqual(environment);
  });

  it('lets exactly one of many take over from a closed execution', async () => {
    const holder = await startHolder(account.sfn);
    const environment = await recorded(account, { lock: holder });
    const now = (await closeHolder(account.sfn, holder)) + quietMilliseconds;
    const operations = Array.from({ length: 6 }, (_, number) => operationOf(`taker-${number}`));
    const outcomes = await Promise.all(operations.map((operation) => refusal(take(environment, operation, now))));
    expect(outcomes.filter((name) => name === 'none')).toHaveLength(1);
    expect(outcomes.filter((name) => name === 'OperationSettling')).toHaveLength(5);
    expect((await read(environment))?.lock).toEqual(operations[outcomes.indexOf('none')]);
  });

  it('is content with a take whose answer was lost', async () => {
    const environment = await recorded(account);
    await account.aws.post('faults', { service: 'dynamodb', action: 'UpdateItem', kind: 'lost-answer' });
    expect(await take(environment, me)).toMatchObject({ lock: me });
  });
});

describe('change', () => {
  it('changes an environment that the execution holds, and none that it does not', async () => {
    const environment = await recorded(account, { lock: me, name: 'x' });
    const { name: _, ...rest } = environment;
    expect(await change(account.dynamodb, environment, me, { set: { updatedAt: 'later' }, remove: ['name'] })).toEqual({
      ...rest,
      updatedAt: 'later',
    });
    await expect(change(account.dynamodb, environment, operationOf('other'), { set: { updatedAt: 'never' } })).rejects.toMatchObject({
      name: 'LockLost',
      message: `Another operation has taken the environment ${environment.repository} over.`,
    });
    expect((await read(environment))?.updatedAt).toBe('later');
  });
});
