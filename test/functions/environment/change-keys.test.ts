import { describe, expect, it } from 'vitest';
import { putEnvironment, release, takeEnvironment } from '../../../aws/records/hold/environment.ts';
import { readEnvironment } from '../../../aws/records/read/environment.ts';
import { acceptedKeys, mostKeys } from '../../../core/keys.ts';
import { sshFingerprint } from '../../../core/openssh-key.ts';
import { changeKeys } from '../../../functions/environment/change-keys.ts';
import { formerEnvironment, replaceItem } from '../../harness/former.ts';
import type { TestAccount } from '../account.ts';
import { operationOf, publicKey } from '../documents.ts';
import { alicesApi, beforeWrite, environmentKey, installed, recordOf } from '../installed.ts';

const executionArn = 'arn:aws:states:us-east-1:000000000000:execution:recode-keys:one';
const changed = (change: object, caller = 'alice') => ({ executionArn, input: { caller, environment: alicesApi, change } });
const add = (number: number) => changed({ action: 'add', publicKey: publicKey(number) });
const remove = (number: number) => changed({ action: 'remove', fingerprint: sshFingerprint(publicKey(number)) });
const keysOf = (...numbers: number[]) => ({ publicKeys: numbers.map((number) => publicKey(number)) });

describe('changeKeys', () => {
  it('adds a key after the first one, with the time, once', async () => {
    await using account = await recorded();
    expect(await account.run(changeKeys, add(2))).toEqual(keysOf(1, 2));
    const { wanted, ...rest } = await record(account);
    expect(await account.run(changeKeys, add(2))).toEqual(keysOf(1, 2));
    expect(await record(account)).toEqual({ ...rest, wanted });
    expect(rest).toEqual({ ...recordOf(), wanted: undefined });
    expect(wanted).toEqual({ ...recordOf().wanted, moreKeys: [{ publicKey: publicKey(2), addedAt: expect.stringMatching(/Z$/) }] });
  });

  it('removes a key, once', async () => {
    await using account = await recorded();
    for (const number of [2, 3]) await account.run(changeKeys, add(number));
    expect(await account.run(changeKeys, remove(2))).toEqual(keysOf(1, 3));
    expect(await account.run(changeKeys, remove(2))).toEqual(keysOf(1, 3));
    expect(await account.run(changeKeys, remove(3))).toEqual(keysOf(1));
    expect(await record(account)).toEqual(recordOf());
  });

  it('makes the oldest of the others the first one where that is removed, and keeps the last one', async () => {
    await using account = await recorded();
    for (const number of [2, 3]) await account.run(changeKeys, add(number));
    expect(await account.run(changeKeys, remove(1))).toEqual(keysOf(2, 3));
    expect((await record(account)).wanted.publicKey).toBe(publicKey(2));
    await account.run(changeKeys, remove(3));
    expect((await account.refusal(changeKeys, remove(2))).name).toBe('LastKey');
    expect(acceptedKeys((await record(account)).wanted)).toEqual([publicKey(2)]);
  });

  it('accepts as many keys as there is room for', async () => {
    await using account = await recorded();
    for (let number = 2; number <= mostKeys; number += 1) await account.run(changeKeys, add(number));
    expect(await account.refusal(changeKeys, add(mostKeys + 1))).toMatchObject({ name: 'TooManyKeys' });
    expect((await account.run(changeKeys, add(2))).publicKeys).toHaveLength(mostKeys);
  });

  it('changes keys while an operation holds the environment, and neither disturbs the other', async () => {
    await using account = await recorded();
    const environment = await record(account);
    const operation = operationOf('start');
    await takeEnvironment(account.dynamodb, account.sfn, { environment, operation, now: Date.now() }, () => {});
    expect(await account.run(changeKeys, add(2))).toEqual(keysOf(1, 2));
    expect((await record(account)).lock).toEqual(operation);
    expect(await release(account.dynamodb, alicesApi, operation, { set: {}, end: { endedAt: '2026-01-01T00:00:00.000Z' } })).toBe(true);
    expect(acceptedKeys((await record(account)).wanted)).toEqual(keysOf(1, 2).publicKeys);
  });

  it.each([
    ['adds another key', add(3), [1, 3, 2]],
    ['adds the same key', add(2), [1, 2]],
    ['removes the first key', remove(1), undefined],
  ])('loses nothing where somebody %s between its read and its write', async (_, other, expected) => {
    await using account = await recorded();
    await account.run(changeKeys, add(4));
    await account.run(changeKeys, remove(4));
    const meanwhile = async () => {
      if (expected) await account.run(changeKeys, other);
      // With another key before, because the last one stays.
      else for (const change of [add(5), other]) await account.run(changeKeys, change);
    };
    beforeWrite(account, 'UpdateItemCommand', meanwhile);
    const changed = await account.run(changeKeys, add(2));
    expect(changed).toEqual(keysOf(...(expected ?? [5, 2])));
    expect(acceptedKeys((await record(account)).wanted)).toEqual(changed.publicKeys);
  });

  it('refuses everyone but the owner', async () => {
    await using account = await recorded();
    expect(await account.refusal(changeKeys, changed({ action: 'add', publicKey: publicKey(2) }, 'bob'))).toMatchObject({
      name: 'NotYourEnvironment',
      message: 'Only alice can change the keys of this environment.',
    });
    expect(await record(account)).toEqual(recordOf());
  });

  it('refuses an environment that is being removed, also where its removal begins meanwhile', async () => {
    await using account = await recorded('removed');
    expect((await account.refusal(changeKeys, add(2))).name).toBe('EnvironmentBeingRemoved');
    expect(await record(account)).toEqual(recordOf({ power: 'removed' }));
  });

  it('refuses an environment that does not exist, and creates none', async () => {
    await using account = await installed();
    expect((await account.refusal(changeKeys, add(2))).name).toBe('EnvironmentNotFound');
    expect(await readEnvironment(account.dynamodb, alicesApi)).toBeUndefined();
  });

  it.each([
    ['a key of another type', { action: 'add', publicKey: 'ssh-rsa AAAA' }],
    ['a key with a line break', { action: 'add', publicKey: `${publicKey(2)}\nssh-ed25519 AAAA` }],
    ['no key', { action: 'add' }],
    ['something that is no fingerprint', { action: 'remove', fingerprint: 'MD5:00' }],
    ['both', { action: 'add', publicKey: publicKey(2), fingerprint: sshFingerprint(publicKey()) }],
  ])('refuses %s', async (_, change) => {
    await using account = await recorded();
    expect((await account.refusal(changeKeys, changed(change))).name).toBe('InputNotValid');
  });

  it('brings a record of the first format up to date', async () => {
    await using account = await installed();
    await replaceItem(account.dynamodb, environmentKey, { ...formerEnvironment('stopped'), ...alicesApi });
    const { publicKeys } = await account.run(changeKeys, add(2));
    expect(publicKeys).toHaveLength(2);
    expect(await record(account)).toMatchObject({ format: 2, wanted: { power: 'off', moreKeys: [{ publicKey: publicKey(2) }] } });
  });
});

async function recorded(power: 'on' | 'removed' = 'on'): Promise<TestAccount> {
  const account = await installed();
  await putEnvironment(account.dynamodb, recordOf({ power }));
  return account;
}

async function record({ dynamodb }: TestAccount) {
  const environment = await readEnvironment(dynamodb, alicesApi);
  if (!environment) throw new Error('There is no record.');
  return environment;
}
