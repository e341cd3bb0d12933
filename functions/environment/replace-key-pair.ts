import { DeleteKeyPairCommand } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { deleteAll } from '../../aws/ec2/deletion.ts';
import { findOwnKeyPair, importKey } from '../../aws/ec2/key-pair.ts';
import { findKeyPairs } from '../../aws/ec2/resources.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { settings } from '../../aws/step/settings.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { HeldEnvironment, Nothing } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import { resourceName } from '../../core/names.ts';

/** Replaces a key pair that has a former name of the environment: EC2 renames none. One that accepts no key gets one with its next launch. */
export const replaceKeyPair = step({
  input: v.object({ environment: HeldEnvironment }),
  output: Nothing,
  uses: { ec2, settings },
  async run({ environment }, { ec2, settings }) {
    const keyName = resourceName(environment.name, 'key-pair');
    const findFormer = async () => (await findKeyPairs(ec2, environment)).filter(({ KeyName }) => KeyName !== keyName);
    const former = await findFormer();
    if (former.length === 0) return;
    const { publicKey } = environment.request;
    const imported = publicKey === undefined || (await importKey(ec2, environment, publicKey, settings));
    if (!imported && !(await findOwnKeyPair(ec2, environment))) {
      throw new RecodeError('NotVisibleYet', `The key pair ${keyName} exists, but is not visible yet.`);
    }
    await deleteAll(findFormer, ({ KeyPairId }) => ec2.send(new DeleteKeyPairCommand({ KeyPairId })));
  },
});

export const handler = lambdaHandler(replaceKeyPair);
