import { DescribeVolumesCommand, type DescribeVolumesCommandInput, type EC2Client, type Volume } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { deleteVolume } from '../../../functions/environment/delete-volume.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { describeDeletion, ofEnvironment } from '../deletion.ts';
import { environment } from '../documents.ts';
import { bringTo, launchByHand, launched, readyToLaunch } from '../launched.ts';
import { environmentTagsOf, idOf } from '../resources.ts';

const document = { environment };

describe('deleteVolume', () => {
  describeDeletion({
    ...ofEnvironment('volume'),
    run: (account) => account.run(deleteVolume, document),
    describes: 'DescribeVolumes',
    deletes: 'DeleteVolume',
    notFound: 'InvalidVolume.NotFound',
    inUse: ['VolumeInUse'],
    async prepare(account) {
      account.stopClock();
      const launch = await readyToLaunch(account);
      return async (volumeTags) => {
        const instanceId = await launchByHand(account, launch, { tags: [], volumeTags });
        const [volumeId] = await volumes(account.ec2, instanceId);
        await bringTo(account, instanceId, 'terminated');
        return idOf(volumeId);
      };
    },
    list: volumes,
  });

  it('waits while it is attached, and leaves it to the instance', async () => {
    await using account = await testAccount();
    const { instanceId } = await launched(account);
    const [volumeId] = await volumes(account.ec2, instanceId);
    for (const state of ['running', 'shutting-down'] as const) {
      await bringTo(account, instanceId, state);
      expect(await account.refusal(deleteVolume, document)).toMatchObject({
        name: 'DependencyStillInUse',
        message: `AWS says: Volume ${volumeId} is currently attached to ${instanceId} (VolumeInUse).`,
      });
      expect(await volumes(account.ec2, instanceId)).toEqual([volumeId]);
    }
    await bringTo(account, instanceId, 'terminated');
    expect(await account.run(deleteVolume, document)).toBeUndefined();
    expect(await volumes(account.ec2)).toEqual([]);
  });

  it('deletes a volume that somebody told to stay, after its instance', async () => {
    await using account = await testAccount();
    account.stopClock();
    const launch = await readyToLaunch(account);
    const instanceId = await launchByHand(account, launch, { volumeTags: environmentTagsOf('volume') });
    expect((await account.refusal(deleteVolume, document)).name).toBe('DependencyStillInUse');
    await bringTo(account, instanceId, 'terminated');
    expect(await volumes(account.ec2)).toHaveLength(1);
    await account.run(deleteVolume, document);
    expect(await volumes(account.ec2)).toEqual([]);
  });

  it('is done where a volume is on its way out already', async () => {
    await using account = await testAccount();
    showToWhoAsks(account, { VolumeId: 'vol-00000000000000000', State: 'deleting', Tags: environmentTagsOf('volume') });
    expect(await account.run(deleteVolume, document)).toBeUndefined();
  });

  it.each(['creating', 'available', 'in-use', 'error'] as const)('is not done where a volume is %s', async (State) => {
    await using account = await testAccount();
    showToWhoAsks(account, { VolumeId: 'vol-00000000000000000', State, Tags: environmentTagsOf('volume') });
    expect((await account.refusal(deleteVolume, document)).name).toBe('NotVisibleYet');
  });

  it('refuses an environment without an owner', async () => {
    await using account = await testAccount();
    const { owner: _, ...others } = environment;
    expect((await account.refusal(deleteVolume, { environment: others })).name).toBe('InputNotValid');
  });
});

/** The ids of all volumes, or of an instance's. */
async function volumes(ec2: EC2Client, instanceId?: string) {
  const Filters = instanceId === undefined ? [] : [{ Name: 'attachment.instance-id', Values: [instanceId] }];
  const { Volumes = [] } = await ec2.send(new DescribeVolumesCommand({ Filters }));
  return Volumes.map(({ VolumeId }) => VolumeId);
}

/** EC2 shows this volume too, where the question admits its state: the embedded one's volumes are either attached or available. */
function showToWhoAsks({ ec2 }: TestAccount, volume: Volume): void {
  ec2.middlewareStack.add(
    (next, context) => async (args) => {
      const answer = await next(args);
      const { Filters = [] } = args.input as DescribeVolumesCommandInput;
      const states = Filters.find(({ Name }) => Name === 'status')?.Values;
      const asked = context.commandName === 'DescribeVolumesCommand' && (states?.includes(String(volume.State)) ?? true);
      return asked ? { ...answer, output: { ...answer.output, Volumes: [volume] } } : answer;
    },
    { step: 'initialize' },
  );
}
