import { CreateTagsCommand } from '@aws-sdk/client-ec2';
import { expect, it } from 'vitest';
import { deleteExpired } from '../../../functions/upkeep/delete-expired.ts';
import { keptIn } from '../../harness/kept.ts';
import { testAccount } from '../account.ts';
import { kept } from '../kept.ts';

it('deletes what has been kept for its time, once, and leaves the rest', async () => {
  await using account = await testAccount();
  const day = 86_400_000;
  const at = (days: number) => new Date(account.aws.clock.now() + days * day).toISOString();
  const [, later, foreign] = await kept(account, [{ until: at(1) }, { until: at(3) }, { until: at(1) }]);
  // Without our tag, it is not Recode's.
  const tags = [{ Key: 'recode:managed-by', Value: 'somebody' }];
  const foreignSnapshot = (await keptIn(account.aws)).images.find(({ ImageId }) => ImageId === foreign?.imageId);
  const resources = [foreign?.imageId ?? '', foreignSnapshot?.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId ?? ''];
  await account.ec2.send(new CreateTagsCommand({ Resources: resources, Tags: tags }));

  expect(await account.run(deleteExpired, {})).toEqual({ deleted: 0 });
  account.aws.clock.advance(2 * day);
  expect(await account.run(deleteExpired, {})).toEqual({ deleted: 1 });
  expect(await account.run(deleteExpired, {})).toEqual({ deleted: 0 });
  const { images, snapshots } = await keptIn(account.aws);
  expect(images.map(({ ImageId }) => ImageId)).toEqual([later?.imageId, foreign?.imageId]);
  expect(snapshots).toHaveLength(2);
});
