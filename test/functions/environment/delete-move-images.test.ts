import { describe, expect, it } from 'vitest';
import { deleteMoveImages } from '../../../functions/environment/delete-move-images.ts';
import { keptIn } from '../../harness/kept.ts';
import { testAccount } from '../account.ts';
import { environment, operationOf } from '../documents.ts';
import { kept } from '../kept.ts';

const until = '2027-01-01T00:00:00.000Z';
const operation = operationOf('one', 'move');

describe('deleteMoveImages', () => {
  it('deletes what moves of the environment have kept, and nothing else that is kept', async () => {
    await using account = await testAccount();
    const images = await kept(account, [
      { until, environment: { uid: 'uid-1' }, operation },
      { until, environment: { uid: 'uid-1' }, operation: operationOf('two', 'move') },
      { until, environment: { uid: 'uid-1' } },
      { until, environment: { uid: 'uid-2' }, operation },
      { until, environment: { uid: 'uid-1', repository: 'acme/web', name: 'acme-web' }, operation: operationOf('three', 'move') },
    ]);
    await account.run(deleteMoveImages, { environment });
    const left = await keptIn(account.aws);
    expect(left.images.map(({ ImageId }) => ImageId).sort()).toEqual(
      images
        .slice(2)
        .map(({ imageId }) => imageId)
        .sort(),
    );
    expect(left.snapshots).toHaveLength(3);
    await account.run(deleteMoveImages, { environment });
    expect((await keptIn(account.aws)).images).toHaveLength(3);
  });

  it('deletes the snapshot whose image an earlier attempt has deleted', async () => {
    await using account = await testAccount();
    await kept(account, [{ until, environment: { uid: 'uid-1' }, operation }]);
    await account.loseAnswer('DeregisterImage');
    expect((await account.refusal(deleteMoveImages, { environment })).name).toBe('AwsUnavailable');
    await account.run(deleteMoveImages, { environment });
    expect(await keptIn(account.aws)).toEqual({ images: [], snapshots: [] });
  });
});
