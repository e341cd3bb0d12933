import { DescribeKeyPairsCommand, type EC2Client, ImportKeyPairCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { fingerprint } from '../../../core/openssh-key.ts';
import { importKeyPair } from '../../../functions/environment/import-key-pair.ts';
import { replaceKeyPair } from '../../../functions/environment/replace-key-pair.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { environment, publicKey } from '../documents.ts';

const renamed = { environment: { ...environment, name: 'billing', formerNames: ['acme-api'] } };

describe('replaceKeyPair', () => {
  it('imports the key under the new name, and deletes the former key pair', async () => {
    await using account = await withKeyPair();
    await account.run(replaceKeyPair, renamed);
    expect(await keyPairs(account.ec2)).toEqual(['recode-billing-key-pair']);
    const { KeyPairs: [pair] = [] } = await account.ec2.send(new DescribeKeyPairsCommand({}));
    expect(pair?.KeyFingerprint?.replace(/=+$/, '')).toBe(fingerprint(publicKey()).replace(/=+$/, ''));
    expect(pair?.Tags).toEqual(expect.arrayContaining([{ Key: 'recode:environment', Value: 'billing' }]));
  });

  it('does nothing when it runs again, or where there is no key pair', async () => {
    await using account = await withKeyPair();
    await account.run(replaceKeyPair, renamed);
    await account.aws.delete('calls');
    await account.run(replaceKeyPair, renamed);
    await account.run(replaceKeyPair, { environment: { ...environment, owner: 'bob' } });
    const { calls } = (await account.aws.get('calls')) as { calls: { action: string }[] };
    expect(calls.map(({ action }) => action)).toEqual(['DescribeKeyPairs', 'DescribeKeyPairs']);
  });

  it.each(['ImportKeyPair', 'DeleteKeyPair'])('goes on where the answer of %s was lost', async (action) => {
    await using account = await withKeyPair();
    await account.loseAnswer(action);
    expect((await account.refusal(replaceKeyPair, renamed)).name).toBe('AwsUnavailable');
    await account.run(replaceKeyPair, renamed);
    expect(await keyPairs(account.ec2)).toEqual(['recode-billing-key-pair']);
  });

  it('deletes every former key pair, and leaves those of other people', async () => {
    await using account = await withKeyPair();
    await account.run(importKeyPair, { environment: { ...environment, name: 'other' } });
    await account.run(importKeyPair, { environment: { ...environment, name: 'bobs', owner: 'bob' } });
    await account.run(replaceKeyPair, renamed);
    expect(await keyPairs(account.ec2)).toEqual(['recode-billing-key-pair', 'recode-bobs-key-pair']);
  });

  it('refuses a key pair of the new name that is not the environment’s, and keeps the former one', async () => {
    await using account = await withKeyPair();
    const theirs = { KeyName: 'recode-billing-key-pair', PublicKeyMaterial: Buffer.from(publicKey(2)) };
    await account.ec2.send(new ImportKeyPairCommand(theirs));
    expect((await account.refusal(replaceKeyPair, renamed)).name).toBe('NameOwnedElsewhere');
    expect(await keyPairs(account.ec2)).toEqual(['recode-acme-api-key-pair', 'recode-billing-key-pair']);
  });
});

/** An account with the key pair of an environment that is to be renamed. */
async function withKeyPair(): Promise<TestAccount> {
  const account = await testAccount();
  await account.run(importKeyPair, { environment });
  return account;
}

async function keyPairs(ec2: EC2Client) {
  const { KeyPairs = [] } = await ec2.send(new DescribeKeyPairsCommand({}));
  return KeyPairs.map(({ KeyName }) => KeyName).toSorted();
}
