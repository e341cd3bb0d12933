import { randomInt } from 'node:crypto';
import type { Subnet as DescribedSubnet } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { AwsFailure } from '../service.ts';
import { type Cidr, formatCidr, includesRange, overlaps, parseCidr, sizeOf } from './cidr.ts';
import { filtered, resourceFilters } from './filters.ts';
import type { Call, Operations } from './operation.ts';
import { paginated } from './pagination.ts';
import { type Kind, resource, type Stored, usersOf } from './resource.ts';
import { honorsTagSpecifications, tagsOf } from './tags.ts';
import { usableZones, type Zone, zonesOf } from './zone.ts';

export const Subnet = v.strictObject({
  ...resource,
  vpcId: v.string(),
  cidrBlock: v.string(),
  availabilityZone: v.string(),
  availabilityZoneId: v.string(),
  mapPublicIpOnLaunch: v.boolean(),
});
export type Subnet = Stored<v.InferOutput<typeof Subnet>>;

export const subnetKind: Kind<Subnet> = {
  type: 'subnet',
  prefix: 'subnet',
  noun: 'subnet ID',
  notFound: 'InvalidSubnetID.NotFound',
  malformed: 'InvalidSubnetID.Malformed',
  schema: Subnet,
  uses: ({ vpcId }) => [vpcId],
};

/** AWS reserves the first four addresses of a subnet and the last one. */
export const reservedAddresses = { first: 4, last: 1 };

const subnetFilters = resourceFilters<Subnet>(
  {
    'availability-zone': ({ availabilityZone }) => availabilityZone,
    'availability-zone-id': ({ availabilityZoneId }) => availabilityZoneId,
    'cidr-block': ({ cidrBlock }) => cidrBlock,
    'default-for-az': () => false,
    'map-public-ip-on-launch': ({ mapPublicIpOnLaunch }) => mapPublicIpOnLaunch,
    state: () => 'available',
    'subnet-id': ({ id }) => id,
    'vpc-id': ({ vpcId }) => vpcId,
  },
  [
    'available-ip-address-count',
    'customer-owned-ipv4-pool',
    'enable-dns64',
    'enable-lni-at-device-index',
    'ipv6-cidr-block-association.ipv6-cidr-block',
    'ipv6-cidr-block-association.association-id',
    'ipv6-cidr-block-association.state',
    'ipv6-native',
    'map-customer-owned-ip-on-launch',
    'outpost-arn',
    'owner-id',
    'private-dns-name-options-on-launch.hostname-type',
    'private-dns-name-options-on-launch.enable-resource-name-dns-a-record',
    'private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record',
    'subnet-arn',
  ],
);

export const subnetOperations = {
  CreateSubnet: {
    honors: {
      VpcId: true,
      CidrBlock: true,
      AvailabilityZone: true,
      AvailabilityZoneId: true,
      Ipv6Native: [false],
      ...honorsTagSpecifications,
    },
    mutates: true,
    run({ VpcId, CidrBlock, AvailabilityZone, AvailabilityZoneId, TagSpecifications }, call) {
      const { subnet: tags } = tagsOf(TagSpecifications, 'subnet');
      const { vpcs, subnets } = call.resources;
      const vpc = vpcs.find(VpcId);
      const cidr = subnetCidr(CidrBlock, vpc.cidrBlock);
      const zone = zoneFor(call, AvailabilityZone, AvailabilityZoneId);
      const neighbors = subnets.of(vpc.id);
      if (neighbors.some(({ cidrBlock }) => overlaps(rangeOf(cidrBlock), cidr)))
        throw new AwsFailure('InvalidSubnet.Conflict', `The CIDR '${formatCidr(cidr)}' conflicts with another subnet`);

      const place = { cidrBlock: formatCidr(cidr), availabilityZone: zone.name, availabilityZoneId: zone.id };
      const subnet = subnets.add({ tags, vpcId: vpc.id, ...place, mapPublicIpOnLaunch: false });
      return { Subnet: described(subnet, call) };
    },
  },

  DescribeSubnets: {
    honors: { SubnetIds: true, 'Filters.Name': true, 'Filters.Values': true, MaxResults: true, NextToken: true },
    filters: subnetFilters,
    run(input, call) {
      const subnets = filtered(subnetFilters, call.resources.subnets.select(input.SubnetIds), input.Filters);
      const { page, NextToken } = paginated(call, input, subnets, ({ id }) => id);
      return { Subnets: page.map((subnet) => described(subnet, call)), NextToken };
    },
  },

  ModifySubnetAttribute: {
    honors: { SubnetId: true, 'MapPublicIpOnLaunch.Value': true },
    mutates: true,
    run({ SubnetId, MapPublicIpOnLaunch }, call) {
      const subnet = call.resources.subnets.find(SubnetId);
      if (MapPublicIpOnLaunch?.Value === undefined) throw new AwsFailure('InvalidParameterCombination', 'No attributes specified.');
      call.resources.subnets.change(subnet, { mapPublicIpOnLaunch: MapPublicIpOnLaunch.Value });
      return {};
    },
  },

  DeleteSubnet: {
    honors: { SubnetId: true },
    mutates: true,
    run({ SubnetId }, call) {
      const { subnets, routeTables } = call.resources;
      const subnet = subnets.find(SubnetId);
      if (usersOf(call.resources, subnet.id).length > 0)
        throw new AwsFailure('DependencyViolation', `The subnet '${subnet.id}' has dependencies and cannot be deleted.`);
      // Its association with a route table is deleted with it.
      for (const table of routeTables.of(subnet.id)) {
        routeTables.change(table, { associations: table.associations.filter(({ subnetId }) => subnetId !== subnet.id) });
      }
      subnets.delete(subnet.id);
      return {};
    },
  },
} satisfies Operations;

