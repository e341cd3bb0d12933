import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  change,
  claimName,
  leaveEnvironment,
  putEnvironment,
  readEnvironment,
  readEnvironments,
  release,
  takeEnvironment,
} from '../../../aws/records/environment.ts';
import { putItem, readItem } from '../../../aws/records/table.ts';
import type { Environment } from '../../../core/environment.ts';
import type { Operation } from '../../../core/operation.ts';
import { type TestAccount, testAccount } from '../../functions/account.ts';
import { operationOf, request } from '../../functions/documents.ts';
import { closeHolder, holderPackage, startHolder } from '../../harness/holders.ts';

const quietMilliseconds = 35_000;
const me = operationOf('me');
const time = '2026-01-01T00:00:00.000Z';

let account: TestAccount;
beforeAll(async () => {
  account = await testAccount({ packageDirectory: holderPackage() });
  await account.createTable();
});
afterAll(() => account[Symbol.asyncDispose]());

/** Records an environment of a repository of its own, so that no test meets another's. */
let made = 0;
async function recorded(fields: Partial<Environment> = {}): Promise<Environment> {
  made += 1;
  const base = { uid: `uid-${made}`, owner: 'alice', repository: `acme/api-${made}`, request, createdAt: time, updatedAt: time };
  const environment = { ...base, status: 'creating', ...fields } as Environment;
  await putEnvironment(account.dynamodb, environment);
  return environment;
}
const read = (environment: Environment) => readEnvironment(account.dynamodb, environment);
const take = (environment: Environment, operation: Operation, now = account.aws.clock.now()) =>
  takeEnvironment(account.dynamodb, account.sfn, { environment, operation, now });
const refusal = (call: Promise<unknown>) =>
  call.then(
    () => 'none',
    ({ name }: Error) => name,
  );
const claimant = async (name: string) =>
  (await readItem(account.dynamodb, { kind: 'name', id: name }, v.object({ environment: v.string() })))?.environment;

describe('the record of an environment', () => {
  it('is found however GitHub writes the repository, but by its owner only', async () => {
    const environment = await recorded({ repository: 'Acme/Mixed-Case' });
    expect(await readEnvironment(account.dynamodb, { owner: 'alice', repository: 'acme/mixed-case' })).toEqual(environment);
    expect(await readEnvironment(account.dynamodb, { owner: 'bob', repository: 'Acme/Mixed-Case' })).toBeUndefined();
  });

  it('is not put over another', async () => {
    const environment = await recorded();
    await putEnvironment(account.dynamodb, { ...environment, uid: 'other' });
    expect(await read(environment)).toEqual(environment);
  });

  it('is among all environments', async () => {
    const environment = await recorded();
    expect(await readEnvironments(account.dynamodb)).toContainEqual(environment);
  });
});

describe('takeEnvironment', () => {
  it('takes a free environment, changing nothing but the operation', async () => {
    const environment = await recorded({ quietUntil: 1, lastError: { name: 'NoCapacity', message: 'none', at: time } });
    const { quietUntil: _, ...rest } = environment;
    expect(await take(environment, me)).toEqual({ ...rest, operation: me });
  });

  it('is content with having it already', async () => {
    const environment = await recorded({ operation: me });
    expect(await take(environment, me)).toEqual(environment);
  });

  it('refuses while an execution that runs holds it, telling who', async () => {
    const holder = await startHolder(account.sfn, 'alice');
    const environment = await recorded({ operation: holder });
    await expect(take(environment, me)).rejects.toMatchObject({
      name: 'OperationInProgress',
      message: `The environment ${environment.repository} is held by a start that alice began at ${holder.startedAt}.`,
    });
  });

  it('waits until the last Lambda of a closed execution must be dead, then takes it over', async () => {
    const holder = await startHolder(account.sfn);
    const environment = await recorded({ operation: holder });
    const closedAt = await closeHolder(account.sfn, holder);
    expect(await refusal(take(environment, me, closedAt + quietMilliseconds - 1))).toBe('OperationSettling');
    expect(await take(environment, me, closedAt + quietMilliseconds)).toMatchObject({ operation: me });
  });

  it('counts an execution that Step Functions does not know as running for fifteen minutes', async () => {
    const holder = operationOf('unknown');
    const environment = await recorded({ operation: holder });
    expect(await refusal(take(environment, me, Date.parse(holder.startedAt) + 15 * 60_000 - 1))).toBe('OperationInProgress');
    expect(await take(environment, me, Date.parse(holder.startedAt) + 15 * 60_000)).toMatchObject({ operation: me });
  });

  it('waits for the quiet time after a failure', async () => {
    const environment = await recorded({ quietUntil: 1_000_000 });
    expect(await refusal(take(environment, me, 999_999))).toBe('OperationSettling');
    expect(await take(environment, me, 1_000_000)).not.toHaveProperty('quietUntil');
  });

  it('does not take what is another environment by now', async () => {
    const environment = await recorded();
    expect(await refusal(take({ ...environment, uid: 'the one before' }, me))).toBe('OperationSettling');
    expect(await read(environment)).toEqual(environment);
  });

  it('lets exactly one of many take over from a closed execution', async () => {
    const holder = await startHolder(account.sfn);
    const environment = await recorded({ operation: holder });
    const now = (await closeHolder(account.sfn, holder)) + quietMilliseconds;
    const operations = Array.from({ length: 6 }, (_, number) => operationOf(`taker-${number}`));
    const outcomes = await Promise.all(operations.map((operation) => refusal(take(environment, operation, now))));
    expect(outcomes.filter((name) => name === 'none')).toHaveLength(1);
    expect(outcomes.filter((name) => name === 'OperationSettling')).toHaveLength(5);
    expect((await read(environment))?.operation).toEqual(operations[outcomes.indexOf('none')]);
  });

  it('is content with a take whose answer was lost', async () => {
    const environment = await recorded();
    await account.aws.post('faults', { service: 'dynamodb', action: 'UpdateItem', kind: 'lost-answer' });
    expect(await take(environment, me)).toMatchObject({ operation: me });
  });
});

