import { CreateTagsCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { createImage } from '../../../functions/environment/create-image.ts';
import { keptIn } from '../../harness/kept.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { environment, operationOf } from '../documents.ts';
import { bringTo, launched } from '../launched.ts';

const keep = { until: '2026-12-30T10:00:00.000Z' };

/** A stopped instance, and the document that keeps its disk. */
async function stopped(account: TestAccount) {
  const { instanceId, document } = await launched(account);
  await bringTo(account, instanceId, 'stopped');
  const operation = operationOf('one', 'remove');
  return { environment: document.environment, operation, keep, instances: { instanceIds: [instanceId] as [string], changed: true } };
}

describe('createImage', () => {
  it('creates an image and a snapshot with the tags of the environment and what a restore needs', async () => {
    await using account = await testAccount();
    account.choose({ costTags: [{ Key: 'team', Value: 'platform' }] });
    const document = await stopped(account);
    const kept = await account.run(createImage, document);
    const { images, snapshots } = await keptIn(account.aws);
    expect(kept).toEqual({ imageId: images[0]?.ImageId, until: keep.until });
    const tags = (resource: string) => [
      { Key: 'Name', Value: `recode-acme-api-${resource}` },
      { Key: 'recode:managed-by', Value: 'recode' },
      { Key: 'recode:environment', Value: 'acme-api' },
      { Key: 'recode:owner', Value: environment.owner },
      { Key: 'recode:repository', Value: environment.repository },
      { Key: 'recode:kept-until', Value: keep.until },
      { Key: 'recode:instance-type', Value: 't2.medium' },
      { Key: 'recode:volume-type', Value: environment.request.volumeType },
      { Key: 'team', Value: 'platform' },
    ];
    expect(images).toMatchObject([{ Name: `recode-${environment.uid}`, Tags: tags('image') }]);
    expect(snapshots).toMatchObject([{ Tags: tags('snapshot'), VolumeSize: environment.request.volumeSize }]);
  });

  it('creates another image for each move, and marks it as one of a move', async () => {
    await using account = await testAccount();
    const document = await stopped(account);
    const first = await account.run(createImage, { ...document, operation: operationOf('one', 'move') });
    expect(await account.run(createImage, { ...document, operation: operationOf('one', 'move') })).toEqual(first);
    // AWS takes one snapshot of a volume in 15 seconds.
    account.aws.clock.advance(60_000);
    const second = await account.run(createImage, { ...document, operation: operationOf('two', 'move') });
    expect(second.imageId).not.toBe(first.imageId);
    const { images, snapshots } = await keptIn(account.aws);
    const moved = { Key: 'recode:moved', Value: environment.uid };
    for (const { Tags } of [...images, ...snapshots]) expect(Tags).toContainEqual(moved);
    account.aws.clock.advance(60_000);
    await account.run(createImage, document);
    expect((await keptIn(account.aws)).images.filter(({ Tags = [] }) => !Tags.some(({ Key }) => Key === moved.Key))).toHaveLength(1);
  });

  it('uses the image of an earlier attempt, with its time', async () => {
    await using account = await testAccount();
    const document = await stopped(account);
    await account.loseAnswer('CreateImage');
    expect((await account.refusal(createImage, document)).name).toBe('AwsUnavailable');
    const later = { ...document, keep: { until: '2027-01-01T00:00:00.000Z' } };
    const kept = await account.run(createImage, later);
    expect(kept.until).toBe(keep.until);
    expect(await account.run(createImage, later)).toEqual(kept);
    expect((await keptIn(account.aws)).snapshots).toHaveLength(1);
  });

  it('comes back while EC2 does not show the image of an earlier attempt', async () => {
    await using account = await testAccount();
    const document = await stopped(account);
    await account.hideNew(60_000);
    await account.run(createImage, document);
    expect((await account.refusal(createImage, document)).name).toBe('NotVisibleYet');
  });

  it('replaces an image that has failed', async () => {
    await using account = await testAccount();
    const document = await stopped(account);
    const { imageId } = await account.run(createImage, document);
    let failed = true;
    account.amendAnswers('DescribeImagesCommand', ({ Images }) => ({
      Images: (Images as object[]).map((image) => (failed ? { ...image, State: 'failed' } : image)),
    }));
    expect((await account.refusal(createImage, document)).name).toBe('NotVisibleYet');
    expect(await keptIn(account.aws)).toEqual({ images: [], snapshots: [] });
    failed = false;
    expect((await account.run(createImage, document)).imageId).not.toBe(imageId);
  });

  it('leaves an image of its name alone that does not have the tags of the environment', async () => {
    await using account = await testAccount();
    const document = await stopped(account);
    const { imageId } = await account.run(createImage, document);
    await account.ec2.send(new CreateTagsCommand({ Resources: [imageId], Tags: [{ Key: 'recode:owner', Value: 'eve' }] }));
    expect(await account.refusal(createImage, document)).toMatchObject({
      name: 'NameOwnedElsewhere',
      message: expect.stringContaining(imageId),
    });
  });

  it('says that the instance is gone, or is not stopped any more', async () => {
    await using account = await testAccount();
    const document = await stopped(account);
    await bringTo(account, document.instances.instanceIds[0], 'terminated');
    expect((await account.refusal(createImage, document)).name).toBe('InstanceGone');
  });
});
