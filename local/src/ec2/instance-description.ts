import type { Instance as DescribedInstance, _InstanceType as InstanceTypeName, Reservation } from '@aws-sdk/client-ec2';
import type { FilterTable } from './filters.ts';
import { resourceFilters } from './filters.ts';
import { rootDeviceName } from './image.ts';
import { cardOf, type Instance, stateCodes } from './instance-state.ts';
import { groupIdentifiers, type NetworkInterface, privateDnsName, publicDnsName } from './interface.ts';
import type { Call } from './operation.ts';
import type { Volume } from './volume.ts';

/** An instance with its network interface and its volumes, for the filters. */
export type InstanceView = Instance & { readonly card: NetworkInterface | undefined; readonly volumes: readonly Volume[] };

export function viewOf(instance: Instance, call: Call): InstanceView {
  const volumes = call.resources.volumes.of(instance.id);
  return { ...instance, card: cardOf(instance, call), volumes };
}

/** A terminated instance has no place. */
const placed =
  <T>(read: (view: InstanceView) => T) =>
  (view: InstanceView) =>
    view.state === 'terminated' ? undefined : read(view);

export const instanceFilters: FilterTable<InstanceView> = resourceFilters<InstanceView>(
  {
    architecture: ({ architecture }) => architecture,
    'availability-zone': ({ availabilityZone }) => availabilityZone,
    'block-device-mapping.device-name': ({ volumes }) => volumes.map(({ attachment }) => attachment?.device),
    'block-device-mapping.volume-id': ({ volumes }) => volumes.map(({ id }) => id),
    'client-token': ({ clientToken }) => clientToken,
    // AWS returns this for the Nitro hypervisor, too.
    hypervisor: () => 'xen',
    'image-id': ({ imageId }) => imageId,
    'instance-id': ({ id }) => id,
    'instance-state-code': ({ state }) => stateCodes[state],
    'instance-state-name': ({ state }) => state,
    'instance-type': ({ instanceType }) => instanceType,
    'instance.group-id': ({ card }) => card?.groupIds,
    'ip-address': ({ card }) => card?.publicIpAddress,
    'key-name': ({ keyName }) => keyName,
    'metadata-options.http-endpoint': ({ metadata }) => metadata.endpoint,
    'metadata-options.http-put-response-hop-limit': ({ metadata }) => metadata.hopLimit,
    'metadata-options.http-tokens': ({ metadata }) => metadata.tokens,
    'network-interface.addresses.association.public-ip': ({ card }) => card?.publicIpAddress,
    'network-interface.addresses.private-ip-address': ({ card }) => card?.privateIpAddress,
    'network-interface.association.public-ip': ({ card }) => card?.publicIpAddress,
    'network-interface.attachment.attachment-id': ({ card }) => card?.attachment?.id,
    'network-interface.attachment.delete-on-termination': ({ card }) => card?.attachment?.deleteOnTermination,
    'network-interface.attachment.device-index': ({ card }) => card && 0,
    'network-interface.attachment.instance-id': ({ card }) => card?.attachment?.instanceId,
    'network-interface.availability-zone': ({ card }) => card?.availabilityZone,
    'network-interface.description': ({ card }) => card?.description,
    'network-interface.group-id': ({ card }) => card?.groupIds,
    'network-interface.mac-address': ({ card }) => card?.macAddress,
    'network-interface.network-interface-id': ({ card }) => card?.id,
    'network-interface.status': ({ card }) => card && 'in-use',
    'network-interface.subnet-id': ({ card }) => card?.subnetId,
    'network-interface.vpc-id': ({ card }) => card?.vpcId,
    'private-ip-address': ({ card }) => card?.privateIpAddress,
    reason: ({ transitionReason }) => transitionReason,
    'reservation-id': ({ reservationId }) => reservationId,
    'root-device-name': () => rootDeviceName,
    'root-device-type': () => 'ebs',
    'state-reason-code': ({ stateReason }) => stateReason?.code,
    'subnet-id': placed(({ subnetId }) => subnetId),
    tenancy: () => 'default',
    'virtualization-type': () => 'hvm',
    'vpc-id': placed(({ vpcId }) => vpcId),
  },
  [
    'affinity',
    'availability-zone-id',
    'block-device-mapping.attach-time',
    'block-device-mapping.delete-on-termination',
    'block-device-mapping.status',
    'boot-mode',
    'capacity-reservation-id',
    'capacity-reservation-specification.capacity-reservation-preference',
    'capacity-reservation-specification.capacity-reservation-target.capacity-reservation-id',
    'capacity-reservation-specification.capacity-reservation-target.capacity-reservation-resource-group-arn',
    'current-instance-boot-mode',
    'dns-name',
    'ebs-optimized',
    'ena-support',
    'enclave-options.enabled',
    'hibernation-options.configured',
    'host-id',
    'iam-instance-profile.arn',
    'iam-instance-profile.id',
    'instance-lifecycle',
    'instance.group-name',
    'ipv6-address',
    'kernel-id',
    'launch-index',
    'launch-time',
    'maintenance-options.auto-recovery',
    'metadata-options.http-protocol-ipv4',
    'metadata-options.http-protocol-ipv6',
    'metadata-options.instance-metadata-tags',
    'metadata-options.state',
    'monitoring-state',
    'network-interface.addresses.association.allocation-id',
    'network-interface.addresses.association.association-id',
    'network-interface.addresses.association.carrier-ip',
    'network-interface.addresses.association.customer-owned-ip',
    'network-interface.addresses.association.ip-owner-id',
    'network-interface.addresses.association.public-dns-name',
    'network-interface.addresses.primary',
    'network-interface.addresses.private-dns-name',
    'network-interface.association.allocation-id',
    'network-interface.association.association-id',
    'network-interface.association.carrier-ip',
    'network-interface.association.customer-owned-ip',
    'network-interface.association.ip-owner-id',
    'network-interface.association.public-dns-name',
    'network-interface.attachment.attach-time',
    'network-interface.attachment.instance-owner-id',
    'network-interface.attachment.network-card-index',
    'network-interface.attachment.status',
    'network-interface.deny-all-igw-traffic',
    'network-interface.group-name',
    'network-interface.ipv4-prefixes.ipv4-prefix',
    'network-interface.ipv6-address',
    'network-interface.ipv6-addresses.ipv6-address',
    'network-interface.ipv6-addresses.is-primary-ipv6',
    'network-interface.ipv6-native',
    'network-interface.ipv6-prefixes.ipv6-prefix',
    'network-interface.operator.managed',
    'network-interface.operator.principal',
    'network-interface.outpost-arn',
    'network-interface.owner-id',
    'network-interface.private-dns-name',
    'network-interface.private-ip-address',
    'network-interface.public-dns-name',
    'network-interface.requester-id',
    'network-interface.requester-managed',
    'network-interface.source-dest-check',
    'network-interface.tag-key',
    'network-interface.tag-value',
    'network-performance-options.bandwidth-weighting',
    'operator.managed',
    'operator.principal',
    'outpost-arn',
    'owner-id',
    'placement-group-name',
    'placement-partition-number',
    'platform',
    'platform-details',
    'private-dns-name',
    'private-dns-name-options.enable-resource-name-dns-a-record',
    'private-dns-name-options.enable-resource-name-dns-aaaa-record',
    'private-dns-name-options.hostname-type',
    'product-code',
    'product-code.type',
    'ramdisk-id',
    'requester-id',
    'source-dest-check',
    'spot-instance-request-id',
    'state-reason-message',
    'tpm-support',
    'usage-operation',
    'usage-operation-update-time',
  ],
);

