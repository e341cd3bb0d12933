import { launchableImage } from '../../ec2/image.ts';
import type { InputOf, Region } from '../../ec2/operation.ts';
import { AwsFailure } from '../../service.ts';
import type { Subject, Subjects } from './subject.ts';

type Input = InputOf<'RunInstances'>;

/**
 * The resources of a launch: those it creates and those it uses. The tags of an existing network interface do not count, but its subnet
 * and its groups do.
 */
export function launched(input: Input, subjects: Subjects): Subject[] {
  const { made, existing, keyPair, region } = subjects;
  const { subnets, securityGroups } = region.resources;
  const network = networkOf(input, region);
  return [
    made('instance', input.TagSpecifications),
    made('volume', input.TagSpecifications),
    network.interfaceId === undefined
      ? made('network-interface', input.TagSpecifications)
      : subjects.untagged('network-interface', network.interfaceId),
    ...(network.subnetId === undefined ? [] : [existing(subnets, network.subnetId)]),
    ...network.groupIds.map((id) => existing(securityGroups, id)),
    ...(input.KeyName === undefined ? [] : [keyPair({ name: input.KeyName })]),
    ...sources(input.ImageId ?? '', subjects),
  ];
}

interface Network {
  /** The ID of an existing interface. */
  readonly interfaceId?: string;
  readonly subnetId: string | undefined;
  readonly groupIds: readonly string[];
}

function networkOf(input: Input, { resources }: Region): Network {
  const [given] = input.NetworkInterfaces ?? [];
  const { NetworkInterfaceId: interfaceId } = given ?? {};
  if (interfaceId !== undefined) {
    const found = resources.networkInterfaces.select(undefined).find(({ id }) => id === interfaceId);
    return { interfaceId, subnetId: found?.subnetId, groupIds: found?.groupIds ?? [] };
  }
  const subnetId = given?.SubnetId ?? input.SubnetId;
  const vpcId = resources.subnets.select(undefined).find(({ id }) => id === subnetId)?.vpcId;
  const usual = resources.securityGroups.select(undefined).filter((group) => group.vpcId === vpcId && group.name === 'default');
  return { subnetId, groupIds: given?.Groups ?? input.SecurityGroupIds ?? usual.map(({ id }) => id) };
}

/** The image, and the snapshot of its root volume if the image exists. */
function sources(imageId: string, { published, region }: Subjects): Subject[] {
  const image = published('image', imageId);
  try {
    return [image, published('snapshot', launchableImage(region, imageId).snapshotId)];
  } catch (error) {
    if (error instanceof AwsFailure) return [image];
    throw error;
  }
}
