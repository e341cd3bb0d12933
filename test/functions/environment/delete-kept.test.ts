import { describe, expect, it } from 'vitest';
import { deleteKept } from '../../../functions/environment/delete-kept.ts';
import { keptIn } from '../../harness/kept.ts';
import { testAccount } from '../account.ts';
import { environment } from '../documents.ts';
import { kept } from '../kept.ts';

const executionArn = 'arn:aws:states:us-east-1:000000000000:execution:recode-delete-kept:one';
const { owner, repository } = environment;
const document = (caller = owner) => ({ executionArn, input: { caller, environment: { owner, repository } } });
const until = '2027-01-01T00:00:00.000Z';
const ids = (images: readonly { readonly ImageId?: string | undefined }[]) => images.map(({ ImageId }) => ImageId);

describe('deleteKept', () => {
  it('deletes all that is kept of the environment, whatever name it had, and nothing else', async () => {
    await using account = await testAccount();
    const others = [{ owner: 'eve' }, { repository: `${repository}-2` }].map((one) => ({ until, environment: one }));
    const [, , ...left] = await kept(account, [{ until }, { until, environment: { name: 'older' } }, ...others]);
    expect(await account.run(deleteKept, document())).toEqual({ deleted: 2 });
    const { images, snapshots } = await keptIn(account.aws);
    expect(ids(images)).toEqual(left.map(({ imageId }) => imageId));
    expect(snapshots).toHaveLength(2);
    expect(await account.run(deleteKept, document())).toEqual({ deleted: 0 });
  });

  it('goes on where an attempt before has deleted the image alone', async () => {
    await using account = await testAccount();
    await kept(account, [{ until }]);
    await account.loseAnswer('DeregisterImage');
    expect((await account.refusal(deleteKept, document())).name).toBe('AwsUnavailable');
    expect(await account.run(deleteKept, document())).toEqual({ deleted: 1 });
    expect(await keptIn(account.aws)).toEqual({ images: [], snapshots: [] });
  });

  it('is refused to somebody who may not act on the environment', async () => {
    await using account = await testAccount();
    account.choose({ teammates: 'nobody' });
    await kept(account, [{ until }]);
    expect((await account.refusal(deleteKept, document('mallory'))).name).toBe('TeammateNotAllowed');
    expect((await keptIn(account.aws)).images).toHaveLength(1);
  });
});