/** A reservation with the only instance of its launch. */
export function describedReservation(instance: Instance, call: Call): Reservation {
  return { ReservationId: instance.reservationId, OwnerId: call.accountId, Groups: [], Instances: [described(instance, call)] };
}

function described(instance: Instance, call: Call): DescribedInstance {
  const { card, volumes } = viewOf(instance, call);
  const { stateReason } = instance;
  return {
    InstanceId: instance.id,
    ImageId: instance.imageId,
    InstanceType: instance.instanceType as InstanceTypeName,
    Architecture: instance.architecture,
    AmiLaunchIndex: 0,
    ClientToken: instance.clientToken ?? '',
    KeyName: instance.keyName,
    LaunchTime: new Date(instance.launchedAt),
    State: { Code: stateCodes[instance.state], Name: instance.state },
    StateReason: stateReason && { Code: stateReason.code, Message: stateReason.message },
    StateTransitionReason: instance.transitionReason,
    Placement: { AvailabilityZone: instance.availabilityZone, GroupName: '', Tenancy: 'default' },
    Monitoring: { State: 'disabled' },
    MetadataOptions: {
      State: 'applied',
      HttpTokens: instance.metadata.tokens,
      HttpPutResponseHopLimit: instance.metadata.hopLimit,
      HttpEndpoint: instance.metadata.endpoint,
      HttpProtocolIpv6: 'disabled',
      InstanceMetadataTags: 'disabled',
    },
    Hypervisor: 'xen',
    VirtualizationType: 'hvm',
    PlatformDetails: 'Linux/UNIX',
    UsageOperation: 'RunInstances',
    EbsOptimized: false,
    EnaSupport: true,
    RootDeviceName: rootDeviceName,
    RootDeviceType: 'ebs',
    ProductCodes: [],
    Tags: [...instance.tags],
    BlockDeviceMappings: volumes.map(({ id, createdAt, attachment }) => ({
      DeviceName: attachment?.device,
      Ebs: {
        VolumeId: id,
        AttachTime: new Date(createdAt),
        DeleteOnTermination: attachment?.deleteOnTermination,
        Status: instance.state === 'pending' && !instance.hasRun ? 'attaching' : 'attached',
      },
    })),
    PublicDnsName: '',
    PrivateDnsName: '',
    SecurityGroups: [],
    NetworkInterfaces: [],
    ...(card && network(instance, card, call)),
  };
}

