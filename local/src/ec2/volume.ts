import type { Volume as DescribedVolume } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { AwsFailure } from '../service.ts';
import { type FilterTable, filtered, resourceFilters } from './filters.ts';
import type { Call, Operations } from './operation.ts';
import { paginated } from './pagination.ts';
import { type Kind, resource, type Stored } from './resource.ts';
import {
  describedModification,
  iopsOf,
  Modification,
  modificationOf,
  stateOf as modificationStateOf,
  shapeOf,
  throughputOf,
  VolumeShape,
} from './volume-modification.ts';

/** A volume. Launches create volumes. */
export const Volume = v.strictObject({
  ...resource,
  ...VolumeShape.entries,
  encrypted: v.boolean(),
  /** The snapshot from which it was created. A blank volume has none. */
  snapshotId: v.optional(v.string()),
  availabilityZone: v.string(),
  createdAt: v.number(),
  /** Absent if it was never modified. */
  modification: v.optional(Modification),
  attachment: v.optional(v.strictObject({ instanceId: v.string(), device: v.string(), deleteOnTermination: v.boolean() })),
});
export type Volume = Stored<v.InferOutput<typeof Volume>>;

export const volumeKind: Kind<Volume> = {
  type: 'volume',
  prefix: 'vol',
  noun: 'volume',
  notFound: 'InvalidVolume.NotFound',
  malformed: 'InvalidVolumeID.Malformed',
  schema: Volume,
  uses: () => [],
  belongsTo: ({ attachment }) => (attachment ? [attachment.instanceId] : []),
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

/** A modification of a volume at a time. */
interface ModificationView {
  readonly id: string;
  readonly modification: Modification;
  readonly now: number;
}

const modificationFilters: FilterTable<ModificationView> = {
  honored: {
    'modification-state': ({ modification, now }) => modificationStateOf(modification, now),
    'original-iops': ({ modification }) => iopsOf(modification.original),
    'original-size': ({ modification }) => modification.original.sizeGiB,
    'original-volume-type': ({ modification }) => modification.original.volumeType,
    'target-iops': ({ modification }) => iopsOf(modification.target),
    'target-size': ({ modification }) => modification.target.sizeGiB,
    'target-volume-type': ({ modification }) => modification.target.volumeType,
    'volume-id': ({ id }) => id,
  },
  unsupported: ['originalMultiAttachEnabled', 'start-time', 'targetMultiAttachEnabled'],
};

export const volumeOperations = {
  DescribeVolumes: {
    honors: { VolumeIds: true, 'Filters.Name': true, 'Filters.Values': true, MaxResults: true, NextToken: true },
    filters: volumeFilters,
    run(input, call) {
      const now = call.clock.now();
      const shown = call.resources.volumes.select(input.VolumeIds).map((volume) => ({ ...volume, ...shapeOf(volume, now) }));
      const chosen = filtered(volumeFilters, shown, input.Filters);
      const { page, NextToken } = paginated(call, input, chosen, ({ id }) => id);
      return { Volumes: page.map((volume) => described(volume, call)), NextToken };
    },
  },

  ModifyVolume: {
    honors: { VolumeId: true, Size: true, VolumeType: ['gp2', 'gp3'] },
    mutates: true,
    run({ VolumeId, Size, VolumeType }, call) {
      const { volumes } = call.resources;
      const volume = volumes.find(VolumeId);
      if (Size === undefined && VolumeType === undefined)
        throw new AwsFailure('UnsupportedOperation', 'The embedded AWS does not support ModifyVolume without Size and VolumeType.');
      // https://docs.aws.amazon.com/ebs/latest/userguide/modify-volume-requirements.html
      if (volume.volumeType === 'standard')
        throw new AwsFailure('UnsupportedOperation', 'The embedded AWS does not support ModifyVolume of a standard volume.');
      const volumeType = VolumeType === 'gp2' || VolumeType === 'gp3' ? VolumeType : volume.volumeType;
      const target = { sizeGiB: Size ?? volume.sizeGiB, volumeType };
      const modification = modificationOf(volume, target, call);
      volumes.change(volume, { ...target, modification });
      return { VolumeModification: describedModification(VolumeId, modification, call.clock.now()) };
    },
  },

  DescribeVolumesModifications: {
    honors: { VolumeIds: true, 'Filters.Name': true, 'Filters.Values': true, MaxResults: true, NextToken: true },
    filters: modificationFilters,
    run(input, call) {
      const now = call.clock.now();
      const views = call.resources.volumes.select(input.VolumeIds).flatMap(({ id, modification }): ModificationView[] => {
        if (modification) return [{ id, modification, now }];
        if (!input.VolumeIds) return [];
        throw new AwsFailure('InvalidVolumeModification.NotFound', `Modification for volume '${id}' does not exist.`);
      });
      const chosen = filtered(modificationFilters, views, input.Filters);
      const { page, NextToken } = paginated(call, input, chosen, ({ id }) => id);
      return { VolumesModifications: page.map(({ id, modification }) => describedModification(id, modification, now)), NextToken };
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
    Throughput: throughputOf(volume),
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
    Tags: [...volume.tags],
  };
}
