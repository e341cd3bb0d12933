import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  change,
  claimName,
  claimNewName,
  deleteEnvironment,
  leaveEnvironment,
  release,
  releaseFormerNames,
} from '../../../../aws/records/hold/environment.ts';
import { putItem } from '../../../../aws/records/hold/table.ts';
import { readEnvironment } from '../../../../aws/records/read/environment.ts';
import { readItem } from '../../../../aws/records/read/table.ts';
import type { Environment } from '../../../../core/environment.ts';
import type { Operation } from '../../../../core/operation.ts';
import { type TestAccount, testAccount } from '../../../functions/account.ts';
import { instance, operationOf, request } from '../../../functions/documents.ts';
import { recorded } from '../../../harness/recorded.ts';

const me = operationOf('me');
const time = '2026-01-01T00:00:00.000Z';

let account: TestAccount;
beforeAll(async () => {
  account = await testAccount();
  await account.createTable();
});
afterAll(() => account[Symbol.asyncDispose]());

const slugOf = ({ repository }: Environment) => repository.replace('/', '-');
const read = (environment: Environment) => readEnvironment(account.dynamodb, environment);
const refusal = (call: Promise<unknown>) =>
  call.then(
    () => 'none',
    ({ name }: Error) => name,
  );
const claimant = async (name: string) =>
  (await readItem(account.dynamodb, { kind: 'name', id: name }, v.object({ environment: v.string() })))?.environment;

describe('leaveEnvironment', () => {
  it('deletes an environment that never had a name', async () => {
    const environment = await recorded(account, { lock: me });
    await leaveEnvironment(account.dynamodb, environment, me);
    expect(await read(environment)).toBeUndefined();
  });

  it('lets go of one that has a name', async () => {
    const environment = await recorded(account, { lock: me, name: 'named' });
    await leaveEnvironment(account.dynamodb, environment, me);
    const { lock: _, ...rest } = environment;
    expect(await read(environment)).toEqual(rest);
  });

  it('remembers how the operation failed', async () => {
    const environment = await recorded(account, {
      lock: me,
      name: 'failed',
      lastOperations: [{ ...operationOf('before'), endedAt: time }],
    });
    const lastError = { name: 'UninstallInProgress', message: 'uninstalling', at: 'later' };
    await leaveEnvironment(account.dynamodb, environment, me, lastError);
    const { lock: _, lastOperations = [], ...rest } = environment;
    const failed = { ...me, endedAt: 'later', error: 'UninstallInProgress' };
    expect(await read(environment)).toEqual({ ...rest, lastError, lastOperations: [...lastOperations, failed] });
  });

  it('leaves an environment that somebody else holds', async () => {
    const environment = await recorded(account, { lock: operationOf('other') });
    await leaveEnvironment(account.dynamodb, environment, me);
    expect(await read(environment)).toEqual(environment);
  });
});

