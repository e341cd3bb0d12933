import { CreateVpcCommand, type EC2Client, type Vpc as Ec2Vpc } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { findSubnets, findVpcs } from '../../aws/ec2/resources.ts';
import { tagged } from '../../aws/ec2/tags.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { settings } from '../../aws/step/settings.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { Vpc } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import { network } from '../../core/names.ts';
import type { Settings } from '../../core/settings.ts';
import { networkTags } from '../../core/tags.ts';

/** Ensures the VPC that all environments of the region share. Finds it by its tags or creates it. */
export const createVpc = step({
  input: v.object({}),
  output: Vpc,
  uses: { ec2, settings },
  async run(_, { ec2, settings }) {
    return { vpcId: (await existingVpc(ec2))?.VpcId ?? (await newVpc(ec2, settings)) };
  },
});

export const handler = lambdaHandler(createVpc);

/** The VPC of an earlier attempt. If there are several, the one with our subnet. */
async function existingVpc(ec2: EC2Client): Promise<Ec2Vpc | undefined> {
  const [vpcs, [subnet]] = await Promise.all([findVpcs(ec2), findSubnets(ec2)]);
  const vpc = vpcs.find(({ VpcId }) => VpcId === subnet?.VpcId) ?? vpcs[0];
  if (vpc && vpc.CidrBlock !== network.vpc.cidr) {
    throw new RecodeError(
      'ResourceDiffers',
      `The VPC ${vpc.VpcId} (${network.vpc.name}) has the block ${vpc.CidrBlock}, not ${network.vpc.cidr}.`,
    );
  }
  return vpc;
}

async function newVpc(ec2: EC2Client, { costTags }: Settings): Promise<string | undefined> {
  // CreateVpc takes no client token. This execution holds the network (ClaimNetwork), and a retry after a lost answer waits until it can see
  // what an earlier attempt created (the reaction `lost`).
  const { Vpc } = await ec2.send(
    new CreateVpcCommand({ CidrBlock: network.vpc.cidr, TagSpecifications: tagged('vpc', networkTags(network.vpc.name), costTags) }),
  );
  return Vpc?.VpcId;
}