/** The number of free addresses of a subnet. Each user of the subnet has one address. */
export function availableAddresses(subnet: Subnet, { resources, settings }: Pick<Call, 'resources' | 'settings'>): number {
  if (settings.full.includes(subnet.cidrBlock)) return 0;
  const reserved = reservedAddresses.first + reservedAddresses.last;
  return sizeOf(rangeOf(subnet.cidrBlock).bits) - reserved - usersOf(resources, subnet.id).length;
}

function subnetCidr(given: string | undefined, vpcCidrBlock: string): Cidr {
  if (given === undefined) throw new AwsFailure('MissingParameter', "Either 'cidrBlock' or 'ipv6CidrBlock' should be provided.");
  const cidr = parseCidr(given);
  if (!cidr)
    throw new AwsFailure('InvalidParameterValue', `Value (${given}) for parameter cidrBlock is invalid. This is not a valid CIDR block.`);
  if (cidr.bits < 16 || cidr.bits > 28 || !includesRange(rangeOf(vpcCidrBlock), cidr))
    throw new AwsFailure('InvalidSubnet.Range', `The CIDR '${given}' is invalid.`);
  return cidr;
}

function zoneFor(call: Call, name: string | undefined, id: string | undefined): Zone {
  const zones = usableZones(call);
  if (name !== undefined && id !== undefined)
    throw new AwsFailure(
      'InvalidParameterCombination',
      'The parameter availabilityZone cannot be used with the parameter availabilityZoneId',
    );
  const refused = (parameter: string, value: string, valid: string[]) =>
    new AwsFailure(
      'InvalidParameterValue',
      `Value (${value}) for parameter ${parameter} is invalid. Subnets can currently only be created in the following availability zones: ${valid.join(', ')}.`,
    );
  const zone =
    name !== undefined || id !== undefined
      ? zones.find((one) => one.name === name || one.id === id)
      : zonesOf(call.region)[randomInt(zonesOf(call.region).length)];
  if (zone) return zone;
  if (id !== undefined)
    throw refused(
      'availabilityZoneId',
      id,
      zones.map((one) => one.id),
    );
  throw refused(
    'availabilityZone',
    name ?? '',
    zones.map((one) => one.name),
  );
}

/** The range of a recorded CIDR block, which is valid. */
function rangeOf(cidrBlock: string): Cidr {
  const range = parseCidr(cidrBlock);
  if (!range) throw new TypeError(`${cidrBlock} is not a CIDR block.`);
  return range;
}

function described(subnet: Subnet, call: Call): DescribedSubnet {
  return {
    SubnetId: subnet.id,
    SubnetArn: `arn:aws:ec2:${call.region}:${call.accountId}:subnet/${subnet.id}`,
    OwnerId: call.accountId,
    VpcId: subnet.vpcId,
    State: 'available',
    CidrBlock: subnet.cidrBlock,
    AvailableIpAddressCount: availableAddresses(subnet, call),
    AvailabilityZone: subnet.availabilityZone,
    AvailabilityZoneId: subnet.availabilityZoneId,
    DefaultForAz: false,
    MapPublicIpOnLaunch: subnet.mapPublicIpOnLaunch,
    MapCustomerOwnedIpOnLaunch: false,
    AssignIpv6AddressOnCreation: false,
    Ipv6CidrBlockAssociationSet: [],
    Ipv6Native: false,
    EnableDns64: false,
    Tags: [...subnet.tags],
  };
}
