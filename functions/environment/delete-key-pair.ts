import { DeleteKeyPairCommand } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { deleteAll } from '../../aws/ec2/deletion.ts';
import { findKeyPairs } from '../../aws/ec2/resources.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { HeldEnvironment, Nothing } from '../../core/document.ts';

/** Deletes the environment's key pair, which holds only the public half. */
export const deleteKeyPair = step({
  input: v.object({ environment: HeldEnvironment }),
  output: Nothing,
  uses: { ec2 },
  async run({ environment }, { ec2 }) {
    await deleteAll(
      () => findKeyPairs(ec2, environment),
      ({ KeyPairId }) => ec2.send(new DeleteKeyPairCommand({ KeyPairId })),
    );
  },
});

export const handler = lambdaHandler(deleteKeyPair);