describe('leaveEnvironment', () => {
  it('deletes an environment that never had a name', async () => {
    const environment = await recorded({ operation: me });
    await leaveEnvironment(account.dynamodb, environment, me);
    expect(await read(environment)).toBeUndefined();
  });

  it('lets go of one that has a name', async () => {
    const environment = await recorded({ operation: me, name: 'named' });
    await leaveEnvironment(account.dynamodb, environment, me);
    const { operation: _, ...rest } = environment;
    expect(await read(environment)).toEqual(rest);
  });

  it('leaves an environment that somebody else holds', async () => {
    const environment = await recorded({ operation: operationOf('other') });
    await leaveEnvironment(account.dynamodb, environment, me);
    expect(await read(environment)).toEqual(environment);
  });
});

describe('claimName', () => {
  it('gives the slug of the repository, and records the claim', async () => {
    const environment = await recorded({ operation: me });
    const name = `acme-api-${made}`;
    expect(await claimName(account.dynamodb, environment, me)).toBe(name);
    expect(await claimName(account.dynamodb, { ...environment, name } as Environment, me)).toBe(name);
    expect(await claimant(name)).toBe(`alice/${environment.repository}`);
    expect(await read(environment)).toMatchObject({ name });
  });

  it('goes on to the next candidate where somebody else has the name', async () => {
    const environment = await recorded({ operation: me });
    await putItem(account.dynamodb, { kind: 'name', id: `acme-api-${made}` }, { environment: 'bob/other' });
    expect(await claimName(account.dynamodb, environment, me)).toBe(`acme-api-${made}-alice`);
    expect(await claimant(`acme-api-${made}`)).toBe('bob/other');
    expect(await read(environment)).toMatchObject({ name: `acme-api-${made}-alice` });
  });

  it('claims the name that an attempt recorded and did not claim any more', async () => {
    const environment = await recorded({ operation: me });
    const name = `acme-api-${made}-alice`;
    expect(await claimName(account.dynamodb, { ...environment, name } as Environment, me)).toBe(name);
    expect(await claimant(name)).toBe(`alice/${environment.repository}`);
    expect(await claimant(`acme-api-${made}`)).toBeUndefined();
  });

  it('says that all of its names are taken', async () => {
    const environment = await recorded({ operation: me });
    const name = await claimName(account.dynamodb, environment, me);
    const taken = [name, `${name}-alice`];
    await putItem(account.dynamodb, { kind: 'name', id: name }, { environment: 'bob/1' }, { when: 'attribute_exists(#kind)', values: {} });
    await putItem(account.dynamodb, { kind: 'name', id: `${name}-alice` }, { environment: 'bob/2' });
    const last = await claimName(account.dynamodb, environment, me);
    expect(last).toMatch(new RegExp(`^${name}-alice-[0-9a-f]{8}$`));
    await putItem(account.dynamodb, { kind: 'name', id: last }, { environment: 'bob/3' }, { when: 'attribute_exists(#kind)', values: {} });
    await expect(claimName(account.dynamodb, environment, me)).rejects.toMatchObject({
      name: 'NameOwnedElsewhere',
      message: `The names ${[...taken, last].join(', ')} are all claimed by other environments.`,
    });
  });

  it('claims nothing for an execution that has lost the environment', async () => {
    const environment = await recorded({ operation: operationOf('other') });
    expect(await refusal(claimName(account.dynamodb, environment, me))).toBe('LockLost');
    expect(await claimant(`acme-api-${made}`)).toBeUndefined();
  });
});

describe('change', () => {
  it('changes an environment that the execution holds, and none that it does not', async () => {
    const environment = await recorded({ operation: me, name: 'x' });
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

describe('release', () => {
  const lastError = { name: 'NoCapacity', message: 'none', at: time };

  it('keeps the last error and the quiet time of an operation that failed', async () => {
    const environment = await recorded({ operation: me });
    await release(account.dynamodb, environment, me, { lastError, quietUntil: 5, updatedAt: 'later' });
    const { operation: _, ...rest } = environment;
    expect(await read(environment)).toEqual({ ...rest, lastError, quietUntil: 5, updatedAt: 'later' });
  });

  it('forgets them once the environment is started', async () => {
    const environment = await recorded({ operation: me, name: 'x', lastError, quietUntil: 5 });
    const instance = { instanceId: 'i-1', instanceType: 't2.medium', architecture: 'x86_64', hostKey: 'ssh-ed25519 AAAA' };
    await release(account.dynamodb, environment, me, { status: 'started', instance, publicIpAddress: '127.64.0.1', updatedAt: 'later' });
    const { operation: _, lastError: __, quietUntil: ___, ...rest } = environment;
    expect(await read(environment)).toEqual({ ...rest, status: 'started', instance, publicIpAddress: '127.64.0.1', updatedAt: 'later' });
  });

  it('does nothing where the execution does not hold the environment', async () => {
    const environment = await recorded({ operation: operationOf('other') });
    await release(account.dynamodb, environment, me, { updatedAt: 'later' });
    expect(await read(environment)).toEqual(environment);
  });
});
