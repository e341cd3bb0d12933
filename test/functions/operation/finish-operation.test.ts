import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../../../aws/records/environment.ts';
import { putItem } from '../../../aws/records/table.ts';
import { StartOutput } from '../../../core/document.ts';
import type { Operation } from '../../../core/operation.ts';
import { finishOperation } from '../../../functions/operation/finish-operation.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { environment, operation, operationOf, publicKey } from '../documents.ts';

const time = '2026-01-01T00:00:00.000Z';
const instance = { instanceId: 'i-1', instanceType: 't2.medium', architecture: 'x86_64', hostKey: 'ssh-ed25519 AAAA host' };
const document = { environment, operation, plan: { created: true }, instance: { ...instance, publicIpAddress: '127.64.0.1' } };
const recorded = { ...environment, status: 'creating', createdAt: time, updatedAt: time };

describe('finishOperation', () => {
  it('records the environment as started, lets go of it and forgets the failures before', async () => {
    await using account = await holding(operation, { lastError: { name: 'NoCapacity', message: 'none', at: time }, quietUntil: 5 });
    const output = await account.run(finishOperation, document);
    expect(output).toEqual({
      owner: 'alice',
      repository: 'acme/api',
      name: 'acme-api',
      status: 'started',
      created: true,
      instanceId: 'i-1',
      instanceType: 't2.medium',
      publicIpAddress: '127.64.0.1',
      hostKey: 'ssh-ed25519 AAAA host',
      publicKey: publicKey(),
    });
    expect(v.is(StartOutput, output)).toBe(true);
    const updatedAt = new Date(account.aws.clock.now()).toISOString().slice(0, 13);
    expect(await readEnvironment(account.dynamodb, environment)).toEqual({
      ...recorded,
      status: 'started',
      instance,
      publicIpAddress: '127.64.0.1',
      updatedAt: expect.stringContaining(updatedAt),
    });
  });

  it('answers the same when it runs again, and changes nothing any more', async () => {
    await using account = await holding(operation);
    const first = await account.run(finishOperation, document);
    const before = await readEnvironment(account.dynamodb, environment);
    expect(await account.run(finishOperation, document)).toEqual(first);
    expect(await readEnvironment(account.dynamodb, environment)).toEqual(before);
  });

  it('is content with a record whose answer was lost', async () => {
    await using account = await holding(operation);
    await account.aws.post('faults', { service: 'dynamodb', action: 'UpdateItem', kind: 'lost-answer' });
    await account.run(finishOperation, document);
    expect(await readEnvironment(account.dynamodb, environment)).toMatchObject({ status: 'started' });
  });

  it('changes nothing where another operation has taken over', async () => {
    await using account = await holding(operationOf('other'));
    await account.run(finishOperation, document);
    expect(await readEnvironment(account.dynamodb, environment)).toEqual({ ...recorded, operation: operationOf('other') });
  });

  it('refuses an instance without an address', async () => {
    await using account = await holding(operation);
    expect(await account.refusal(finishOperation, { ...document, instance })).toMatchObject({
      name: 'InputNotValid',
      message: expect.stringContaining('instance.publicIpAddress'),
    });
  });
});

async function holding(holder: Operation, fields: object = {}): Promise<TestAccount> {
  const account = await testAccount();
  await account.createTable();
  await putItem(account.dynamodb, { kind: 'environment', id: 'alice/acme/api' }, { ...recorded, operation: holder, ...fields });
  return account;
}
