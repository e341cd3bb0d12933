import { CreateSubnetCommand, DescribeSubnetsCommand, type EC2Client, ModifySubnetAttributeCommand } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { findAvailabilityZones, findSubnets } from '../../aws/ec2/resources.ts';
import { tagged } from '../../aws/ec2/tags.ts';
import { unless } from '../../aws/errors.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { settings } from '../../aws/step/settings.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { overlap } from '../../core/cidr.ts';
import { Subnet, Vpc } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import { InstanceType } from '../../core/instance-type.ts';
import { network } from '../../core/names.ts';
import type { Settings } from '../../core/settings.ts';
import { hasTags, managedBy, networkTags } from '../../core/tags.ts';

/** Ensures the public subnet, in a zone that offers the instance type. Without a zone, AWS would choose any. */
export const createSubnet = step({
  input: v.object({ vpc: Vpc, instanceType: InstanceType }),
  output: Subnet,
  uses: { ec2, settings },
  async run({ vpc: { vpcId }, instanceType }, { ec2, settings }) {
    const subnetId = (await existingSubnet(ec2, vpcId)) ?? (await newSubnet(ec2, vpcId, instanceType, settings));
    await ec2.send(new ModifySubnetAttributeCommand({ SubnetId: subnetId, MapPublicIpOnLaunch: { Value: true } }));
    return { subnetId };
  },
});

export const handler = lambdaHandler(createSubnet);

async function existingSubnet(ec2: EC2Client, vpcId: string): Promise<string | undefined> {
  const [subnet] = await findSubnets(ec2);
  if (!subnet) return undefined;
  if (subnet.VpcId === vpcId && subnet.CidrBlock === network.subnet.cidr) return subnet.SubnetId;
  throw new RecodeError(
    'ResourceDiffers',
    `The subnet ${subnet.SubnetId} (${network.subnet.name}) is ${subnet.CidrBlock} in ${subnet.VpcId}, ` +
      `not ${network.subnet.cidr} in ${vpcId}.`,
  );
}

async function newSubnet(ec2: EC2Client, vpcId: string, type: InstanceType, { costTags }: Settings): Promise<string | undefined> {
  const created = ec2.send(
    new CreateSubnetCommand({
      VpcId: vpcId,
      CidrBlock: network.subnet.cidr,
      AvailabilityZone: await zoneFor(ec2, type),
      TagSpecifications: tagged('subnet', networkTags(network.subnet.name), costTags),
    }),
  );
  const answer = await unless('subnet-conflict', created);
  if (answer) return answer.Subnet?.SubnetId;
  const foreign = await foreignSubnetInOurBlock(ec2, vpcId);
  if (foreign)
    throw new RecodeError(
      'NameOwnedElsewhere',
      `The subnet ${foreign} takes the block ${network.subnet.cidr} of ${vpcId}, but does not have the tags of Recode.`,
    );
  throw new RecodeError(
    'NotVisibleYet',
    `The block ${network.subnet.cidr} of ${vpcId} is taken, but our subnet was not visible there yet.`,
  );
}

/** Our own subnet, which may be visible by now, does not count. */
async function foreignSubnetInOurBlock(ec2: EC2Client, vpcId: string): Promise<string | undefined> {
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ Filters: [{ Name: 'vpc-id', Values: [vpcId] }] }));
  const foreign = Subnets.filter(({ Tags }) => !hasTags(Tags, [managedBy]));
  return foreign.find(({ CidrBlock }) => CidrBlock !== undefined && overlap(CidrBlock, network.subnet.cidr))?.SubnetId;
}

async function zoneFor(ec2: EC2Client, type: InstanceType): Promise<string> {
  const zones = await findAvailabilityZones(ec2);
  const available = zones.filter(({ State }) => State === 'available').map(({ ZoneName }) => ZoneName);
  const zone = [...type.zones].sort().find((name) => available.includes(name));
  if (zone === undefined)
    throw new RecodeError('NoCapacity', `None of the zones that offer ${type.name} (${type.zones.join(', ')}) is available now.`);
  return zone;
}
