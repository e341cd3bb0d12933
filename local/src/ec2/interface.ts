import { randomBytes } from 'node:crypto';
import type { NetworkInterface as DescribedInterface } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { AwsFailure } from '../service.ts';
import { formatAddress, parseCidr, sizeOf } from './cidr.ts';
import { filtered, resourceFilters } from './filters.ts';
import { setPublic } from './instance-state.ts';
import type { Call, Operations, Region } from './operation.ts';
import { paginated } from './pagination.ts';
import { type Kind, resource, type Stored } from './resource.ts';
import type { Resources } from './state.ts';
import { availableAddresses, reservedAddresses, type Subnet } from './subnet.ts';
import { honorsTagSpecifications, tagsOf } from './tags.ts';

export const NetworkInterface = v.strictObject({
  ...resource,
  subnetId: v.string(),
  vpcId: v.string(),
  availabilityZone: v.string(),
  privateIpAddress: v.string(),
  macAddress: v.string(),
  groupIds: v.array(v.string()),
  description: v.string(),
  attachment: v.optional(
    v.strictObject({ id: v.string(), instanceId: v.string(), attachedAt: v.number(), deleteOnTermination: v.boolean() }),
  ),
  /** Whether its instance has a public address while it runs. At first, it is the subnet's setting when the interface was created. */
  associatePublicIpAddress: v.optional(v.boolean(), true),
  /** Set only while its instance runs. */
  publicIpAddress: v.optional(v.string()),
});
export type NetworkInterface = Stored<v.InferOutput<typeof NetworkInterface>>;

export const networkInterfaceKind: Kind<NetworkInterface> = {
  type: 'network-interface',
  prefix: 'eni',
  noun: 'networkInterface ID',
  notFound: 'InvalidNetworkInterfaceID.NotFound',
  malformed: 'InvalidNetworkInterfaceId.Malformed',
  schema: NetworkInterface,
  uses: ({ subnetId, vpcId, groupIds }) => [subnetId, vpcId, ...groupIds],
  belongsTo: ({ attachment }) => (attachment ? [attachment.instanceId] : []),
  hasPublicAddress: ({ publicIpAddress }) => publicIpAddress !== undefined,
};

const interfaceFilters = resourceFilters<NetworkInterface>(
  {
    'addresses.private-ip-address': ({ privateIpAddress }) => privateIpAddress,
    'association.public-ip': ({ publicIpAddress }) => publicIpAddress,
    'attachment.attachment-id': ({ attachment }) => attachment?.id,
    'attachment.delete-on-termination': ({ attachment }) => attachment?.deleteOnTermination,
    'attachment.device-index': ({ attachment }) => attachment && 0,
    'attachment.instance-id': ({ attachment }) => attachment?.instanceId,
    'attachment.status': ({ attachment }) => attachment && 'attached',
    'availability-zone': ({ availabilityZone }) => availabilityZone,
    description: ({ description }) => description,
    'group-id': ({ groupIds }) => groupIds,
    'interface-type': () => 'interface',
    'mac-address': ({ macAddress }) => macAddress,
    'network-interface-id': ({ id }) => id,
    'private-ip-address': ({ privateIpAddress }) => privateIpAddress,
    'requester-managed': () => false,
    'source-dest-check': () => true,
    status: statusOf,
    'subnet-id': ({ subnetId }) => subnetId,
    'vpc-id': ({ vpcId }) => vpcId,
  },
  [
    'addresses.association.owner-id',
    'addresses.association.public-ip',
    'addresses.primary',
    'association.allocation-id',
    'association.association-id',
    'association.ip-owner-id',
    'association.public-dns-name',
    'attachment.attach-time',
    'attachment.instance-owner-id',
    'availability-zone-id',
    'ipv6-addresses.ipv6-address',
    'operator.managed',
    'operator.principal',
    'owner-id',
    'private-dns-name',
    'requester-id',
  ],
);

