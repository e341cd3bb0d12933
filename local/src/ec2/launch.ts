import type { BlockDeviceMapping } from '@aws-sdk/client-ec2';
import { AwsFailure } from '../service.ts';
import { type InstanceType, instanceTypeOf, isInstanceType, unknownHere } from './catalog.ts';
import { type Image, launchableImage, rootDeviceName } from './image.ts';
import { describedReservation } from './instance-description.ts';
import { begin, type Instance } from './instance-state.ts';
import { type NetworkInterface, planInterface } from './interface.ts';
import { keyPairKind } from './key.ts';
import type { Call, InputOf, Operations } from './operation.ts';
import { newId, notFound } from './resource.ts';
import { nextOutcome, profileOf } from './settings.ts';
import { honorsTagSpecifications, tagsOf } from './tags.ts';
import { refuseOtherArchitecture } from './type.ts';
import { storedUserData } from './user-data.ts';
import type { Volume } from './volume.ts';
import { refuseSize, volumeTypes } from './volume-modification.ts';
import { endWithoutCapacity, refuseOtherZones, refuseWithoutCapacity } from './zone.ts';

type Input = InputOf<'RunInstances'>;

export const launchOperations = {
  RunInstances: {
    honors: {
      ImageId: true,
      InstanceType: true,
      MinCount: [1],
      MaxCount: [1],
      KeyName: true,
      SubnetId: true,
      SecurityGroupIds: true,
      'NetworkInterfaces.DeviceIndex': [0],
      'NetworkInterfaces.NetworkInterfaceId': true,
      'NetworkInterfaces.SubnetId': true,
      'NetworkInterfaces.Groups': true,
      'NetworkInterfaces.Description': true,
      'NetworkInterfaces.DeleteOnTermination': true,
      'NetworkInterfaces.AssociatePublicIpAddress': true,
      'BlockDeviceMappings.DeviceName': true,
      'BlockDeviceMappings.Ebs.VolumeSize': true,
      'BlockDeviceMappings.Ebs.VolumeType': volumeTypes,
      'BlockDeviceMappings.Ebs.Encrypted': true,
      'BlockDeviceMappings.Ebs.DeleteOnTermination': true,
      UserData: true,
      'MetadataOptions.HttpTokens': ['optional', 'required'],
      'MetadataOptions.HttpPutResponseHopLimit': true,
      'MetadataOptions.HttpEndpoint': ['enabled', 'disabled'],
      InstanceInitiatedShutdownBehavior: ['stop', 'terminate'],
      'Monitoring.Enabled': [false],
      'Placement.Tenancy': ['default'],
      ...honorsTagSpecifications,
    },
    mutates: true,
    idempotent: true,
    run(input, call) {
      const tags = tagsOf(input.TagSpecifications, 'instance', 'volume', 'network-interface');
      const image = launchableImage(call, input.ImageId ?? '');
      const type = typeFor(input.InstanceType ?? 'm1.small', image, call.region);
      const key = keyFor(input.KeyName, call);
      const userData = userDataOf(input.UserData);
      const volumes = volumesFor(input.BlockDeviceMappings ?? [], image);
      const network = networkFor(input, call);
      refuseOtherZones(type, network.plan.availabilityZone, call);
      refuseWithoutCapacity({ instanceType: type.name, availabilityZone: network.plan.availabilityZone }, call);

      const { networkInterfaces, instances } = call.resources;
      const { subnetId, vpcId, availabilityZone } = network.plan;
      const card = network.existing ?? networkInterfaces.add({ tags: tags['network-interface'], ...network.plan });
      const now = call.clock.now();
      const instance = instances.add({
        tags: tags.instance,
        reservationId: newId('r'),
        imageId: image.id,
        instanceType: type.name,
        architecture: image.architecture,
        keyName: key?.name,
        publicKey: key?.publicKey,
        userData,
        clientToken: input.ClientToken,
        subnetId,
        vpcId,
        availabilityZone,
        networkInterfaceId: card.id,
        public: card.associatePublicIpAddress,
        metadata: {
          tokens: input.MetadataOptions?.HttpTokens === 'required' ? 'required' : 'optional',
          hopLimit: input.MetadataOptions?.HttpPutResponseHopLimit ?? 1,
          endpoint: input.MetadataOptions?.HttpEndpoint === 'disabled' ? 'disabled' : 'enabled',
        },
        shutdownBehavior: input.InstanceInitiatedShutdownBehavior === 'terminate' ? 'terminate' : 'stop',
        launchedAt: now,
        hasRun: false,
        state: 'pending',
        since: now,
        transitionReason: '',
        ...(image.source && { filesOf: image.snapshotId }),
      });
      networkInterfaces.change(card, {
        attachment: {
          id: newId('eni-attach'),
          instanceId: instance.id,
          attachedAt: now,
          deleteOnTermination: network.deleteOnTermination,
        },
      });
      for (const { device, deleteOnTermination, ...volume } of volumes) {
        const attachment = { instanceId: instance.id, device, deleteOnTermination };
        call.resources.volumes.add({ tags: tags.volume, ...volume, availabilityZone, createdAt: now, attachment });
      }
      begin(instance, call, fateOf(instance, call), profileOf(call.settings).runInstances);
      return describedReservation(instance, call);
    },
  },
} satisfies Operations;

