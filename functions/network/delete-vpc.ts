import { DeleteVpcCommand } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { deleteAll } from '../../aws/ec2/deletion.ts';
import { findVpcs } from '../../aws/ec2/resources.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { Nothing } from '../../core/document.ts';

/** Deletes the VPC, and with it what AWS created in it: its main route table, default security group and network ACL. */
export const deleteVpc = step({
  input: v.object({}),
  output: Nothing,
  uses: { ec2 },
  async run(_, { ec2 }) {
    await deleteAll(
      () => findVpcs(ec2),
      ({ VpcId }) => ec2.send(new DeleteVpcCommand({ VpcId })),
    );
  },
});

export const handler = lambdaHandler(deleteVpc);
