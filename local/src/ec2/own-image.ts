import * as v from 'valibot';
import { AwsFailure } from '../service.ts';
import { rootDeviceName } from './image.ts';
import type { Call, Operations } from './operation.ts';
import { type Kind, resource, type Stored } from './resource.ts';
import { beginSnapshot } from './snapshot.ts';
import { honorsTagSpecifications, tagsOf } from './tags.ts';

/** An image that the account has created of an instance. */
export const OwnImage = v.strictObject({
  ...resource,
  name: v.string(),
  description: v.string(),
  architecture: v.picklist(['i386', 'x86_64', 'arm64', 'x86_64_mac', 'arm64_mac']),
  /** Milliseconds since the epoch. */
  createdAt: v.number(),
  sourceInstanceId: v.string(),
  snapshotId: v.string(),
  volumeType: v.picklist(['gp2', 'gp3', 'standard']),
  deleteOnTermination: v.boolean(),
});
export type OwnImage = Stored<v.InferOutput<typeof OwnImage>>;

export const imageKind: Kind<OwnImage> = {
  type: 'image',
  prefix: 'ami',
  noun: 'image id',
  notFound: 'InvalidAMIID.NotFound',
  malformed: 'InvalidAMIID.Malformed',
  schema: OwnImage,
  uses: () => [],
  belongsTo: ({ snapshotId }) => [snapshotId],
};

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImage.html: "3-128 alphanumeric characters, …" */
const validName = /^[A-Za-z0-9()[\] ./'@_-]{3,128}$/;

export const ownImageOperations = {
  CreateImage: {
    honors: {
      InstanceId: true,
      Name: true,
      Description: true,
      NoReboot: true,
      'BlockDeviceMappings.DeviceName': true,
      'BlockDeviceMappings.NoDevice': [''],
      ...honorsTagSpecifications,
    },
    mutates: true,
    run({ InstanceId, Name, Description = '', BlockDeviceMappings = [], TagSpecifications }, call) {
      const tags = tagsOf(TagSpecifications, 'image', 'snapshot');
      const instance = call.resources.instances.find(InstanceId);
      if (!validName.test(Name))
        throw new AwsFailure(
          'InvalidAMIName.Malformed',
          "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, and only the following characters: ( ) . - / ' @ _ [ ] and space.",
        );
      const other = call.resources.images.all().find(({ name }) => name === Name);
      if (other) throw new AwsFailure('InvalidAMIName.Duplicate', `AMI name ${Name} is already in use by AMI ${other.id}`);
      if (instance.state === 'shutting-down' || instance.state === 'terminated')
        throw new AwsFailure('IncorrectInstanceState', `The instance '${InstanceId}' is not in a valid state.`);
      if (instance.state !== 'stopped')
        throw new AwsFailure('UnsupportedOperation', 'The embedded AWS creates images of stopped instances only.');
      const volume = rootVolumeOf(
        InstanceId,
        BlockDeviceMappings.map(({ DeviceName }) => DeviceName),
        call,
      );
      const snapshot = beginSnapshot(
        volume,
        { description: `Created by CreateImage(${InstanceId})`, instanceId: InstanceId, tags: tags.snapshot },
        call,
      );
      const { id } = call.resources.images.add({
        tags: tags.image,
        name: Name,
        description: Description,
        architecture: instance.architecture,
        createdAt: call.clock.now(),
        sourceInstanceId: InstanceId,
        snapshotId: snapshot.id,
        volumeType: volume.volumeType,
        deleteOnTermination: volume.attachment?.deleteOnTermination ?? true,
      });
      call.resources.snapshots.change(snapshot, { description: `${snapshot.description} for ${id}` });
      return { ImageId: id };
    },
  },

  DeregisterImage: {
    honors: { ImageId: true, DeleteAssociatedSnapshots: [false] },
    mutates: true,
    run({ ImageId }, { resources }) {
      const { id } = resources.images.find(ImageId);
      resources.images.delete(id);
      return { Return: true };
    },
  },
} satisfies Operations;

/** The root volume of an instance, whose other volumes the mappings must leave out. */
function rootVolumeOf(instanceId: string, leftOut: readonly (string | undefined)[], { resources }: Call) {
  const volumes = resources.volumes.of(instanceId);
  const root = volumes.find(({ attachment }) => attachment?.device === rootDeviceName);
  if (!root || leftOut.includes(rootDeviceName))
    throw new AwsFailure('InvalidBlockDeviceMapping', `The instance ${instanceId} has no root volume ${rootDeviceName}.`);
  if (volumes.some((volume) => volume !== root && !leftOut.includes(volume.attachment?.device)))
    throw new AwsFailure('UnsupportedOperation', 'The embedded AWS does not support images of more than the root volume.');
  return root;
}
