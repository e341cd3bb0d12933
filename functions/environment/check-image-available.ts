import * as v from 'valibot';
import { describeImages } from '../../aws/ec2/kept.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { KeptImage, Nothing } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';

/**
 * Checks whether the image of the disk is available. Its snapshot has captured the disk at once, but may still fail until it is completed
 * (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Snapshot.html), so the volume stays until then.
 */
export const checkImageAvailable = step({
  input: v.object({ kept: KeptImage }),
  output: Nothing,
  uses: { ec2 },
  async run({ kept: { imageId } }, { ec2 }) {
    const [image] = await describeImages(ec2, [{ Name: 'image-id', Values: [imageId] }]);
    if (!image) throw new RecodeError('NotVisibleYet', `EC2 does not show the image ${imageId} yet.`);
    const { State, StateReason } = image;
    if (State === 'available') return;
    if (State === 'pending') throw new RecodeError('ImageStillPending', `The image ${imageId} is still being created.`);
    throw new RecodeError('ImageFailed', `The image ${imageId} is ${State}: ${StateReason?.Message ?? 'AWS gives no reason'}.`);
  },
});

export const handler = lambdaHandler(checkImageAvailable);