describe('claimName', () => {
  it('gives the slug of the repository, and records the claim', async () => {
    const environment = await recorded(account, { lock: me });
    const name = slugOf(environment);
    expect(await claimName(account.dynamodb, environment, me)).toEqual({ name });
    expect(await claimName(account.dynamodb, { ...environment, name }, me)).toEqual({ name });
    expect(await claimant(name)).toBe(`alice/${environment.repository}`);
    expect(await read(environment)).toMatchObject({ name });
  });

  it('goes on to the next candidate where somebody else has the name', async () => {
    const environment = await recorded(account, { lock: me });
    await putItem(account.dynamodb, { kind: 'name', id: slugOf(environment) }, { environment: 'bob/other' });
    expect(await claimName(account.dynamodb, environment, me)).toEqual({ name: `${slugOf(environment)}-alice` });
    expect(await claimant(slugOf(environment))).toBe('bob/other');
    expect(await read(environment)).toMatchObject({ name: `${slugOf(environment)}-alice` });
  });

  it('claims the name that an attempt recorded and did not claim any more', async () => {
    const environment = await recorded(account, { lock: me });
    const name = `${slugOf(environment)}-alice`;
    expect(await claimName(account.dynamodb, { ...environment, name }, me)).toEqual({ name });
    expect(await claimant(name)).toBe(`alice/${environment.repository}`);
    expect(await claimant(slugOf(environment))).toBeUndefined();
  });

  it('gives the name that it had before its record, if no other environment has that', async () => {
    const environment = await recorded(account, { lock: me });
    const had = `${slugOf(environment)}-before`;
    expect(await claimName(account.dynamodb, environment, me, had)).toEqual({ name: had });
    const other = await recorded(account, { lock: me });
    expect(await claimName(account.dynamodb, other, me, had)).toEqual({ name: slugOf(other) });
    // One that has a name keeps it.
    const again = await read(environment);
    expect(again && (await claimName(account.dynamodb, again, me, 'another'))).toEqual({ name: had });
  });

  it('says that all of its names are taken', async () => {
    const environment = await recorded(account, { lock: me });
    const { name } = await claimName(account.dynamodb, environment, me);
    const taken = [name, `${name}-alice`];
    await putItem(account.dynamodb, { kind: 'name', id: name }, { environment: 'bob/1' }, { when: 'attribute_exists(#kind)', values: {} });
    await putItem(account.dynamodb, { kind: 'name', id: `${name}-alice` }, { environment: 'bob/2' });
    const { name: last } = await claimName(account.dynamodb, environment, me);
    expect(last).toMatch(new RegExp(`^${name}-alice-[0-9a-f]{8}$`));
    await putItem(account.dynamodb, { kind: 'name', id: last }, { environment: 'bob/3' }, { when: 'attribute_exists(#kind)', values: {} });
    await expect(claimName(account.dynamodb, environment, me)).rejects.toMatchObject({
      name: 'NameOwnedElsewhere',
      message: `The names ${[...taken, last].join(', ')} are all used by other environments.`,
    });
  });

  it('claims nothing for an execution that has lost the environment', async () => {
    const environment = await recorded(account, { lock: operationOf('other') });
    expect(await refusal(claimName(account.dynamodb, environment, me))).toBe('LockLost');
    expect(await claimant(slugOf(environment))).toBeUndefined();
  });
});