function fateOf(instance: Instance, call: Call): Instance['fate'] {
  const reason = endWithoutCapacity(instance, call);
  if (reason !== undefined) return { outcome: 'terminated', reason };
  const planned = nextOutcome(call.settings.launches);
  return planned && { outcome: planned.outcome, reason: planned.reason };
}

function typeFor(name: string, image: Image, region: string): InstanceType {
  const type = instanceTypeOf(region, name);
  if (!isInstanceType(name))
    throw new AwsFailure('InvalidParameterValue', `Invalid value '${name}' for InstanceType. ${unknownHere([name], region)}`);
  if (!type)
    throw new AwsFailure(
      'Unsupported',
      'The requested configuration is currently not supported. Please check the documentation for supported configurations.',
    );
  refuseOtherArchitecture(type, image.architecture);
  return type;
}

function keyFor(name: string | undefined, { resources }: Call) {
  if (name === undefined) return undefined;
  const key = resources.keyPairs.select(undefined).find((one) => one.name === name);
  if (!key) throw notFound({ ...keyPairKind, noun: 'key pair' }, [name]);
  return key;
}

/** Validates the user data of a launch, and returns it as canonical Base64. */
function userDataOf(given: string | undefined): string {
  const bytes = Buffer.from(given ?? '', 'base64');
  const text = (given ?? '').replace(/\s/g, '');
  if (bytes.toString('base64').replace(/=+$/, '') !== text.replace(/=+$/, ''))
    throw new AwsFailure('InvalidUserData.Malformed', 'Invalid BASE64 encoding of user data.');
  return storedUserData(bytes);
}

type PlannedVolume = Pick<Volume, 'sizeGiB' | 'volumeType' | 'encrypted' | 'snapshotId'> & { device: string; deleteOnTermination: boolean };

/** The root volume and the blank volumes of a launch. */
function volumesFor(mappings: readonly BlockDeviceMapping[], image: Image): PlannedVolume[] {
  const named = mappings.map(({ DeviceName }) => DeviceName ?? '');
  if (named.some((name, index) => named.indexOf(name) !== index || !/^(\/dev\/)?(sd|xvd)[a-z]\d?$/.test(name)))
    throw new AwsFailure('InvalidBlockDeviceMapping', `Invalid device name, or one that is used twice: ${named.join(', ')}`);
  const root = mappings.find(({ DeviceName }) => DeviceName === rootDeviceName);
  const others = mappings.filter((mapping) => mapping !== root);
  return [volumeFor(root ?? {}, rootDeviceName, image), ...others.map((mapping) => volumeFor(mapping, mapping.DeviceName ?? ''))];
}

