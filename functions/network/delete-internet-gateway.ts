import { DeleteInternetGatewayCommand, DetachInternetGatewayCommand, type EC2Client } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { deleteAll } from '../../aws/ec2/deletion.ts';
import { findInternetGateways, findVpcs } from '../../aws/ec2/resources.ts';
import { unless } from '../../aws/errors.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { Nothing } from '../../core/document.ts';

/** Detaches the internet gateway from our VPC and deletes it. Fails while it is attached to another VPC, and the state machine retries. */
export const deleteInternetGateway = step({
  input: v.object({}),
  output: Nothing,
  uses: { ec2 },
  async run(_, { ec2 }) {
    await deleteAll(
      () => findGateways(ec2),
      async ({ InternetGatewayId, attachedTo }) => {
        for (const VpcId of attachedTo) {
          await unless('not-attached', ec2.send(new DetachInternetGatewayCommand({ InternetGatewayId, VpcId })));
        }
        await ec2.send(new DeleteInternetGatewayCommand({ InternetGatewayId }));
      },
    );
  },
});

export const handler = lambdaHandler(deleteInternetGateway);

/** Our internet gateways, each with those of our VPCs that it is attached to. */
async function findGateways(ec2: EC2Client) {
  const [gateways, vpcs] = await Promise.all([findInternetGateways(ec2), findVpcs(ec2)]);
  const ours = vpcs.map(({ VpcId }) => VpcId);
  return gateways.map(({ InternetGatewayId, Attachments = [] }) => {
    return { InternetGatewayId, attachedTo: Attachments.map(({ VpcId }) => VpcId).filter((vpcId) => ours.includes(vpcId)) };
  });
}
