import {
  DeleteSnapshotCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  DescribeSnapshotsCommand,
  type EC2Client,
  type Filter,
  type Image,
  type Snapshot,
} from '@aws-sdk/client-ec2';
import { managedBy, type Owned, ownerTags, tagKey } from '../../core/tags.ts';
import { unless } from '../errors.ts';
import { deleteAll } from './deletion.ts';
import { tagFilters } from './resources.ts';

/** The disks of removed environments: each is an image of the account with one snapshot, which costs. Both have the tags of the environment. */

/** The filters of kept disks: those of all in the region, or of one environment that was removed, whatever name it had. */
export function keptFilters(environment?: Owned): Filter[] {
  const tags = environment ? ownerTags({ owner: environment.owner, repository: environment.repository }) : [managedBy];
  return [...tagFilters(tags), { Name: 'tag-key', Values: [tagKey.keptUntil] }];
}

export async function describeImages(ec2: EC2Client, Filters: Filter[]): Promise<Image[]> {
  const { Images = [] } = await ec2.send(new DescribeImagesCommand({ Owners: ['self'], Filters }));
  return Images;
}

export async function describeSnapshots(ec2: EC2Client, Filters: Filter[]): Promise<Snapshot[]> {
  const found: Snapshot[] = [];
  let NextToken: string | undefined;
  do {
    const page = await ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'], Filters, MaxResults: 1000, NextToken }));
    found.push(...(page.Snapshots ?? []));
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return found;
}

/** Deletes an image and its snapshots, if they are still there. */
export async function deleteImage(ec2: EC2Client, { ImageId, BlockDeviceMappings = [] }: Image): Promise<void> {
  await unless('no-image', ec2.send(new DeregisterImageCommand({ ImageId })));
  for (const { Ebs } of BlockDeviceMappings)
    if (Ebs?.SnapshotId !== undefined) await unless('not-found', ec2.send(new DeleteSnapshotCommand({ SnapshotId: Ebs.SnapshotId })));
}

/**
 * Deletes the images and snapshots that match the filters, those of a snapshot's image first: EC2 refuses to delete a snapshot that an image uses.
 * Resolves to the snapshots.
 *
 * @param matches which of them, by their tags
 */
export async function deleteKept(
  ec2: EC2Client,
  filters: Filter[],
  matches: (tags: Image['Tags']) => boolean = () => true,
): Promise<Snapshot[]> {
  const ofKept = <Resource extends Pick<Image, 'Tags'>>(found: readonly Resource[]) => found.filter(({ Tags }) => matches(Tags));
  const images = async () => ofKept(await describeImages(ec2, filters));
  const snapshots = async () => ofKept(await describeSnapshots(ec2, filters));
  const found = await snapshots();
  // It says "no image" of one that is gone.
  await deleteAll(images, ({ ImageId }) => unless('no-image', ec2.send(new DeregisterImageCommand({ ImageId }))));
  await deleteAll(snapshots, ({ SnapshotId }) => ec2.send(new DeleteSnapshotCommand({ SnapshotId })));
  return found;
}
