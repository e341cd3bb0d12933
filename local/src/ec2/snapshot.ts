import type { Snapshot as DescribedSnapshot } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { AwsFailure } from '../service.ts';
import { filtered, resourceFilters } from './filters.ts';
import type { Call, Operations, Region } from './operation.ts';
import { paginated } from './pagination.ts';
import { type Kind, resource, type Stored } from './resource.ts';
import { profileOf } from './settings.ts';
import type { Volume } from './volume.ts';

/** A snapshot of a root volume. CreateImage creates snapshots. */
export const Snapshot = v.strictObject({
  ...resource,
  description: v.string(),
  volumeId: v.string(),
  /** The instance whose files it has. */
  instanceId: v.string(),
  sizeGiB: v.number(),
  encrypted: v.boolean(),
  /** Both are milliseconds since the epoch. */
  startedAt: v.number(),
  completesAt: v.number(),
  /** The bytes of all blocks in it, once the host has copied the files. Until then it is pending. */
  bytes: v.optional(v.number()),
});
export type Snapshot = Stored<v.InferOutput<typeof Snapshot>>;

export const snapshotKind: Kind<Snapshot> = {
  type: 'snapshot',
  prefix: 'snap',
  noun: 'snapshot',
  notFound: 'InvalidSnapshot.NotFound',
  malformed: 'InvalidSnapshotID.Malformed',
  schema: Snapshot,
  uses: () => [],
  belongsTo: ({ volumeId }) => [volumeId],
};

/** "Wait at least 15 seconds between concurrent volume snapshots": https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html */
const milliseconds = 15_000;

/** Begins a snapshot of a volume, which has the files of its instance as they are now. Throws `SnapshotCreationPerVolumeRateExceeded`. */
export function beginSnapshot(
  { id, sizeGiB, encrypted }: Volume,
  { description, instanceId, tags }: Pick<Snapshot, 'description' | 'instanceId' | 'tags'>,
  { resources, clock, settings }: Region,
): Snapshot {
  const startedAt = clock.now();
  const others = resources.snapshots.of(id);
  if (others.some((other) => isPending(other, startedAt) && startedAt - other.startedAt < milliseconds))
    throw new AwsFailure(
      'SnapshotCreationPerVolumeRateExceeded',
      'The maximum per volume CreateSnapshot request rate has been exceeded. Use an increasing or variable sleep interval between requests.',
    );
  const completesAt = startedAt + profileOf(settings).snapshot;
  return resources.snapshots.add({ tags, description, volumeId: id, instanceId, sizeGiB, encrypted, startedAt, completesAt });
}

/** Whether a snapshot is not completed at this time, in milliseconds since the epoch. */
export const isPending = ({ bytes, completesAt }: Snapshot, now: number): boolean => bytes === undefined || now < completesAt;

/** A snapshot, as a Describe shows it now. */
type View = Snapshot & Pick<DescribedSnapshot, 'State' | 'Progress' | 'OwnerId'>;

const snapshotFilters = resourceFilters<View>(
  {
    description: ({ description }) => description,
    encrypted: ({ encrypted }) => encrypted,
    'owner-id': ({ OwnerId }) => OwnerId,
    progress: ({ Progress }) => Progress,
    'snapshot-id': ({ id }) => id,
    'start-time': ({ startedAt }) => new Date(startedAt).toISOString(),
    status: ({ State }) => State,
    'storage-tier': () => 'standard',
    'volume-id': ({ volumeId }) => volumeId,
    'volume-size': ({ sizeGiB }) => sizeGiB,
  },
  ['owner-alias', 'transfer-type'],
);

export const snapshotOperations = {
  DescribeSnapshots: {
    // Without owners, AWS shows the public snapshots of everybody, too. The embedded AWS has none.
    honors: {
      SnapshotIds: true,
      OwnerIds: ['self'],
      'Filters.Name': true,
      'Filters.Values': true,
      MaxResults: true,
      NextToken: true,
    },
    filters: snapshotFilters,
    run(input, call) {
      const views = call.resources.snapshots.select(input.SnapshotIds).map((snapshot) => viewOf(snapshot, call));
      const { page, NextToken } = paginated(call, input, filtered(snapshotFilters, views, input.Filters), ({ id }) => id);
      return { Snapshots: page.map((view) => described(view, call)), NextToken };
    },
  },

  DeleteSnapshot: {
    honors: { SnapshotId: true },
    mutates: true,
    run({ SnapshotId }, { resources }) {
      const { id } = resources.snapshots.find(SnapshotId);
      const [image] = resources.images.of(id);
      if (image) throw new AwsFailure('InvalidSnapshot.InUse', `The snapshot ${id} is currently in use by ${image.id}`);
      resources.snapshots.delete(id);
      return {};
    },
  },
} satisfies Operations;

function viewOf(snapshot: Snapshot, { clock, accountId }: Call): View {
  const now = clock.now();
  const { startedAt, completesAt } = snapshot;
  if (!isPending(snapshot, now)) return { ...snapshot, OwnerId: accountId, State: 'completed', Progress: '100%' };
  const done = completesAt <= startedAt ? 0 : Math.floor((100 * (now - startedAt)) / (completesAt - startedAt));
  return { ...snapshot, OwnerId: accountId, State: 'pending', Progress: `${Math.min(99, done)}%` };
}

function described(view: View, { region, accountId }: Call): DescribedSnapshot {
  const { id, description, volumeId, sizeGiB, encrypted, startedAt, completesAt, bytes, tags, State, Progress, OwnerId } = view;
  return {
    SnapshotId: id,
    Description: description,
    VolumeId: volumeId,
    VolumeSize: sizeGiB,
    Encrypted: encrypted,
    KmsKeyId: encrypted ? `arn:aws:kms:${region}:${accountId}:key/00000000-0000-0000-0000-000000000000` : undefined,
    OwnerId,
    State,
    Progress,
    StartTime: new Date(startedAt),
    StorageTier: 'standard',
    ...(State === 'completed' && { CompletionTime: new Date(completesAt), FullSnapshotSizeInBytes: bytes }),
    Tags: [...tags],
  };
}
