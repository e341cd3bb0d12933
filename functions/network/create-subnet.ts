import type { EC2Client } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { findSubnets } from '../../aws/ec2/resources.ts';
import { availableZones, makePublic, newSubnet } from '../../aws/ec2/subnet.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { settings } from '../../aws/step/settings.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { overlap } from '../../core/cidr.ts';
import { Subnet, Vpc } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import { InstanceType } from '../../core/instance-type.ts';
import { network } from '../../core/names.ts';

/** Ensures the first public subnet, in a zone that offers the instance type. Without a zone, AWS would choose any. */
export const createSubnet = step({
  input: v.object({ vpc: Vpc, instanceType: InstanceType }),
  output: Subnet,
  uses: { ec2, settings },
  async run({ vpc: { vpcId }, instanceType }, { ec2, settings }) {
    const [existing, available] = await Promise.all([existingSubnet(ec2, vpcId), availableZones(ec2)]);
    const place = () => ({ vpcId, ...network.subnet, zone: zoneFor(instanceType, available) });
    const subnetId = existing ?? (await newSubnet(ec2, place(), settings));
    await makePublic(ec2, subnetId);
    return { subnetId };
  },
});

export const handler = lambdaHandler(createSubnet);

/** The subnet of an earlier attempt. Further subnets may be left of an earlier network. */
async function existingSubnet(ec2: EC2Client, vpcId: string): Promise<string | undefined> {
  const { name, cidr } = network.subnet;
  for (const { SubnetId, VpcId, CidrBlock = '' } of await findSubnets(ec2)) {
    if (VpcId === vpcId && CidrBlock === cidr) return SubnetId;
    if (VpcId === vpcId && !overlap(CidrBlock, cidr)) continue;
    throw new RecodeError('ResourceDiffers', `The subnet ${SubnetId} (${name}) is ${CidrBlock} in ${VpcId}, not ${cidr} in ${vpcId}.`);
  }
  return undefined;
}

function zoneFor({ name, zones }: InstanceType, available: readonly string[]): string {
  const zone = [...zones].sort().find((one) => available.includes(one));
  if (zone === undefined)
    throw new RecodeError('NoCapacity', `None of the zones that offer ${name} (${zones.join(', ')}) is available now.`);
  return zone;
}