function network(instance: Instance, card: NetworkInterface, call: Call): Partial<DescribedInstance> {
  const { publicIpAddress, privateIpAddress, attachment } = card;
  const publicName = publicDnsName(card, call);
  const privateName = privateDnsName(privateIpAddress, call);
  const groups = groupIdentifiers(card, call.resources);
  const association =
    publicIpAddress === undefined ? undefined : { PublicIp: publicIpAddress, PublicDnsName: publicName, IpOwnerId: 'amazon' };
  return {
    SubnetId: card.subnetId,
    VpcId: card.vpcId,
    PrivateIpAddress: privateIpAddress,
    PrivateDnsName: privateName,
    PublicIpAddress: publicIpAddress,
    PublicDnsName: publicName,
    SourceDestCheck: true,
    SecurityGroups: groups,
    NetworkInterfaces: [
      {
        NetworkInterfaceId: card.id,
        SubnetId: card.subnetId,
        VpcId: card.vpcId,
        Description: card.description,
        OwnerId: call.accountId,
        MacAddress: card.macAddress,
        InterfaceType: 'interface',
        SourceDestCheck: true,
        Status: 'in-use',
        PrivateIpAddress: privateIpAddress,
        PrivateDnsName: privateName,
        PrivateIpAddresses: [{ Primary: true, PrivateIpAddress: privateIpAddress, PrivateDnsName: privateName, Association: association }],
        Ipv6Addresses: [],
        Association: association,
        Groups: groups,
        Attachment: attachment && {
          AttachmentId: attachment.id,
          AttachTime: new Date(attachment.attachedAt),
          DeleteOnTermination: attachment.deleteOnTermination,
          DeviceIndex: 0,
          NetworkCardIndex: 0,
          Status: instance.state === 'pending' && !instance.hasRun ? 'attaching' : 'attached',
        },
      },
    ],
  };
}
