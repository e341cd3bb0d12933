import { DescribeKeyPairsCommand, type EC2Client, ImportKeyPairCommand, type Tag } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { importKeyPair } from '../../../functions/environment/import-key-pair.ts';
import { testAccount } from '../account.ts';
import { environment, publicKey, request } from '../documents.ts';
import { environmentTagsOf, tagging } from '../resources.ts';

const document = { environment };
const KeyName = 'recode-acme-api-key-pair';

describe('importKeyPair', () => {
  it('imports the public key under our name, with the environment’s tags', async () => {
    await using account = await testAccount();
    expect(await account.run(importKeyPair, document)).toEqual({ keyName: KeyName });
    expect(await keyPairs(account.ec2)).toEqual([
      { name: KeyName, key: material(publicKey()), tags: environmentTagsOf('key-pair'), id: expect.any(String) },
    ]);
  });

  it('looks for a key pair only where there is one of this name, and deletes only one that differs', async () => {
    await using account = await testAccount();
    const actions = async (run: () => Promise<unknown>) => {
      await account.aws.delete('calls');
      await run();
      const { calls } = (await account.aws.get('calls')) as { calls: { action: string }[] };
      return calls.map(({ action }) => action);
    };
    const importing = () => account.run(importKeyPair, document);
    expect(await actions(importing)).toEqual(['ImportKeyPair']);
    expect(await actions(importing)).toEqual(['ImportKeyPair', 'DescribeKeyPairs']);
    const other = { environment: { ...environment, request: { ...request, publicKey: publicKey(2) } } };
    expect(await actions(() => account.run(importKeyPair, other))).toEqual([
      'ImportKeyPair',
      'DescribeKeyPairs',
      'DeleteKeyPair',
      'ImportKeyPair',
    ]);
  });

  it('comes back where EC2 still has the key pair that it has deleted', async () => {
    await using account = await testAccount();
    await makeKeyPair(account.ec2, environmentTagsOf('key-pair'));
    await account.refuse('ImportKeyPair', 'InvalidKeyPair.Duplicate', 1);
    expect(await account.refusal(importKeyPair, document)).toMatchObject({
      name: 'NotVisibleYet',
      message: `The key pair ${KeyName} exists, but is not visible yet.`,
    });
    expect(await account.run(importKeyPair, document)).toEqual({ keyName: KeyName });
    expect(await keyPairs(account.ec2)).toMatchObject([{ key: material(publicKey()) }]);
  });

  it('keeps the key that is there when it runs again, whatever its comment', async () => {
    await using account = await testAccount();
    await account.run(importKeyPair, document);
    const before = await keyPairs(account.ec2);
    const again = { environment: { ...environment, request: { ...request, publicKey: publicKey().replace(/ alice$/, ' bob') } } };
    expect(await account.run(importKeyPair, again)).toEqual({ keyName: KeyName });
    expect(await keyPairs(account.ec2)).toEqual(before);
  });

  it('adopts the key whose import was not answered', async () => {
    await using account = await testAccount();
    await account.loseAnswer('ImportKeyPair');
    expect((await account.refusal(importKeyPair, document)).name).toBe('AwsUnavailable');
    expect(await account.run(importKeyPair, document)).toEqual({ keyName: KeyName });
    expect(await keyPairs(account.ec2)).toHaveLength(1);
  });

  it('replaces a key of an earlier attempt that differs', async () => {
    await using account = await testAccount();
    await makeKeyPair(account.ec2, environmentTagsOf('key-pair'));
    await account.run(importKeyPair, document);
    expect(await keyPairs(account.ec2)).toMatchObject([{ key: material(publicKey()), tags: environmentTagsOf('key-pair') }]);
  });

  it('imports the key where an attempt died after deleting the one that differs', async () => {
    await using account = await testAccount();
    await makeKeyPair(account.ec2, environmentTagsOf('key-pair'));
    await account.loseAnswer('DeleteKeyPair');
    expect((await account.refusal(importKeyPair, document)).name).toBe('AwsUnavailable');
    await account.run(importKeyPair, document);
    expect(await keyPairs(account.ec2)).toMatchObject([{ key: material(publicKey()) }]);
  });

  it.each([
    ['no tags', []],
    ['another owner’s tags', environmentTagsOf('key-pair').map((tag) => (tag.Key === 'recode:owner' ? { ...tag, Value: 'bob' } : tag))],
  ])('refuses a key pair of our name with %s, and leaves it as it is', async (_, tags) => {
    await using account = await testAccount();
    await makeKeyPair(account.ec2, tags);
    const before = await keyPairs(account.ec2);
    expect(await account.refusal(importKeyPair, document)).toMatchObject({
      name: 'NameOwnedElsewhere',
      message: expect.stringContaining(`${KeyName} (${before[0]?.id})`),
    });
    expect(await keyPairs(account.ec2)).toEqual(before);
  });

  it('makes no second key pair while the first is not visible', async () => {
    await using account = await testAccount();
    await account.hideNew(2_000);
    await account.run(importKeyPair, document);
    expect((await account.refusal(importKeyPair, document)).name).toBe('NotVisibleYet');
    account.aws.clock.advance(2_000);
    expect(await account.run(importKeyPair, document)).toEqual({ keyName: KeyName });
    expect(await keyPairs(account.ec2)).toHaveLength(1);
  });

  it.each([
    ['KeyPairLimitExceeded', 'QuotaReached'],
    ['RequestLimitExceeded', 'RequestThrottled'],
    ['UnauthorizedOperation', 'PermissionMissing'],
  ])('ends with what %s means', async (code, name) => {
    await using account = await testAccount();
    await account.refuse('ImportKeyPair', code);
    expect((await account.refusal(importKeyPair, document)).name).toBe(name);
  });

  it('refuses an environment without a name', async () => {
    await using account = await testAccount();
    expect(await account.refusal(importKeyPair, { environment: { ...environment, name: undefined } })).toMatchObject({
      name: 'InputNotValid',
      message: expect.stringContaining('environment.name'),
    });
  });
});

const material = (key: string) => key.split(' ')[1];

async function makeKeyPair(ec2: EC2Client, tags: Tag[]) {
  const PublicKeyMaterial = Buffer.from(publicKey(2));
  await ec2.send(new ImportKeyPairCommand({ KeyName, PublicKeyMaterial, TagSpecifications: tagging('key-pair', tags) }));
}

async function keyPairs(ec2: EC2Client) {
  const { KeyPairs = [] } = await ec2.send(new DescribeKeyPairsCommand({ IncludePublicKey: true }));
  return KeyPairs.map((pair) => ({ id: pair.KeyPairId, name: pair.KeyName, key: material(pair.PublicKey ?? ''), tags: pair.Tags }));
}