describe('a rename', () => {
  /** An environment of alice's that has claimed its first name, and the name that it is to get. */
  async function claimed() {
    const environment = await recorded(account, { lock: me });
    const { name } = await claimName(account.dynamodb, environment, me);
    return { environment: { ...environment, name }, name, next: `${name}-2`, id: `alice/${environment.repository}` };
  }
  const rename = (environment: Environment, name: string) => claimNewName(account.dynamodb, environment, me, name);
  const taken = (name: string) => putItem(account.dynamodb, { kind: 'name', id: name }, { environment: 'bob/other', uid: 'bobs' });
  const current = async (environment: Environment) => (await read(environment)) ?? environment;

  it('claims the new name, and keeps the claim on the former one until that is released', async () => {
    const { environment, name, next, id } = await claimed();
    expect(await rename(environment, next)).toEqual({ name: next, formerNames: [name] });
    expect(await read(environment)).toMatchObject({ name: next, formerNames: [name] });
    expect([await claimant(name), await claimant(next)]).toEqual([id, id]);
    await releaseFormerNames(account.dynamodb, await current(environment), me);
    expect([await claimant(name), await claimant(next)]).toEqual([undefined, id]);
  });

  it('does nothing where the environment has the name, and goes on where it has it already, but also a former one', async () => {
    const { environment, name, next } = await claimed();
    expect(await rename(environment, name)).toEqual({ name });
    expect(await read(environment)).not.toHaveProperty('formerNames');
    await rename(environment, next);
    expect(await rename(await current(environment), next)).toEqual({ name: next, formerNames: [name] });
  });

  it('is refused a name that another environment has, and leaves the names as they were', async () => {
    const { environment, name, next, id } = await claimed();
    await taken(next);
    expect(await refusal(rename(environment, next))).toBe('NameTaken');
    expect(await read(environment)).toMatchObject({ name });
    expect(await read(environment)).not.toHaveProperty('formerNames');
    expect([await claimant(name), await claimant(next)]).toEqual([id, 'bob/other']);
  });

  it('to a third name remembers both, and is refused to the one before', async () => {
    const { environment, name, next } = await claimed();
    await rename(environment, next);
    await taken(`${name}-3`);
    expect(await refusal(rename(await current(environment), `${name}-3`))).toBe('NameTaken');
    expect(await read(environment)).toMatchObject({ name: next, formerNames: [name] });
    expect(await rename(await current(environment), `${name}-4`)).toEqual({ name: `${name}-4`, formerNames: [next, name] });
  });

  it('back to the former name swaps the two', async () => {
    const { environment, name, next } = await claimed();
    await rename(environment, next);
    expect(await rename(await current(environment), name)).toEqual({ name, formerNames: [next] });
  });

  it('that died before its claim gets the claim with the next operation', async () => {
    const { environment, name, next, id } = await claimed();
    await change(account.dynamodb, environment, me, { set: { name: next, formerNames: [name] } });
    expect(await claimName(account.dynamodb, await current(environment), me)).toEqual({ name: next, formerNames: [name] });
    expect(await claimant(next)).toBe(id);
  });

  it('that died before its claim is undone where another environment has got the name since', async () => {
    const { environment, name, next, id } = await claimed();
    await change(account.dynamodb, environment, me, { set: { name: next, formerNames: [name] } });
    await taken(next);
    expect(await claimName(account.dynamodb, await current(environment), me)).toEqual({ name });
    expect(await read(environment)).toMatchObject({ name });
    expect(await read(environment)).not.toHaveProperty('formerNames');
    expect([await claimant(name), await claimant(next)]).toEqual([id, 'bob/other']);
  });

  it('lasts: the environment keeps a name that it would not get by itself', async () => {
    const { environment, name, next } = await claimed();
    await rename(environment, next);
    await releaseFormerNames(account.dynamodb, await current(environment), me);
    await change(account.dynamodb, environment, me, { set: {}, remove: ['formerNames'] });
    expect(await claimName(account.dynamodb, await current(environment), me)).toEqual({ name: next });
    expect(await claimant(name)).toBeUndefined();
  });

  it('leaves a former name that another environment has claimed since', async () => {
    const { environment, name, next } = await claimed();
    await rename(environment, next);
    const byBob = { when: 'attribute_exists(#kind)', values: {} };
    await putItem(account.dynamodb, { kind: 'name', id: name }, { environment: 'bob/other', uid: 'bobs' }, byBob);
    await releaseFormerNames(account.dynamodb, await current(environment), me);
    expect(await claimant(name)).toBe('bob/other');
  });

  it('keeps its claims where the execution does not hold the environment any more', async () => {
    const { environment, name, next, id } = await claimed();
    await rename(environment, next);
    await releaseFormerNames(account.dynamodb, await current(environment), operationOf('other'));
    expect([await claimant(name), await claimant(next)]).toEqual([id, id]);
  });

  it('that died leaves no claim when the environment is deleted', async () => {
    const { environment, name, next } = await claimed();
    await rename(environment, next);
    await deleteEnvironment(account.dynamodb, environment, me);
    expect([await claimant(name), await claimant(next), await read(environment)]).toEqual([undefined, undefined, undefined]);
  });
});

