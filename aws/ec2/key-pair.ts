import { type EC2Client, ImportKeyPairCommand } from '@aws-sdk/client-ec2';
import { resourceName } from '../../core/names.ts';
import type { Settings } from '../../core/settings.ts';
import { type Belonging, environmentTags } from '../../core/tags.ts';
import { unless } from '../errors.ts';
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