export const networkInterfaceOperations = {
  CreateNetworkInterface: {
    honors: { SubnetId: true, Groups: true, Description: true, InterfaceType: ['interface'], ...honorsTagSpecifications },
    mutates: true,
    idempotent: true,
    run({ SubnetId, Groups, Description, TagSpecifications, ClientToken }, call) {
      const tags = tagsOf(TagSpecifications, 'network-interface')['network-interface'];
      refuseUnknownGroups(Groups, call);
      const planned = planInterface(call, { subnetId: SubnetId, groupIds: Groups, description: Description });
      const record = call.resources.networkInterfaces.add({ tags, ...planned });
      return { NetworkInterface: described(record, call), ClientToken };
    },
  },

  ModifyNetworkInterfaceAttribute: {
    honors: { NetworkInterfaceId: true, AssociatePublicIpAddress: true, 'Description.Value': true, Groups: true },
    mutates: true,
    run({ NetworkInterfaceId, AssociatePublicIpAddress, Description, Groups }, call) {
      const { networkInterfaces, subnets } = call.resources;
      const card = networkInterfaces.find(NetworkInterfaceId);
      const given = [AssociatePublicIpAddress, Description, Groups].filter((attribute) => attribute !== undefined);
      if (given.length !== 1)
        throw new AwsFailure(
          'InvalidParameterCombination',
          given.length === 0 ? 'No attributes specified.' : 'Fields for multiple attribute types specified.',
        );
      if (Description !== undefined) networkInterfaces.change(card, { description: Description.Value ?? '' });
      else if (Groups !== undefined) networkInterfaces.change(card, { groupIds: groupsIn(subnets.find(card.subnetId), Groups, call) });
      else associatePublicAddress(card, call, AssociatePublicIpAddress ?? false);
      return {};
    },
  },

  DescribeNetworkInterfaceAttribute: {
    honors: { NetworkInterfaceId: true, Attribute: ['associatePublicIpAddress', 'description', 'groupSet'] },
    run({ NetworkInterfaceId, Attribute }, { resources }) {
      const card = resources.networkInterfaces.find(NetworkInterfaceId);
      switch (Attribute) {
        case 'associatePublicIpAddress':
          return { NetworkInterfaceId, AssociatePublicIpAddress: card.associatePublicIpAddress };
        case 'groupSet':
          return { NetworkInterfaceId, Groups: groupIdentifiers(card, resources) };
        default:
          return { NetworkInterfaceId, Description: { Value: card.description } };
      }
    },
  },

  DescribeNetworkInterfaces: {
    honors: { NetworkInterfaceIds: true, 'Filters.Name': true, 'Filters.Values': true, MaxResults: true, NextToken: true },
    filters: interfaceFilters,
    run(input, call) {
      const chosen = filtered(interfaceFilters, call.resources.networkInterfaces.select(input.NetworkInterfaceIds), input.Filters);
      const { page, NextToken } = paginated(call, input, chosen, ({ id }) => id);
      return { NetworkInterfaces: page.map((record) => described(record, call)), NextToken };
    },
  },

  DeleteNetworkInterface: {
    honors: { NetworkInterfaceId: true },
    mutates: true,
    run({ NetworkInterfaceId }, { resources }) {
      const { id, attachment } = resources.networkInterfaces.find(NetworkInterfaceId);
      if (attachment) throw new AwsFailure('InvalidParameterValue', `Network interface '${id}' is currently in use.`);
      resources.networkInterfaces.delete(id);
      return {};
    },
  },
} satisfies Operations;

/**
 * The properties of a new interface, with a free private address. Throws if the subnet or the groups do not exist or are in different
 * networks, and `InsufficientFreeAddressesInSubnet`.
 */
export function planInterface(
  call: Call,
  given: { subnetId: string; groupIds?: readonly string[] | undefined; description?: string | undefined },
): Omit<NetworkInterface, 'id' | 'visibleAt' | 'tags'> {
  const subnet = call.resources.subnets.find(given.subnetId);
  return {
    subnetId: subnet.id,
    vpcId: subnet.vpcId,
    availabilityZone: subnet.availabilityZone,
    privateIpAddress: freeAddress(subnet, call),
    // The second digit marks a locally administered address.
    macAddress: `0a:${randomBytes(5).toString('hex').match(/../g)?.join(':')}`,
    groupIds: groupsIn(subnet, given.groupIds, call),
    description: given.description ?? '',
    associatePublicIpAddress: subnet.mapPublicIpOnLaunch,
  };
}

/** The names and IDs of an interface's groups, as AWS shows them. */
export function groupIdentifiers({ groupIds }: NetworkInterface, { securityGroups }: Resources) {
  return groupIds.flatMap((id) => securityGroups.get(id) ?? []).map(({ id, name }) => ({ GroupId: id, GroupName: name }));
}