describe('deleteEnvironment', () => {
  /** An environment that has claimed its name. */
  async function claimed(lock: Operation) {
    const environment = await recorded(account, { lock: me });
    const { name } = await claimName(account.dynamodb, environment, me);
    await change(account.dynamodb, environment, me, { set: { lock } });
    return { ...environment, name };
  }

  it('deletes the claim and the record, and is content with finding neither', async () => {
    const environment = await claimed(me);
    await deleteEnvironment(account.dynamodb, environment, me);
    expect(await claimant(environment.name)).toBeUndefined();
    expect(await read(environment)).toBeUndefined();
    await deleteEnvironment(account.dynamodb, environment, me);
  });

  it('never leaves a claim without its environment: with the claim refused, the record stays', async () => {
    const environment = await claimed(me);
    await account.aws.post('faults', { service: 'dynamodb', action: 'DeleteItem', kind: 'error', code: 'AccessDeniedException' });
    expect(await refusal(deleteEnvironment(account.dynamodb, environment, me))).toBe('AccessDeniedException');
    expect(await claimant(environment.name)).toBe(`alice/${environment.repository}`);
    expect(await read(environment)).toMatchObject({ lock: me });
  });

  it('leaves the claim that another environment has of its name', async () => {
    const environment = await claimed(me);
    const byBob = { when: 'attribute_exists(#kind)', values: {} };
    await putItem(account.dynamodb, { kind: 'name', id: environment.name }, { environment: 'bob/other' }, byBob);
    await deleteEnvironment(account.dynamodb, environment, me);
    expect(await claimant(environment.name)).toBe('bob/other');
    expect(await read(environment)).toBeUndefined();
  });

  it.each([0, 1])('is content with a deletion whose answer was lost (number %i)', async (skip) => {
    const environment = await claimed(me);
    await account.aws.post('faults', { service: 'dynamodb', action: 'DeleteItem', kind: 'lost-answer', skip });
    await deleteEnvironment(account.dynamodb, environment, me);
    expect(await account.aws.get('faults')).toEqual({ faults: [] });
    expect(await claimant(environment.name)).toBeUndefined();
    expect(await read(environment)).toBeUndefined();
  });

  it('does nothing where the execution does not hold the environment', async () => {
    const environment = await claimed(operationOf('other', 'remove'));
    await deleteEnvironment(account.dynamodb, environment, me);
    expect(await claimant(environment.name)).toBe(`alice/${environment.repository}`);
    expect(await read(environment)).toMatchObject({ lock: operationOf('other', 'remove') });
  });
});

describe('release', () => {
  const running = { ...instance, state: 'running', publicIpAddress: '127.64.0.1', at: time } as const;
  const lastError = { name: 'NoCapacity', message: 'none', at: time };

  it('replaces the lock by the quiet time of an operation that failed', async () => {
    const environment = await recorded(account, { lock: me });
    const change = { set: { lastError, updatedAt: 'later' }, end: { endedAt: 'later', error: 'NoCapacity' }, quietUntil: 5 };
    expect(await release(account.dynamodb, environment, me, change)).toBe(true);
    const lastOperations = [{ ...me, endedAt: 'later', error: 'NoCapacity' }];
    expect(await read(environment)).toEqual({ ...environment, lock: { quietUntil: 5 }, lastError, lastOperations, updatedAt: 'later' });
    expect(await release(account.dynamodb, environment, me, change)).toBe(false);
    expect(await read(environment)).toMatchObject({ lastOperations });
  });

  it('removes the lock and what is not recorded any more, and changes parts of what is wanted and observed', async () => {
    const wanted = { ...request, power: 'off', stopAt: time } as const;
    const environment = await recorded(account, { lock: me, name: 'x', wanted, observed: running, lastError });
    const set = { 'observed.state': 'stopped', 'observed.at': 'later', updatedAt: 'later' };
    const remove = ['lastError', 'wanted.stopAt', 'observed.publicIpAddress'];
    await release(account.dynamodb, environment, me, { set, remove, end: { endedAt: 'later' } });
    const { lock: _, lastError: __, ...rest } = environment;
    const { publicIpAddress: ___, ...stopped } = { ...running, state: 'stopped', at: 'later' };
    const left = {
      ...rest,
      wanted: { ...request, power: 'off' },
      observed: stopped,
      updatedAt: 'later',
      lastOperations: [{ ...me, endedAt: 'later' }],
    };
    const key = { kind: 'environment', id: `alice/${environment.repository}` } as const;
    expect(await readItem(account.dynamodb, key, v.looseObject({}))).toEqual({ ...key, ...left });
  });

  it('does nothing where the execution does not hold the environment', async () => {
    const environment = await recorded(account, { lock: operationOf('other') });
    expect(await release(account.dynamodb, environment, me, { set: { updatedAt: 'later' }, end: { endedAt: 'later' } })).toBe(false);
    expect(await read(environment)).toEqual(environment);
  });
});
