import { describe, expect, it } from 'vitest';
import { putItem } from '../../../aws/records/hold/table.ts';
import { readEnvironment } from '../../../aws/records/read/environment.ts';
import type { Environment } from '../../../core/environment.ts';
import { importKeyPair } from '../../../functions/environment/import-key-pair.ts';
import { beginOperation } from '../../../functions/operation/begin-operation.ts';
import type { TestAccount } from '../account.ts';
import { environment as held, instance, networkIds, operationOf } from '../documents.ts';
import { alicesApi, begin, claims, environmentKey, installed, recordOf } from '../installed.ts';
import { environmentTagsOf, makeGroup, makeInterface, makeNetwork, makeVpc } from '../resources.ts';

const started = recordOf({ name: 'acme-api', instance, publicIpAddress: '127.64.0.1' });
const operation = operationOf('one', 'rename');

/** The input of BeginOperation in a rename. */
function rename(name?: string) {
  const { input, ...execution } = begin(operation);
  return { ...execution, input: { ...input, ...(name !== undefined && { name }) } };
}

describe('a rename', () => {
  it('claims the name, remembers the former one, and leaves what is wanted', async () => {
    await using account = await recorded(started);
    const { environment } = await account.run(beginOperation, rename('billing'));
    expect(environment).toMatchObject({ name: 'billing', formerNames: ['acme-api'], recorded: { status: 'started' } });
    const { wanted, observed } = started;
    expect(await read(account)).toMatchObject({ name: 'billing', formerNames: ['acme-api'], wanted, observed, lock: operation });
    expect(await claims(account)).toEqual({ 'acme-api': 'alice/acme/api', billing: 'alice/acme/api' });
  });

  it('answers the same when it runs again', async () => {
    await using account = await recorded(started);
    const first = await account.run(beginOperation, rename('billing'));
    expect(await account.run(beginOperation, rename('billing'))).toMatchObject({ environment: { ...first.environment, recorded: {} } });
  });

  it('has nothing to do where the environment has the name', async () => {
    await using account = await recorded(started);
    const { environment } = await account.run(beginOperation, rename('acme-api'));
    expect(environment).not.toHaveProperty('formerNames');
  });

  it('without a name finishes one that failed', async () => {
    await using account = await recorded({ ...started, name: 'billing', formerNames: ['acme-api'] });
    const { environment } = await account.run(beginOperation, rename());
    expect(environment).toMatchObject({ name: 'billing', formerNames: ['acme-api'] });
  });

  it('is refused a name that another environment has, and releases the environment', async () => {
    await using account = await recorded(started);
    await putItem(account.dynamodb, { kind: 'name', id: 'billing' }, { environment: 'bob/acme/api', uid: 'uid-2' });
    expect(await account.refusal(beginOperation, rename('billing'))).toMatchObject({
      name: 'NameTaken',
      message: 'Another environment in this region is called billing.',
    });
    expect(await read(account)).toEqual(started);
  });

  it.each(['Billing', 'a/b', '', '-', 'x'.repeat(161)])('is refused the name %j, which the CLI would not have asked for', async (name) => {
    await using account = await recorded(started);
    expect((await account.refusal(beginOperation, rename(name))).name).toBe('InputNotValid');
    expect(await read(account)).toEqual(started);
  });

  it.each(['group', 'key pair'])('is refused where a %s of somebody else has the name, before it changes anything', async (what) => {
    await using account = await recorded(started, what === 'group');
    if (what === 'key pair') await account.run(importKeyPair, { environment: { ...held, owner: 'bob', name: 'billing' } });
    expect((await account.refusal(beginOperation, rename('billing'))).name).toBe('NameOwnedElsewhere');
    expect(await read(account)).toEqual(started);
    expect(await claims(account)).toEqual({ 'acme-api': 'alice/acme/api' });
  });

  it('is refused while the environment has no instance yet', async () => {
    await using account = await recorded(recordOf({ name: 'acme-api' }));
    expect((await account.refusal(beginOperation, rename('billing'))).name).toBe('EnvironmentNotFinished');
  });

  it('is refused once a removal has begun', async () => {
    await using account = await recorded(recordOf({ name: 'acme-api', instance, power: 'removed' }));
    expect((await account.refusal(beginOperation, rename('billing'))).name).toBe('EnvironmentBeingRemoved');
  });
});

describe('a start of an environment without a record', () => {
  const start = begin(operationOf('one'));

  it('takes the name that its resources have: it was renamed before the table was lost', async () => {
    await using account = await installed({ status: 'ready', ids: networkIds });
    const tags = environmentTagsOf('network-interface').map((tag) => ({ ...tag, Value: tag.Value?.replace('acme-api', 'billing') }));
    await makeInterface(account.ec2, (await makeNetwork(account.ec2)).subnetId, undefined, tags);
    expect((await account.run(beginOperation, start)).environment).toMatchObject({ name: 'billing' });
    expect(await claims(account)).toEqual({ billing: 'alice/acme/api' });
  });

  it('takes the name that a restore asks for, and its usual one where that is taken', async () => {
    await using account = await installed({ status: 'ready', ids: networkIds });
    const restore = { ...start, input: { ...start.input, name: 'billing' } };
    expect((await account.run(beginOperation, restore)).environment).toMatchObject({ name: 'billing' });
    const bobs = begin({ ...operationOf('two'), owner: 'bob' }, { owner: 'bob' });
    const second = await account.run(beginOperation, { ...bobs, input: { ...bobs.input, name: 'billing' } });
    expect(second.environment).toMatchObject({ name: 'acme-api' });
  });
});

describe.each(['start', 'stop', 'restart', 'remove'] as const)('a %s after a rename that died', (kind) => {
  it('knows the names', async () => {
    await using account = await recorded({ ...started, name: 'billing', formerNames: ['acme-api'] });
    const { environment } = await account.run(beginOperation, begin(operationOf('two', kind)));
    expect(environment).toMatchObject({ name: 'billing', formerNames: ['acme-api'] });
    expect(await claims(account)).toMatchObject({ billing: 'alice/acme/api' });
  });
});

const read = (account: TestAccount) => readEnvironment(account.dynamodb, alicesApi);

/** An account with an environment, and perhaps a group called as billing's would be. */
async function recorded(environment: Environment, withGroup = false): Promise<TestAccount> {
  const account = await installed({ status: 'ready', ids: networkIds });
  if (withGroup) {
    const vpcId = await makeVpc(account.ec2);
    await putItem(
      account.dynamodb,
      { kind: 'network', id: 'network' },
      { format: 2, installation: 'installation-1', status: 'ready', ids: { ...networkIds, vpcId } },
      { when: 'attribute_exists(#kind)', values: {} },
    );
    await makeGroup(account.ec2, vpcId, [], 'recode-billing-security-group');
  }
  await putItem(account.dynamodb, environmentKey, environment);
  await putItem(account.dynamodb, { kind: 'name', id: 'acme-api' }, { environment: 'alice/acme/api', uid: 'uid-1' });
  return account;
}