/** The public DNS name of an interface. Empty without a public address, or if its VPC has no DNS host names. */
export function publicDnsName({ publicIpAddress, vpcId }: NetworkInterface, { region, resources }: Region): string {
  const vpc = resources.vpcs.get(vpcId);
  if (publicIpAddress === undefined || !vpc?.enableDnsHostnames) return '';
  return `ec2-${publicIpAddress.replaceAll('.', '-')}.${region === 'us-east-1' ? 'compute-1' : `${region}.compute`}.amazonaws.com`;
}

/** The DNS name of a private address in its VPC. */
export function privateDnsName(privateIpAddress: string, { region }: Pick<Region, 'region'>): string {
  return `ip-${privateIpAddress.replaceAll('.', '-')}.${region === 'us-east-1' ? 'ec2' : `${region}.compute`}.internal`;
}

/** AWS has a special code for this call, even for a malformed ID: https://github.com/hashicorp/terraform/issues/3372 */
function refuseUnknownGroups(ids: readonly string[] | undefined, { resources }: Call): void {
  const unknown = ids?.find((id) => !resources.securityGroups.visible(id));
  if (unknown !== undefined) throw new AwsFailure('InvalidSecurityGroupID.NotFound', `The securityGroup ID '${unknown}' does not exist`);
}

function groupsIn(subnet: Subnet, ids: readonly string[] | undefined, { resources }: Call): string[] {
  if (ids === undefined || ids.length === 0) {
    const inVpc = resources.securityGroups.of(subnet.vpcId);
    return inVpc.filter(({ name }) => name === 'default').map(({ id }) => id);
  }
  const foreign = resources.securityGroups.select(ids).find(({ vpcId }) => vpcId !== subnet.vpcId);
  if (foreign)
    throw new AwsFailure('InvalidParameter', `Security group ${foreign.id} and subnet ${subnet.id} belong to different networks.`);
  return [...new Set(ids)];
}

function freeAddress(subnet: Subnet, call: Call): string {
  const range = parseCidr(subnet.cidrBlock);
  if (range && availableAddresses(subnet, call) > 0) {
    const taken = new Set(call.resources.networkInterfaces.of(subnet.id).map(({ privateIpAddress }) => privateIpAddress));
    const end = range.first + sizeOf(range.bits) - reservedAddresses.last;
    for (let address = range.first + reservedAddresses.first; address < end; address++) {
      if (!taken.has(formatAddress(address))) return formatAddress(address);
    }
  }
  throw new AwsFailure(
    'InsufficientFreeAddressesInSubnet',
    `The specified subnet does not have enough free addresses to satisfy the request.`,
  );
}

/** If the instance is running, AWS adds or removes its address at once. */
function associatePublicAddress(card: NetworkInterface, call: Call, associate: boolean): void {
  const { networkInterfaces, instances } = call.resources;
  networkInterfaces.change(card, { associatePublicIpAddress: associate });
  const instance = card.attachment && instances.get(card.attachment.instanceId);
  if (instance) setPublic(instance, call, associate);
}

function statusOf({ attachment }: NetworkInterface): 'in-use' | 'available' {
  return attachment ? 'in-use' : 'available';
}

function described(record: NetworkInterface, call: Call): DescribedInterface {
  const { attachment, publicIpAddress, privateIpAddress } = record;
  const association =
    publicIpAddress === undefined
      ? undefined
      : { PublicIp: publicIpAddress, PublicDnsName: publicDnsName(record, call), IpOwnerId: 'amazon' };
  const dnsName = privateDnsName(privateIpAddress, call);
  return {
    NetworkInterfaceId: record.id,
    SubnetId: record.subnetId,
    VpcId: record.vpcId,
    AvailabilityZone: record.availabilityZone,
    Description: record.description,
    OwnerId: call.accountId,
    InterfaceType: 'interface',
    RequesterManaged: false,
    SourceDestCheck: true,
    Status: statusOf(record),
    MacAddress: record.macAddress,
    PrivateIpAddress: privateIpAddress,
    PrivateDnsName: dnsName,
    PrivateIpAddresses: [{ Primary: true, PrivateIpAddress: privateIpAddress, PrivateDnsName: dnsName, Association: association }],
    Ipv6Addresses: [],
    Groups: groupIdentifiers(record, call.resources),
    Association: association,
    Attachment: attachment && {
      AttachmentId: attachment.id,
      InstanceId: attachment.instanceId,
      InstanceOwnerId: call.accountId,
      AttachTime: new Date(attachment.attachedAt),
      DeleteOnTermination: attachment.deleteOnTermination,
      DeviceIndex: 0,
      NetworkCardIndex: 0,
      Status: 'attached',
    },
    TagSet: [...record.tags],
  };
}
