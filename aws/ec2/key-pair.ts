import { type EC2Client, ImportKeyPairCommand, type KeyPairInfo } from '@aws-sdk/client-ec2';
import { RecodeError } from '../../core/errors.ts';
import { resourceName } from '../../core/names.ts';
import type { Settings } from '../../core/settings.ts';
import { type Belonging, belongingTags, environmentTags, hasTags } from '../../core/tags.ts';
import { unless } from '../errors.ts';
import { findNamedKeyPair } from './resources.ts';
import { tagged } from './tags.ts';

/** Imports a public key as the key pair of an environment. Resolves to false if there is a key pair of its name. */
export async function importKey(ec2: EC2Client, environment: Belonging, publicKey: string, { costTags }: Settings): Promise<boolean> {
  const imported = ec2.send(
    new ImportKeyPairCommand({
      KeyName: resourceName(environment.name, 'key-pair'),
      PublicKeyMaterial: Buffer.from(publicKey),
      TagSpecifications: tagged('key-pair', environmentTags(environment, 'key-pair'), costTags),
    }),
  );
  return (await unless('duplicate-name', imported)) !== undefined;
}

/** The key pair with the name of an environment's. Throws RecodeError NameOwnedElsewhere if it is not the environment's. */
export async function findOwnKeyPair(ec2: EC2Client, environment: Belonging): Promise<KeyPairInfo | undefined> {
  const keyName = resourceName(environment.name, 'key-pair');
  const existing = await findNamedKeyPair(ec2, keyName);
  if (!existing || hasTags(existing.Tags, belongingTags(environment))) return existing;
  throw new RecodeError(
    'NameOwnedElsewhere',
    `The key pair ${keyName} (${existing.KeyPairId}) does not have the tags of this environment.`,
  );
}
