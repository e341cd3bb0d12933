import {
  AttachInternetGatewayCommand,
  DescribeInternetGatewaysCommand,
  type DescribeInternetGatewaysCommandInput,
  type EC2Client,
  type InternetGateway as Ec2InternetGateway,
} from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { unless } from '../../aws/errors.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { InternetGateway, Nothing, Vpc } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';

/** Ensures that the internet gateway is attached to the VPC. */
export const attachInternetGateway = step({
  input: v.object({ vpc: Vpc, internetGateway: InternetGateway }),
  output: Nothing,
  uses: { ec2 },
  async run({ vpc: { vpcId }, internetGateway: { internetGatewayId } }, { ec2 }) {
    const attached = await unless(
      'already-there',
      ec2.send(new AttachInternetGatewayCommand({ VpcId: vpcId, InternetGatewayId: internetGatewayId })),
    );
    if (!attached) await expectAttached(ec2, internetGatewayId, vpcId);
  },
});

export const handler = lambdaHandler(attachInternetGateway);

/** One of the two is attached already: to each other, or the VPC has another gateway, or the gateway another VPC. */
async function expectAttached(ec2: EC2Client, internetGatewayId: string, vpcId: string): Promise<void> {
  const [ofVpc] = await describe(ec2, { Filters: [{ Name: 'attachment.vpc-id', Values: [vpcId] }] });
  if (ofVpc?.InternetGatewayId === internetGatewayId) return;
  if (ofVpc) {
    throw new RecodeError(
      'ResourceDiffers',
      `The VPC ${vpcId} has the internet gateway ${ofVpc.InternetGatewayId}, not ${internetGatewayId}.`,
    );
  }
  const [ours] = await describe(ec2, { InternetGatewayIds: [internetGatewayId] });
  const to = ours?.Attachments?.[0]?.VpcId;
  if (to !== undefined && to !== vpcId) {
    throw new RecodeError('ResourceDiffers', `The internet gateway ${internetGatewayId} is attached to ${to}, not to ${vpcId}.`);
  }
  throw new RecodeError('NotVisibleYet', `The internet gateway ${internetGatewayId} is attached, EC2 says, but does not show it yet.`);
}

async function describe(ec2: EC2Client, which: DescribeInternetGatewaysCommandInput): Promise<Ec2InternetGateway[]> {
  return (await ec2.send(new DescribeInternetGatewaysCommand(which))).InternetGateways ?? [];
}
