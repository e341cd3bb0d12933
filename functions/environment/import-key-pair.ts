import { DeleteKeyPairCommand, type KeyPairInfo } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { findOwnKeyPair, importKey } from '../../aws/ec2/key-pair.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { settings } from '../../aws/step/settings.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { KeyedEnvironment, KeyPair } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import { resourceName } from '../../core/names.ts';
import { fingerprint } from '../../core/openssh-key.ts';

/** Ensures that the key pair holds the user's public key. The private half stays on the user's machine. */
export const importKeyPair = step({
  input: v.object({ environment: KeyedEnvironment }),
  output: KeyPair,
  uses: { ec2, settings },
  async run({ environment }, { ec2, settings }) {
    const keyName = resourceName(environment.name, 'key-pair');
    const { publicKey } = environment.request;
    // The name can be given once, so there is nothing to look at before.
    if (await importKey(ec2, environment, publicKey, settings)) return { keyName };
    const existing = await findOwnKeyPair(ec2, environment);
    if (!existing) throw new RecodeError('NotVisibleYet', `The key pair ${keyName} exists, but is not visible yet.`);
    if (holds(existing, publicKey)) return { keyName };
    // There is no instance yet, so a new key locks no one out.
    await ec2.send(new DeleteKeyPairCommand({ KeyPairId: existing.KeyPairId }));
    if (await importKey(ec2, environment, publicKey, settings)) return { keyName };
    throw new RecodeError('NotVisibleYet', `The key pair ${keyName} exists, but is not visible yet.`);
  },
});

export const handler = lambdaHandler(importKeyPair);

// EC2 may write the base64 with or without padding.
const holds = (pair: KeyPairInfo, publicKey: string) => unpadded(pair.KeyFingerprint ?? '') === unpadded(fingerprint(publicKey));
const unpadded = (base64: string) => base64.replace(/=+$/, '');
