import { DescribeImagesCommand, type EC2Client, type Image as Ec2Image } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { describeImages, keptFilters } from '../../aws/ec2/kept.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { HeldEnvironment, Image, KeptImage } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import { imagePublisher } from '../../core/image-publisher.ts';
import { InstanceType } from '../../core/instance-type.ts';
import { Operation } from '../../core/operation.ts';

const ubuntuNames = {
  x86_64: 'ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*',
  arm64: 'ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-arm64-server-*',
};

/**
 * Finds Canonical's newest Ubuntu 24.04 LTS image for the instance's architecture, or the image of the disk to restore. Refuses a volume that is too
 * small for it.
 */
export const resolveImage = step({
  input: v.object({
    environment: HeldEnvironment,
    operation: Operation,
    instanceType: InstanceType,
    /** The image that a move has made. */
    kept: v.optional(KeptImage),
  }),
  output: Image,
  uses: { ec2 },
  async run({ environment, operation, instanceType: { name, architecture }, kept }, { ec2 }) {
    const { request, repository } = environment;
    const image = request.restore ? await keptImage(ec2, environment, kept) : await newestUbuntu(ec2, operation, architecture);
    if (request.restore && image.Architecture !== architecture) {
      const message = `The kept disk of ${repository} is of the architecture ${image.Architecture}, and ${name} is ${architecture}.`;
      throw new RecodeError('InstanceTypeNotSupported', message);
    }
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

async function newestUbuntu(ec2: EC2Client, { executionArn }: Operation, architecture: keyof typeof ubuntuNames): Promise<Ec2Image> {
  const { Images = [] } = await ec2.send(
    new DescribeImagesCommand({
      Owners: [imagePublisher(executionArn)],
      Filters: [
        { Name: 'name', Values: [ubuntuNames[architecture]] },
        { Name: 'architecture', Values: [architecture] },
        { Name: 'state', Values: ['available'] },
        { Name: 'root-device-type', Values: ['ebs'] },
      ],
    }),
  );
  const [image] = newestFirst(Images);
  if (!image) throw new RecodeError('ImageNotFound', `Canonical offers no available image ${ubuntuNames[architecture]} in this region.`);
  return image;
}

/** The disk that this move has kept, or else the newest one that is kept of the environment. Throws RecodeError KeptDiskNotFound, NotVisibleYet. */
async function keptImage(ec2: EC2Client, { owner, repository }: HeldEnvironment, kept: KeptImage | undefined): Promise<Ec2Image> {
  if (kept) {
    const [made] = await describeImages(ec2, [{ Name: 'image-id', Values: [kept.imageId] }]);
    if (made) return made;
    throw new RecodeError('NotVisibleYet', `EC2 does not show the image ${kept.imageId}.`);
  }
  const [image] = newestFirst(await describeImages(ec2, [...keptFilters({ owner, repository }), { Name: 'state', Values: ['available'] }]));
  if (!image) throw new RecodeError('KeptDiskNotFound', `No disk of ${repository} of ${owner} is kept and can be restored.`);
  return image;
}

const newestFirst = (images: readonly Ec2Image[]) =>
  [...images].sort((one, other) => (other.CreationDate ?? '').localeCompare(one.CreationDate ?? ''));
