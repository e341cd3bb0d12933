import type { Volume as DescribedVolume } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { AwsFailure } from '../service.ts';
import { filtered, resourceFilters } from './filters.ts';
import type { Call, Operations } from './operation.ts';
import { paginated } from './pagination.ts';
import { type Kind, resource } from './resource.ts';

/** A volume. Launches create volumes. */
export const Volume = v.strictObject({
  ...resource,
  sizeGiB: v.number(),
  volumeType: v.picklist(['gp2', 'gp3', 'standard']),
  encrypted: v.boolean(),
  /** The snapshot from which it was created. A blank volume has none. */
  snapshotId: v.optional(v.string()),
  availabilityZone: v.string(),
  createdAt: v.number(),
  attachment: v.optional(v.strictObject({ instanceId: v.string(), device: v.string(), deleteOnTermination: v.boolean() })),
});
export type Volume = v.InferOutput<typeof Volume>;

export const volumeKind: Kind<Volume> = {
  type: 'volume',
  prefix: 'vol',
  noun: 'volume',
  notFound: 'InvalidVolume.NotFound',
  malformed: 'InvalidVolumeID.Malformed',
  schema: Volume,
  uses: () => [],
};

const volumeFilters = resourceFilters<Volume>(
  {
    'attachment.delete-on-termination': ({ attachment }) => attachment?.deleteOnTermination,
    'attachment.device': ({ attachment }) => attachment?.device,
    'attachment.instance-id': ({ attachment }) => attachment?.instanceId,
    'attachment.status': ({ attachment }) => attachment && 'attached',
    'availability-zone': ({ availabilityZone }) => availabilityZone,
    encrypted: ({ encrypted }) => encrypted,
    size: ({ sizeGiB }) => sizeGiB,
    'snapshot-id': ({ snapshotId }) => snapshotId,
    status: stateOf,
    'volume-id': ({ id }) => id,
    'volume-type': ({ volumeType }) => volumeType,
  },
  [
    'attachment.attach-time',
    'availability-zone-id',
    'create-time',
    'fast-restored',
    'multi-attach-enabled',
    'operator.managed',
    'operator.principal',
  ],
);

export const volumeOperations = {
  DescribeVolumes: {
    honors: { VolumeIds: true, 'Filters.Name': true, 'Filters.Values': true, MaxResults: true, NextToken: true },
    filters: volumeFilters,
    run(input, call) {
      const chosen = filtered(volumeFilters, call.resources.volumes.select(input.VolumeIds), input.Filters);
      const { page, NextToken } = paginated(call, input, chosen, ({ id }) => id);
      return { Volumes: page.map((volume) => described(volume, call)), NextToken };
    },
  },

  DeleteVolume: {
    honors: { VolumeId: true },
    mutates: true,
    run({ VolumeId }, { resources }) {
      const { id, attachment } = resources.volumes.find(VolumeId);
      if (attachment) throw new AwsFailure('VolumeInUse', `Volume ${id} is currently attached to ${attachment.instanceId}`);
      resources.volumes.delete(id);
      return {};
    },
  },
} satisfies Operations;

/** gp2 has 3 operations per second and GiB, between 100 and 16,000. gp3 starts at 3,000. */
function iopsOf({ volumeType, sizeGiB }: Volume): number | undefined {
  if (volumeType === 'standard') return undefined;
  return volumeType === 'gp3' ? 3000 : Math.min(16_000, Math.max(100, 3 * sizeGiB));
}

function stateOf({ attachment }: Volume): 'in-use' | 'available' {
  return attachment ? 'in-use' : 'available';
}

function described(volume: Volume, { region, accountId }: Call): DescribedVolume {
  const { attachment } = volume;
  return {
    VolumeId: volume.id,
    Size: volume.sizeGiB,
    VolumeType: volume.volumeType,
    Iops: iopsOf(volume),
    Throughput: volume.volumeType === 'gp3' ? 125 : undefined,
    Encrypted: volume.encrypted,
    // The account's own key for EBS.
    KmsKeyId: volume.encrypted ? `arn:aws:kms:${region}:${accountId}:key/00000000-0000-0000-0000-000000000000` : undefined,
    SnapshotId: volume.snapshotId ?? '',
    AvailabilityZone: volume.availabilityZone,
    CreateTime: new Date(volume.createdAt),
    State: stateOf(volume),
    MultiAttachEnabled: false,
    Attachments: attachment
      ? [
          {
            VolumeId: volume.id,
            InstanceId: attachment.instanceId,
            Device: attachment.device,
            DeleteOnTermination: attachment.deleteOnTermination,
            AttachTime: new Date(volume.createdAt),
            State: 'attached',
          },
        ]
      : [],
    Tags: volume.tags,
  };
}
