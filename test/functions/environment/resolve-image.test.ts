import { DescribeImagesCommand, type DescribeImagesCommandInput } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { resolveImage } from '../../../functions/environment/resolve-image.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { environment, instanceType, operation, request } from '../documents.ts';

const document = { environment, operation, instanceType };
const sized = (volumeSize: number) => ({ ...document, environment: { ...environment, request: { ...request, volumeSize } } });

describe('resolveImage', () => {
  // The owner that the request names is what EC2 takes; the account is from Ubuntu's documentation.
  it.each([
    ['aws-us-gov', '513442679011'],
    ['aws-cn', '837727238323'],
  ])('asks for the images of Canonical’s account in %s', async (partition, owner) => {
    await using account = await testAccount();
    const asked: unknown[] = [];
    account.ec2.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName === 'DescribeImagesCommand') asked.push((args.input as DescribeImagesCommandInput).Owners);
          return next(args);
        },
      { step: 'initialize' },
    );
    const executionArn = operation.executionArn.replace('arn:aws:', `arn:${partition}:`);
    await account.refusal(resolveImage, { ...document, operation: { ...operation, executionArn } });
    expect(asked).toEqual([[owner]]);
  });

  it.each([
    ['x86_64', 'amd64'],
    ['arm64', 'arm64'],
  ])('finds Canonical’s newest available Ubuntu 24.04 for %s', async (architecture, inName) => {
    await using account = await testAccount();
    const { imageId, rootDeviceName } = await account.run(resolveImage, { ...document, instanceType: { ...instanceType, architecture } });
    const all = await images(account);
    const ours = all.filter(
      ({ Name = '', State }) => Name.includes(`/hvm-ssd-gp3/ubuntu-noble-24.04-${inName}-server-`) && State === 'available',
    );
    const newest = ours
      .map(({ CreationDate = '' }) => CreationDate)
      .toSorted()
      .at(-1);
    expect(ours.length).toBeGreaterThan(1);
    const chosen = all.find(({ ImageId }) => ImageId === imageId);
    expect(chosen).toMatchObject({ OwnerId: '099720109477', Architecture: architecture, State: 'available', CreationDate: newest });
    expect(rootDeviceName).toBe(chosen?.RootDeviceName);
  });

  it('takes the newest in whatever order EC2 lists them', async () => {
    await using account = await testAccount();
    const image = (ImageId: string, CreationDate: string) => ({ ImageId, CreationDate, RootDeviceName: '/dev/sda1' });
    account.amendAnswers('DescribeImagesCommand', () => ({
      Images: [
        image('ami-1', '2026-01-15T00:00:00.000Z'),
        image('ami-2', '2026-10-21T00:00:00.000Z'),
        image('ami-3', '2025-08-21T00:00:00.000Z'),
      ],
    }));
    expect(await account.run(resolveImage, document)).toEqual({ imageId: 'ami-2', rootDeviceName: '/dev/sda1' });
  });

  it('refuses a volume that cannot hold the image, and takes one that just can', async () => {
    await using account = await testAccount();
    const blocks = [{ DeviceName: '/dev/sda1', Ebs: { VolumeSize: 30 } }];
    account.amendAnswers('DescribeImagesCommand', () => ({
      Images: [{ ImageId: 'ami-1', CreationDate: '2026', RootDeviceName: '/dev/sda1', BlockDeviceMappings: blocks }],
    }));
    expect(await account.refusal(resolveImage, sized(29))).toMatchObject({
      name: 'VolumeSizeNotValid',
      message: 'The image ami-1 needs a volume of 30 GiB; 29 GiB is too small.',
    });
    expect(await account.run(resolveImage, sized(30))).toMatchObject({ imageId: 'ami-1' });
  });

  it('says that Canonical offers no image', async () => {
    await using account = await testAccount();
    account.amendAnswers('DescribeImagesCommand', () => ({ Images: [] }));
    expect(await account.refusal(resolveImage, document)).toMatchObject({
      name: 'ImageNotFound',
      message: expect.stringContaining('ubuntu-noble-24.04-amd64-server-*'),
    });
  });

  it('ends with what UnauthorizedOperation means', async () => {
    await using account = await testAccount();
    await account.refuse('DescribeImages', 'UnauthorizedOperation');
    expect((await account.refusal(resolveImage, document)).name).toBe('PermissionMissing');
  });

  it('refuses a document without an architecture', async () => {
    await using account = await testAccount();
    expect(await account.refusal(resolveImage, { ...document, instanceType: { name: 't2.medium', zones: [] } })).toMatchObject({
      name: 'InputNotValid',
      message: expect.stringContaining('instanceType.architecture'),
    });
  });
});

async function images({ aws }: TestAccount) {
  const { Images = [] } = await aws.clients.ec2.send(new DescribeImagesCommand({}));
  return Images;
}