function volumeFor({ Ebs }: BlockDeviceMapping, device: string, image?: Image): PlannedVolume {
  const sizeGiB = Ebs?.VolumeSize ?? image?.rootDeviceGiB;
  if (sizeGiB === undefined) throw new AwsFailure('MissingParameter', 'The request must contain the parameter size or snapshotId');
  if (image && sizeGiB < image.rootDeviceGiB)
    throw new AwsFailure(
      'InvalidBlockDeviceMapping',
      `Volume of size ${sizeGiB}GB is smaller than snapshot '${image.snapshotId}', expect size>= ${image.rootDeviceGiB}GB`,
    );
  // The image sets the type of its root volume. The API's default for a blank volume is gp2.
  const volumeType = volumeTypes.find((type) => type === Ebs?.VolumeType) ?? image?.volumeType ?? 'gp2';
  refuseSize({ sizeGiB, volumeType });
  // "In no case can you remove encryption from an encrypted volume", but how AWS answers a request for it is not documented:
  // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EbsBlockDevice.html
  if (image?.encrypted && Ebs?.Encrypted === false)
    throw new AwsFailure('UnsupportedOperation', 'The embedded AWS does not support a volume without the encryption of its snapshot.');
  const encrypted = Ebs?.Encrypted ?? image?.encrypted ?? false;
  const deleteOnTermination = Ebs?.DeleteOnTermination ?? image?.deleteOnTermination ?? true;
  return { sizeGiB, volumeType, encrypted, snapshotId: image?.snapshotId, device, deleteOnTermination };
}

interface Network {
  readonly plan: Pick<NetworkInterface, 'subnetId' | 'vpcId' | 'availabilityZone'> & Omit<NetworkInterface, 'id' | 'visibleAt' | 'tags'>;
  readonly existing?: NetworkInterface;
  readonly deleteOnTermination: boolean;
}

/** The interface of the instance: an existing one or a new one. */
function networkFor(input: Input, call: Call): Network {
  const [given, ...more] = input.NetworkInterfaces ?? [];
  const combination = (text: string) => new AwsFailure('InvalidParameterCombination', text);
  if (more.length > 0)
    throw new AwsFailure('UnsupportedOperation', 'The embedded AWS does not support more than one network interface of RunInstances.');
  if (given && input.SubnetId !== undefined)
    throw combination('Network interfaces and an instance-level subnet ID may not be specified on the same request');
  if (given && input.SecurityGroupIds)
    throw combination('Network interfaces and an instance-level security groups may not be specified on the same request');
  if (given?.NetworkInterfaceId !== undefined) {
    if (given.SubnetId !== undefined || given.Groups || given.Description !== undefined)
      throw combination('A network interface may not specify both a network interface ID and a subnet, security groups or a description');
    if (given.AssociatePublicIpAddress !== undefined)
      throw combination('A network interface may not specify both a network interface ID and associatePublicIpAddress');
    if (input.TagSpecifications?.some(({ ResourceType }) => ResourceType === 'network-interface'))
      throw new AwsFailure(
        'InvalidParameterValue',
        'You cannot specify tags for network interfaces if there are no network interfaces being created by the request.',
      );
    const existing = call.resources.networkInterfaces.find(given.NetworkInterfaceId);
    if (existing.attachment) throw new AwsFailure('InvalidNetworkInterface.InUse', `Interface: [${existing.id}] in use.`);
    return { plan: existing, existing, deleteOnTermination: given.DeleteOnTermination ?? false };
  }
  const subnetId = given?.SubnetId ?? input.SubnetId;
  if (subnetId === undefined) throw new AwsFailure('VPCIdNotSpecified', 'No default VPC for this user');
  const plan = planInterface(call, { subnetId, groupIds: given?.Groups ?? input.SecurityGroupIds, description: given?.Description });
  const associatePublicIpAddress = given?.AssociatePublicIpAddress ?? plan.associatePublicIpAddress;
  return { plan: { ...plan, associatePublicIpAddress }, deleteOnTermination: given?.DeleteOnTermination ?? true };
}
