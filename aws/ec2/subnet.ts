import { CreateSubnetCommand, type EC2Client, type Subnet as Ec2Subnet, ModifySubnetAttributeCommand } from '@aws-sdk/client-ec2';
import { overlap } from '../../core/cidr.ts';
import type { Subnet } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import type { InstanceType } from '../../core/instance-type.ts';
import { mostSubnets } from '../../core/names.ts';
import { type KnownSubnet, nextPlacement } from '../../core/placement.ts';
import type { Settings } from '../../core/settings.ts';
import { hasTags, managedBy, networkTags } from '../../core/tags.ts';
import { unless } from '../errors.ts';
import { describeRouteTables, describeSubnets, findAvailabilityZones } from './resources.ts';
import { associate, tableOfSubnet } from './route-table.ts';
import { tagged } from './tags.ts';

/** What a placement is decided by. */
export function knownSubnet(subnet: Ec2Subnet): KnownSubnet {
  return {
    subnetId: subnet.SubnetId ?? '',
    cidr: subnet.CidrBlock ?? '',
    zone: subnet.AvailabilityZone ?? '',
    free: subnet.AvailableIpAddressCount ?? 0,
    ours: hasTags(subnet.Tags, [managedBy]),
    isPublic: subnet.MapPublicIpOnLaunch === true,
  };
}

/** The names of the availability zones in which subnets can be created now. */
export async function availableZones(ec2: EC2Client): Promise<string[]> {
  const zones = await findAvailabilityZones(ec2);
  return zones.flatMap(({ State, ZoneName }) => (State === 'available' && ZoneName ? [ZoneName] : []));
}

/** What a start has given up on. */
type GivenUp = Pick<Subnet, 'full' | 'withoutCapacity'>;

/**
 * Finds the next subnet for a launch, or creates one, and finishes it. Its block is its fence: of two starts that create it at once, one
 * gets it, and the other looks again. A crash leaves it unfinished, and the next start that needs it finishes it.
 *
 * @throws RecodeError SubnetFull if the VPC has no room for another subnet, NoCapacity with what `noZone` says if no zone is left, NotVisibleYet
 */
export async function nextSubnet(
  ec2: EC2Client,
  { vpcId, instanceType, givenUp }: { vpcId: string; instanceType: InstanceType; givenUp: GivenUp },
  settings: Settings,
  noZone: () => Promise<RecodeError> | RecodeError,
): Promise<Subnet> {
  const [subnets, zones] = await Promise.all([describeSubnets(ec2, vpcId), availableZones(ec2)]);
  const placement = nextPlacement(subnets.map(knownSubnet), zones, { offered: instanceType.zones, ...givenUp });
  switch (placement.action) {
    case 'no-zone':
      throw await noZone();
    case 'no-block':
      throw new RecodeError('SubnetFull', `The VPC ${vpcId} has no room for another subnet: it can have ${mostSubnets}, and all are full.`);
    case 'use': {
      const { subnetId, isPublic } = placement.subnet;
      if (!isPublic) await finish(ec2, vpcId, subnetId);
      return { subnetId, ...givenUp };
    }
    case 'create': {
      const subnetId = (await newSubnet(ec2, { vpcId, ...placement }, settings)) ?? '';
      await finish(ec2, vpcId, subnetId);
      return { subnetId, ...givenUp };
    }
  }
}

/**
 * Creates a subnet of Recode's.
 *
 * @throws RecodeError NameOwnedElsewhere if somebody else's subnet takes its block, NotVisibleYet if our own does
 */
export async function newSubnet(
  ec2: EC2Client,
  { vpcId, name, cidr, zone }: { vpcId: string; name: string; cidr: string; zone: string },
  { costTags }: Settings,
): Promise<string | undefined> {
  const created = ec2.send(
    new CreateSubnetCommand({
      VpcId: vpcId,
      CidrBlock: cidr,
      AvailabilityZone: zone,
      TagSpecifications: tagged('subnet', networkTags(name), costTags),
    }),
  );
  const answer = await unless('subnet-conflict', created);
  if (answer) return answer.Subnet?.SubnetId;
  const foreign = await foreignSubnetIn(ec2, vpcId, cidr);
  if (foreign)
    throw new RecodeError(
      'NameOwnedElsewhere',
      `The subnet ${foreign} takes the block ${cidr} of ${vpcId}, but does not have the tags of Recode.`,
    );
  throw new RecodeError('NotVisibleYet', `The block ${cidr} of ${vpcId} is taken, but our subnet was not visible there yet.`);
}

/** Has a subnet give its instances public addresses. */
export async function makePublic(ec2: EC2Client, subnetId: string | undefined): Promise<void> {
  await ec2.send(new ModifySubnetAttributeCommand({ SubnetId: subnetId, MapPublicIpOnLaunch: { Value: true } }));
}

/** Our own subnet, which may be visible by now, does not count. */
async function foreignSubnetIn(ec2: EC2Client, vpcId: string, cidr: string): Promise<string | undefined> {
  const foreign = (await describeSubnets(ec2, vpcId)).filter(({ Tags }) => !hasTags(Tags, [managedBy]));
  return foreign.find(({ CidrBlock }) => CidrBlock !== undefined && overlap(CidrBlock, cidr))?.SubnetId;
}

/** Gives a subnet its way to the internet, and only then its public addresses, which show that it is finished. */
async function finish(ec2: EC2Client, vpcId: string, subnetId: string): Promise<void> {
  const tables = await describeRouteTables(ec2, vpcId);
  if (!tableOfSubnet(tables, subnetId)) {
    const ours = tables.filter(({ Tags }) => hasTags(Tags, [managedBy]));
    // A crash may have left a second one, which no subnet uses.
    const table = ours.find(({ Associations = [] }) => Associations.length > 0) ?? ours[0];
    if (!table) throw new RecodeError('ResourceDiffers', `The VPC ${vpcId} has no route table of Recode: someone has deleted it.`);
    await associate(ec2, table, subnetId);
  }
  await makePublic(ec2, subnetId);
}
