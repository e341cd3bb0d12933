import { DeleteSubnetCommand } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { deleteAll } from '../../aws/ec2/deletion.ts';
import { findSubnets } from '../../aws/ec2/resources.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { Nothing } from '../../core/document.ts';

/** Deletes the public subnet. Fails while something is in it, and the state machine retries. */
export const deleteSubnet = step({
  input: v.object({}),
  output: Nothing,
  uses: { ec2 },
  async run(_, { ec2 }) {
    await deleteAll(
      () => findSubnets(ec2),
      ({ SubnetId }) => ec2.send(new DeleteSubnetCommand({ SubnetId })),
    );
  },
});

export const handler = lambdaHandler(deleteSubnet);
