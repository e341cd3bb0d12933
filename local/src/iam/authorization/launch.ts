import { launchableImage } from '../../ec2/image.ts';
import type { InputOf, Region } from '../../ec2/operation.ts';
import { AwsFailure } from '../../service.ts';
import type { Subject, Subjects } from './subject.ts';

type Input = InputOf<'RunInstances'>;

/**
 * What a launch is about: what it makes, and everything that it uses. Of a network interface that is there already the tags do not
 * count; its subnet and its groups are used all the same.
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
  /** An interface that is there already. */
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

/** The image and the snapshot that the root volume is made from, as far as there is such an image. */
function sources(imageId: string, { published, region }: Subjects): Subject[] {
  const image = published('image', imageId);
  try {
    return [image, published('snapshot', launchableImage(region.region, imageId).snapshotId)];
  } catch (error) {
    if (error instanceof AwsFailure) return [image];
    throw error;
  }
}
