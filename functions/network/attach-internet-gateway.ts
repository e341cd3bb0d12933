import { AttachInternetGatewayCommand, DescribeInternetGatewaysCommand } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { ec2 } from '../../aws/clients.ts';
import { unless } from '../../aws/errors.ts';
import { lambdaHandler, step } from '../../aws/step.ts';
import { InternetGateway, Vpc } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';

/** Ensures that the internet gateway is attached to the VPC. */
export const attachInternetGateway = step({
  input: v.object({ vpc: Vpc, internetGateway: InternetGateway }),
  uses: { ec2 },
  async run({ vpc: { vpcId }, internetGateway: { internetGatewayId } }, { ec2 }) {
    const attached = await unless(
      'already-there',
      ec2.send(new AttachInternetGatewayCommand({ VpcId: vpcId, InternetGatewayId: internetGatewayId })),
    );
    if (attached) return {};
    const { InternetGateways = [] } = await ec2.send(new DescribeInternetGatewaysCommand({ InternetGatewayIds: [internetGatewayId] }));
    const to = InternetGateways[0]?.Attachments?.[0]?.VpcId;
    if (to !== vpcId)
      throw new RecodeError('ResourceDiffers', `The internet gateway ${internetGatewayId} is attached to ${to}, not to ${vpcId}.`);
    return {};
  },
});

export const handler = lambdaHandler(attachInternetGateway);
