import * as v from 'valibot';
import { describeImages } from '../../aws/ec2/kept.ts';
import { change } from '../../aws/records/hold/environment.ts';
import { dynamodb, ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { KeptImage, KeyedEnvironment } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import { Operation } from '../../core/operation.ts';

/**
 * Records that the next instance is launched from the disk that was kept, with the type and the size that this one has. From then on, the
 * instance may go: whatever ends the move, the next start goes on with the disk.
 */
export const recordKept = step({
  input: v.object({ environment: KeyedEnvironment, operation: Operation, kept: KeptImage }),
  output: KeyedEnvironment,
  uses: { dynamodb, ec2 },
  async run({ environment, operation, kept: { imageId } }, { dynamodb, ec2 }) {
    const [image] = await describeImages(ec2, [{ Name: 'image-id', Values: [imageId] }]);
    if (!image) throw new RecodeError('NotVisibleYet', `EC2 does not show the image ${imageId}.`);
    const root = image.BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === image.RootDeviceName);
    // Somebody may have grown the volume outside Recode.
    const volumeSize = Math.max(root?.Ebs?.VolumeSize ?? 0, environment.request.volumeSize);
    const request = { ...environment.request, volumeSize, restore: true } as const;
    await change(dynamodb, environment, operation, {
      set: { 'wanted.restore': true, 'wanted.volumeSize': volumeSize, 'wanted.instanceType': request.instanceType },
    });
    return { ...environment, request };
  },
});

export const handler = lambdaHandler(recordKept);
