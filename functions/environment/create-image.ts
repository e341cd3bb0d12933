import { CreateImageCommand, type EC2Client, type Image, type Instance } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { deleteImage, describeImages } from '../../aws/ec2/kept.ts';
import { describeInstances } from '../../aws/ec2/resources.ts';
import { tagged } from '../../aws/ec2/tags.ts';
import { unless } from '../../aws/errors.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { settings } from '../../aws/step/settings.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { HeldEnvironment, KeepUntil, KeptImage, StoppingInstances } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import { imageName, moveImageName } from '../../core/names.ts';
import { Operation } from '../../core/operation.ts';
import type { Settings } from '../../core/settings.ts';
import { belongingTags, environmentTags, hasTags, type Tag, tagKey } from '../../core/tags.ts';

/**
 * Begins to keep the disk of a stopped instance: an image with a snapshot of its root volume. Their tags say until when, and what a restore
 * starts with. The image an earlier attempt created is used, with its time.
 */
export const createImage = step({
  input: v.object({ environment: HeldEnvironment, operation: Operation, keep: KeepUntil, instances: StoppingInstances }),
  output: KeptImage,
  uses: { ec2, settings },
  async run({ environment, operation, keep, instances: { instanceIds } }, { ec2, settings }) {
    const instances = await describeInstances(ec2, [{ Name: 'instance-id', Values: instanceIds }]);
    const stopped = instances.find(({ State }) => State?.Name === 'stopped');
    if (!stopped) throw new RecodeError('InstanceGone', `The instance ${instanceIds.join(', ')} is no longer stopped.`);
    // CreateImage takes no ClientToken, but accepts a name once. An environment may move again after that.
    const moves = operation.kind === 'move';
    const name = moves ? moveImageName(environment.uid, operation.executionArn) : imageName(environment.uid);
    const created = await unless('duplicate-name', newImage(ec2, stopped, { environment, name, keep, moves }, settings));
    if (created) return { imageId: created.ImageId, until: keep.until };
    const existing = await existingImage(ec2, environment, name);
    return { imageId: existing.ImageId, until: existing.Tags?.find(({ Key }) => Key === tagKey.keptUntil)?.Value };
  },
});

export const handler = lambdaHandler(createImage);

interface NewImage {
  readonly environment: HeldEnvironment;
  readonly name: string;
  readonly keep: KeepUntil;
  /** Whether it is for a move, which deletes it at its end. */
  readonly moves: boolean;
}

function newImage(ec2: EC2Client, instance: Instance, { environment, name, keep: { until }, moves }: NewImage, { costTags }: Settings) {
  const tags: Tag[] = [
    { Key: tagKey.keptUntil, Value: until },
    { Key: tagKey.instanceType, Value: instance.InstanceType ?? environment.request.instanceType },
    { Key: tagKey.volumeType, Value: environment.request.volumeType },
    ...(moves ? [{ Key: tagKey.moved, Value: environment.uid }] : []),
  ];
  const others = instance.BlockDeviceMappings?.filter(({ DeviceName }) => DeviceName !== instance.RootDeviceName) ?? [];
  return ec2.send(
    new CreateImageCommand({
      InstanceId: instance.InstanceId,
      Name: name,
      Description: `The disk of ${environment.repository}, kept by Recode`,
      // Volumes that somebody attached are not Recode's.
      ...(others.length > 0 && { BlockDeviceMappings: others.map(({ DeviceName }) => ({ DeviceName, NoDevice: '' })) }),
      TagSpecifications: [
        ...tagged('image', [...environmentTags(environment, 'image'), ...tags], costTags),
        ...tagged('snapshot', [...environmentTags(environment, 'snapshot'), ...tags], costTags),
      ],
    }),
  );
}

/** The image of the name that is taken. Throws RecodeError NotVisibleYet, also after it deleted one that has failed. */
async function existingImage(ec2: EC2Client, environment: HeldEnvironment, name: string): Promise<Image> {
  const [image] = await describeImages(ec2, [{ Name: 'name', Values: [name] }]);
  if (!image) throw new RecodeError('NotVisibleYet', `The image ${name} exists, but is not visible yet.`);
  if (!hasTags(image.Tags, belongingTags(environment)))
    throw new RecodeError('NameOwnedElsewhere', `The image ${name} (${image.ImageId}) does not have the tags of this environment.`);
  if (image.State !== 'failed') return image;
  await deleteImage(ec2, image);
  throw new RecodeError('NotVisibleYet', `The image ${image.ImageId} has failed, and is created again.`);
}
