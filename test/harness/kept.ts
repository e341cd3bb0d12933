import { DeleteSnapshotCommand, DeregisterImageCommand, DescribeImagesCommand, DescribeSnapshotsCommand } from '@aws-sdk/client-ec2';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { expect } from 'vitest';

type Account = Pick<TestAws, 'clients'>;

/** The images and snapshots of the account. */
export async function keptIn({ clients: { ec2 } }: Account) {
  const { Images: images = [] } = await ec2.send(new DescribeImagesCommand({ Owners: ['self'] }));
  const { Snapshots: snapshots = [] } = await ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }));
  return { images, snapshots };
}

/** Expects so many kept disks, each with one image and its completed snapshot, with the same tags. */
export async function expectKept(aws: Account, count: number): Promise<void> {
  const { images, snapshots } = await keptIn(aws);
  expect(images).toHaveLength(count);
  expect(snapshots).toHaveLength(count);
  for (const { State, Tags = [], BlockDeviceMappings = [] } of images) {
    expect(State).toBe('available');
    expect(BlockDeviceMappings).toHaveLength(1);
    const snapshot = snapshots.find(({ SnapshotId }) => SnapshotId === BlockDeviceMappings[0]?.Ebs?.SnapshotId);
    expect(snapshot?.State).toBe('completed');
    const others = (tags: typeof Tags = []) => tags.filter(({ Key }) => Key !== 'Name');
    expect(others(snapshot?.Tags)).toEqual(others(Tags));
    expect(Tags.map(({ Key }) => Key)).toEqual(
      expect.arrayContaining(['recode:managed-by', 'recode:kept-until', 'recode:instance-type', 'recode:volume-type']),
    );
  }
}

/** Deletes all of them with AWS's own calls. */
export async function wipeKept(aws: Account): Promise<void> {
  const { images, snapshots } = await keptIn(aws);
  for (const { ImageId } of images) await aws.clients.ec2.send(new DeregisterImageCommand({ ImageId }));
  for (const { SnapshotId } of snapshots) await aws.clients.ec2.send(new DeleteSnapshotCommand({ SnapshotId }));
}
