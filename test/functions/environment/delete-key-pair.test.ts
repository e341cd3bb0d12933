import { DescribeKeyPairsCommand, type EC2Client, ImportKeyPairCommand, type Tag } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { deleteKeyPair } from '../../../functions/environment/delete-key-pair.ts';
import { testAccount } from '../account.ts';
import { describeDeletion, ofEnvironment } from '../deletion.ts';
import { environment, publicKey } from '../documents.ts';
import { bringTo, instanceOf, launched } from '../launched.ts';
import { idOf, tagging } from '../resources.ts';

const document = { environment };

describe('deleteKeyPair', () => {
  describeDeletion({
    ...ofEnvironment('key-pair'),
    run: (account) => account.run(deleteKeyPair, document),
    describes: 'DescribeKeyPairs',
    deletes: 'DeleteKeyPair',
    notFound: 'InvalidKeyPair.NotFound',
    inUse: [],
    // The first, which is somebody else's in the one case, has our very name.
    prepare: async (account) => (tags, number) =>
      makeKeyPair(account.ec2, tags, `recode-acme-api-key-pair${number === 0 ? '' : `-${number}`}`),
    list: keyPairs,
  });

  it('leaves the instances that were launched with it', async () => {
    await using account = await testAccount();
    const { instanceId } = await launched(account);
    await bringTo(account, instanceId, 'running');
    await account.run(deleteKeyPair, document);
    expect(await keyPairs(account.ec2)).toEqual([]);
    expect(await instanceOf(account.ec2, instanceId)).toMatchObject({ KeyName: 'recode-acme-api-key-pair', State: { Name: 'running' } });
  });

  it('refuses an environment without an owner', async () => {
    await using account = await testAccount();
    const { owner: _, ...others } = environment;
    expect((await account.refusal(deleteKeyPair, { environment: others })).name).toBe('InputNotValid');
  });
});

async function makeKeyPair(ec2: EC2Client, tags: Tag[], KeyName: string): Promise<string> {
  const PublicKeyMaterial = Buffer.from(publicKey());
  const { KeyPairId } = await ec2.send(
    new ImportKeyPairCommand({ KeyName, PublicKeyMaterial, TagSpecifications: tagging('key-pair', tags) }),
  );
  return idOf(KeyPairId);
}

async function keyPairs(ec2: EC2Client) {
  const { KeyPairs = [] } = await ec2.send(new DescribeKeyPairsCommand({}));
  return KeyPairs.map(({ KeyPairId }) => KeyPairId);
}
