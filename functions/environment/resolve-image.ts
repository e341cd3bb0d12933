import { DescribeImagesCommand } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { HeldEnvironment, Image } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import { imagePublisher } from '../../core/image-publisher.ts';
import { InstanceType } from '../../core/instance-type.ts';
import { Operation } from '../../core/operation.ts';

const ubuntuNames = {
  x86_64: 'ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*',
  arm64: 'ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-arm64-server-*',
};

/** Finds Canonical's newest Ubuntu 24.04 LTS image for the instance's architecture. Refuses a volume that is too small for it. */
export const resolveImage = step({
  input: v.object({ environment: HeldEnvironment, operation: Operation, instanceType: InstanceType }),
  output: Image,
  uses: { ec2 },
  async run({ environment: { request }, operation, instanceType: { architecture } }, { ec2 }) {
    const { Images = [] } = await ec2.send(
      new DescribeImagesCommand({
        Owners: [imagePublisher(operation.executionArn)],
        Filters: [
          { Name: 'name', Values: [ubuntuNames[architecture]] },
          { Name: 'architecture', Values: [architecture] },
          { Name: 'state', Values: ['available'] },
          { Name: 'root-device-type', Values: ['ebs'] },
        ],
      }),
    );
    const [image] = Images.sort((one, other) => (other.CreationDate ?? '').localeCompare(one.CreationDate ?? ''));
    if (!image) throw new RecodeError('ImageNotFound', `Canonical offers no available image ${ubuntuNames[architecture]} in this region.`);
    const root = image.BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === image.RootDeviceName);
    const smallest = root?.Ebs?.VolumeSize ?? 0;
    if (request.volumeSize < smallest) {
      throw new RecodeError(
        'VolumeSizeNotValid',
        `The image ${image.ImageId} needs a volume of ${smallest} GiB; ${request.volumeSize} GiB is too small.`,
      );
    }
    return { imageId: image.ImageId, rootDeviceName: image.RootDeviceName };
  },
});

export const handler = lambdaHandler(resolveImage);
