import { DescribeVolumesCommand, ModifyVolumeCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { change } from '../../../aws/records/hold/environment.ts';
import { putItem } from '../../../aws/records/hold/table.ts';
import { readEnvironment } from '../../../aws/records/read/environment.ts';
import { changeVolume } from '../../../functions/environment/change-volume.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { environment, foundPlan, operation, request } from '../documents.ts';
import { environmentKey, recordOf } from '../installed.ts';
import { launched } from '../launched.ts';
import { idOf } from '../resources.ts';

const day = 24 * 60 * 60 * 1000;

describe('changeVolume', () => {
  it('grows the volume, waits until it has its new size, and does nothing more when it runs again', async () => {
    await using account = await testAccount();
    const { document, volumeId } = await asking(account, { volumeSize: 40 });
    expect((await account.refusal(changeVolume, document)).name).toBe('VolumeStillModifying');
    expect((await account.refusal(changeVolume, document)).name).toBe('VolumeStillModifying');
    account.aws.clock.advance(200);
    await account.refuse('ModifyVolume', 'UnauthorizedOperation');
    expect(await account.run(changeVolume, document)).toEqual({ ...foundPlan(document.plan.instanceId), userDataCurrent: false });
    expect(await shape(account, volumeId)).toEqual([40, 'gp2']);
    expect(await wanted(account)).toEqual([40, 'gp2']);
  });

  it.each([['gp3'], ['gp2']] as const)('changes only the type of a volume that somebody has grown: %s', async (volumeType) => {
    await using account = await testAccount();
    const { document, volumeId } = await asking(account, { volumeType });
    await modify(account, volumeId, { Size: 64, VolumeType: volumeType === 'gp2' ? 'gp3' : 'gp2' });
    await account.run(changeVolume, document).catch(() => account.aws.clock.advance(1_000));
    await account.run(changeVolume, document);
    expect(await shape(account, volumeId)).toEqual([64, volumeType]);
    expect(await wanted(account)).toEqual([64, volumeType]);
  });

  it('finishes what an earlier start was asked for', async () => {
    await using account = await testAccount();
    const { document, volumeId } = await asking(account, {}, { recorded: { ...environment.recorded, changing: true } });
    const unfinished = { ...document, environment: { ...document.environment, request: { ...request, volumeSize: 40 } } };
    await account.refusal(changeVolume, unfinished);
    account.aws.clock.advance(200);
    await account.run(changeVolume, unfinished);
    expect(await shape(account, volumeId)).toEqual([40, 'gp2']);
  });

  it('is content with a change that was not answered', async () => {
    await using account = await testAccount();
    const { document, volumeId } = await asking(account, { volumeSize: 40 });
    await account.loseAnswer('ModifyVolume');
    expect((await account.refusal(changeVolume, document)).name).toBe('VolumeStillModifying');
    account.aws.clock.advance(200);
    await account.run(changeVolume, document);
    expect(await shape(account, volumeId)).toEqual([40, 'gp2']);
  });

  it('refuses to shrink a volume that is larger than its record says, and records what it has', async () => {
    await using account = await testAccount();
    const { document, volumeId } = await asking(account, { volumeSize: 40 });
    await modify(account, volumeId, { Size: 64 });
    expect(await account.refusal(changeVolume, document)).toMatchObject({
      name: 'VolumeCannotShrink',
      message: 'The volume of acme/api has 64 GiB. It cannot shrink to 40 GiB.',
    });
    expect(await wanted(account)).toEqual([64, 'gp2']);
  });

  it('says what EBS is at after the last change, and wants the former volume again', async () => {
    await using account = await testAccount();
    const { document, volumeId } = await asking(account, { volumeSize: 40 });
    await account.ec2.send(new ModifyVolumeCommand({ VolumeId: volumeId, Size: 20 }));
    account.aws.clock.advance(250);
    expect(await account.refusal(changeVolume, document)).toMatchObject({
      name: 'VolumeChangedRecently',
      message: expect.stringMatching(
        /still optimizing the volume of acme\/api after its last change \(\d+% done\)\. AWS says: .*OPTIMIZING/,
      ),
    });
    expect(await wanted(account)).toEqual([20, 'gp2']);
  });

  it('says when the volume can change again at the latest after four changes in a day', async () => {
    await using account = await testAccount();
    const { document, volumeId } = await asking(account, { volumeSize: 40 });
    for (const Size of [17, 18, 19, 20]) await modify(account, volumeId, { Size });
    const { message } = await account.refusal(changeVolume, document);
    const [, time = ''] = /It can change again at (\S+) at the latest\. AWS says: You've reached the maximum/.exec(message) ?? [];
    const left = Date.parse(time) - account.aws.clock.now();
    expect(left).toBeGreaterThan(day - 10_000);
    expect(left).toBeLessThanOrEqual(day);
    expect(await wanted(account)).toEqual([20, 'gp2']);
    account.aws.clock.advance(left);
    await account.refusal(changeVolume, document);
    account.aws.clock.advance(200);
    await account.run(changeVolume, document);
    expect([await shape(account, volumeId), await wanted(account)]).toEqual([
      [40, 'gp2'],
      [40, 'gp2'],
    ]);
  });

  it.each([
    ['UnauthorizedOperation', 'PermissionMissing', 16],
    ['MaxIOPSLimitExceeded', 'QuotaReached', 16],
    ['RequestLimitExceeded', 'RequestThrottled', 40],
    ['InternalError', 'AwsUnavailable', 40],
  ])('ends with what %s means, and wants the former volume again if that is final', async (code, name, size) => {
    await using account = await testAccount();
    const { document } = await asking(account, { volumeSize: 40 });
    await account.refuse('ModifyVolume', code);
    expect((await account.refusal(changeVolume, document)).name).toBe(name);
    expect(await wanted(account)).toEqual([size, 'gp2']);
  });

  it('changes nothing of an environment that another operation has taken over', async () => {
    await using account = await testAccount();
    const { document } = await asking(account, { volumeSize: 16 });
    const { lock: _, ...free } = recordOf({ name: 'acme-api' });
    await putItem(account.dynamodb, environmentKey, free, { when: 'attribute_exists(#kind)', values: {} });
    expect((await account.refusal(changeVolume, document)).name).toBe('LockLost');
  });
});

/** The document of a start that changes the volume of a launched instance, as PlanStart leaves it and the record. */
async function asking(account: TestAccount, given: object, held: object = {}) {
  const { instanceId } = await launched(account);
  const { Volumes = [] } = await account.ec2.send(new DescribeVolumesCommand({}));
  const volumeId = idOf(Volumes[0]?.VolumeId);
  const record = recordOf({ name: 'acme-api', lock: operation });
  await putItem(account.dynamodb, environmentKey, record, { when: 'attribute_exists(#kind)', values: {} });
  const set = Object.fromEntries(Object.entries(given).map(([name, value]) => [`wanted.${name}`, value]));
  await change(account.dynamodb, environment, operation, { set: { ...set, changing: true } });
  const asked = { ...environment, ...held, request: { ...request, ...given } };
  return { volumeId, document: { environment: asked, operation, request: given, plan: { ...foundPlan(instanceId), volumeId } } };
}

/** Modifies a volume as somebody with the console would, and lets the time pass that it takes. */
async function modify(account: TestAccount, VolumeId: string, target: { Size: number; VolumeType?: 'gp2' | 'gp3' }) {
  await account.ec2.send(new ModifyVolumeCommand({ VolumeId, ...target }));
  account.aws.clock.advance(1_000);
}

async function shape({ ec2 }: TestAccount, id: string) {
  const { Volumes = [] } = await ec2.send(new DescribeVolumesCommand({ VolumeIds: [id] }));
  return [Volumes[0]?.Size, Volumes[0]?.VolumeType];
}

async function wanted({ dynamodb }: TestAccount) {
  const record = await readEnvironment(dynamodb, environment);
  return [record?.wanted.volumeSize, record?.wanted.volumeType];
}
