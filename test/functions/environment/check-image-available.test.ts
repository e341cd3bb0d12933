import { describe, expect, it } from 'vitest';
import { checkImageAvailable } from '../../../functions/environment/check-image-available.ts';
import { createImage } from '../../../functions/environment/create-image.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { operationOf } from '../documents.ts';
import { bringTo, launched } from '../launched.ts';

const keep = { until: '2026-12-30T10:00:00.000Z' };

/** A stopped instance, and the document that keeps its disk. */
async function stopped(account: TestAccount) {
  const { instanceId, document } = await launched(account);
  await bringTo(account, instanceId, 'stopped');
  const operation = operationOf('one', 'remove');
  return { environment: document.environment, operation, keep, instances: { instanceIds: [instanceId] as [string], changed: true } };
}

describe('checkImageAvailable', () => {
  it('tells whether the image is available', async () => {
    await using account = await testAccount();
    const kept = await account.run(createImage, await stopped(account));
    expect(await account.refusal(checkImageAvailable, { kept })).toMatchObject({
      name: 'ImageStillPending',
      message: `The image ${kept.imageId} is still being created.`,
    });
    await expect
      .poll(
        async () => {
          account.aws.clock.advance(200);
          return account.run(checkImageAvailable, { kept }).catch(({ name }) => name);
        },
        { timeout: 20_000, interval: 20 },
      )
      .toBeUndefined();
  });

  it('says why the image has failed', async () => {
    await using account = await testAccount();
    const kept = await account.run(createImage, await stopped(account));
    account.amendAnswers('DescribeImagesCommand', ({ Images }) => ({
      Images: (Images as object[]).map((image) => ({ ...image, State: 'failed', StateReason: { Message: 'Internal error' } })),
    }));
    expect(await account.refusal(checkImageAvailable, { kept })).toMatchObject({
      name: 'ImageFailed',
      message: `The image ${kept.imageId} is failed: Internal error.`,
    });
  });

  it('comes back while EC2 does not show the image', async () => {
    await using account = await testAccount();
    const kept = { imageId: 'ami-00000000000000000', until: keep.until };
    expect((await account.refusal(checkImageAvailable, { kept })).name).toBe('NotVisibleYet');
  });
});
