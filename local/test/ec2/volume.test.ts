import {
  type BlockDeviceMapping,
  DeleteVolumeCommand,
  DescribeVolumesCommand,
  DescribeVolumesModificationsCommand,
  ModifyVolumeCommand,
  type ModifyVolumeCommandInput,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { imageFor, known, makePublicNetwork, type PublicNetwork, reached } from './network.ts';
import { refusal, startEc2, type TestEc2 } from './server.ts';

let ec2: TestEc2;
let network: PublicNetwork;
let ImageId: string;
beforeEach(async () => {
  ec2 = await startEc2();
  network = await makePublicNetwork(ec2.client);
  ImageId = await imageFor(ec2.client);
});
afterEach(() => ec2.stop());

const launch = async (BlockDeviceMappings: BlockDeviceMapping[]) => {
  const { Instances } = await ec2.client.send(
    new RunInstancesCommand({
      ImageId,
      InstanceType: 't3.micro',
      MinCount: 1,
      MaxCount: 1,
      SubnetId: network.subnetId,
      BlockDeviceMappings,
    }),
  );
  return known(Instances?.[0]?.InstanceId);
};
const volumesOf = async (id: string) =>
  (await ec2.client.send(new DescribeVolumesCommand({ Filters: [{ Name: 'attachment.instance-id', Values: [id] }] }))).Volumes ?? [];
const root = (Ebs: BlockDeviceMapping['Ebs']) => [{ DeviceName: '/dev/sda1', Ebs }];

describe('the volumes of a launch', () => {
  it('are only the root volume of the image by default', async () => {
    const [volume] = await volumesOf(await launch([]));
    expect(volume).toMatchObject({
      Size: 8,
      VolumeType: 'gp3',
      Encrypted: false,
      State: 'in-use',
      AvailabilityZone: 'us-east-1a',
      SnapshotId: expect.stringMatching(/^snap-/),
      Attachments: [{ Device: '/dev/sda1', DeleteOnTermination: true }],
    });
  });

  it('have the requested size, type and encryption', async () => {
    const id = await launch([
      ...root({ VolumeSize: 16, VolumeType: 'gp2', Encrypted: true }),
      { DeviceName: '/dev/sdf', Ebs: { VolumeSize: 4 } },
    ]);
    const volumes = await volumesOf(id);
    expect(volumes).toEqual([
      expect.objectContaining({
        Size: 16,
        VolumeType: 'gp2',
        Encrypted: true,
        KmsKeyId: expect.stringContaining('arn:aws:kms:us-east-1'),
        Iops: 100,
      }),
      expect.objectContaining({ Size: 4, VolumeType: 'gp2', Encrypted: false, SnapshotId: '' }),
    ]);
  });

  it('cannot be smaller than the snapshot, or larger than their type allows', async () => {
    expect(await refusal(launch(root({ VolumeSize: 7 })))).toMatchObject({
      code: 'InvalidBlockDeviceMapping',
      message: expect.stringMatching(/^Volume of size 7GB is smaller than snapshot 'snap-\w+', expect size>= 8GB$/),
    });
    expect(await refusal(launch(root({ VolumeSize: 20_000, VolumeType: 'gp2' })))).toMatchObject({ code: 'InvalidParameterValue' });
    expect(await refusal(launch(root({ VolumeType: 'io2' })))).toMatchObject({ code: 'UnsupportedOperation' });
    expect(await refusal(launch(root({ KmsKeyId: 'alias/mine' })))).toMatchObject({ code: 'UnsupportedOperation' });
  });

  it('are deleted with the instance or not, as requested', async () => {
    const id = await launch([
      ...root({ DeleteOnTermination: true }),
      { DeviceName: '/dev/sdf', Ebs: { VolumeSize: 4, DeleteOnTermination: false } },
    ]);
    const [doomed, kept] = (await volumesOf(id)).map(({ VolumeId }) => known(VolumeId));
    const remove = (VolumeId = '') => ec2.client.send(new DeleteVolumeCommand({ VolumeId }));
    expect(await refusal(remove(kept))).toMatchObject({ code: 'VolumeInUse', message: expect.stringContaining(id) });
    await ec2.client.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    await reached(ec2.client, id, 'terminated');
    const states = async () =>
      (await ec2.client.send(new DescribeVolumesCommand({}))).Volumes?.map(({ VolumeId, State }) => [VolumeId, State]);
    expect(await states()).toEqual([[kept, 'available']]);
    expect(await refusal(remove(doomed))).toMatchObject({ code: 'InvalidVolume.NotFound' });
    await remove(kept);
    expect(await states()).toEqual([]);
  });
});

// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVolume.html
// https://docs.aws.amazon.com/ebs/latest/userguide/monitoring-volume-modifications.html
describe('a modification of a volume', () => {
  const hour = 60 * 60 * 1000;
  const launched = async () => known((await volumesOf(await launch(root({ VolumeSize: 16, VolumeType: 'gp2' }))))[0]?.VolumeId);
  const modify = (VolumeId: string, target: Omit<ModifyVolumeCommandInput, 'VolumeId'>) =>
    ec2.client.send(new ModifyVolumeCommand({ VolumeId, ...target }));
  const shown = async (VolumeId: string) => {
    const { Volumes } = await ec2.client.send(new DescribeVolumesCommand({ VolumeIds: [VolumeId] }));
    return { Size: Volumes?.[0]?.Size, VolumeType: Volumes?.[0]?.VolumeType };
  };
  const modification = async (VolumeId: string) =>
    (await ec2.client.send(new DescribeVolumesModificationsCommand({ VolumeIds: [VolumeId] }))).VolumesModifications?.[0];
  /** How long a modification of 16 GiB takes by default: until it is optimizing, and then until it is completed. */
  const [modifying, optimizing] = [150, 160];
  beforeEach(() => ec2.clock.setRate(0.001));

  it('takes effect once it is optimizing, and takes longer for a larger volume', async () => {
    const id = await launched();
    const { VolumeModification } = await modify(id, { Size: 1024, VolumeType: 'gp3' });
    expect(VolumeModification).toMatchObject({
      ...{ ModificationState: 'modifying', Progress: 0, StartTime: expect.any(Date) },
      ...{ OriginalSize: 16, OriginalVolumeType: 'gp2', OriginalIops: 100 },
      ...{ TargetSize: 1024, TargetVolumeType: 'gp3', TargetIops: 3000, TargetThroughput: 125 },
    });
    expect(await shown(id)).toEqual({ Size: 16, VolumeType: 'gp2' });
    ec2.clock.advance(modifying);
    expect(await modification(id)).toMatchObject({ ModificationState: 'optimizing' });
    expect(await shown(id)).toEqual({ Size: 1024, VolumeType: 'gp3' });
    ec2.clock.advance(32 * optimizing);
    expect(await modification(id)).toMatchObject({ ModificationState: 'optimizing', Progress: 50 });
    expect((await modification(id))?.EndTime).toBeUndefined();
    ec2.clock.advance(32 * optimizing);
    expect(await modification(id)).toMatchObject({ ModificationState: 'completed', Progress: 100, EndTime: expect.any(Date) });
  });

  it('keeps what it does not name', async () => {
    const id = await launched();
    await modify(id, { VolumeType: 'gp3' });
    ec2.clock.advance(modifying + optimizing);
    await modify(id, { Size: 20 });
    ec2.clock.advance(modifying);
    expect(await shown(id)).toEqual({ Size: 20, VolumeType: 'gp3' });
  });

  it('cannot shrink the volume, or make it larger than its type allows', async () => {
    const id = await launched();
    expect(await refusal(modify(id, { Size: 15 }))).toMatchObject({
      code: 'InvalidParameterValue',
      message: 'New size cannot be smaller than existing size',
    });
    expect(await refusal(modify(id, { Size: 16_385 }))).toMatchObject({ code: 'InvalidParameterValue' });
    expect(await refusal(modify(id, {}))).toMatchObject({ code: 'UnsupportedOperation' });
    expect(await refusal(modify('vol-00000000000000000', { Size: 20 }))).toMatchObject({ code: 'InvalidVolume.NotFound' });
  });

  // The message as kubernetes/kubernetes#69434 quotes it.
  it.each(['MODIFYING', 'OPTIMIZING'])('must be completed before the next one: %s', async (state) => {
    const id = await launched();
    await modify(id, { Size: 20 });
    if (state === 'OPTIMIZING') ec2.clock.advance(modifying);
    expect(await refusal(modify(id, { Size: 24 }))).toMatchObject({
      code: 'IncorrectModificationState',
      message: `Volume ${id} cannot be modified in modification state ${state}`,
    });
  });

  it('is possible four times in 24 hours, also after the process has ended', async () => {
    const id = await launched();
    for (const Size of [17, 18, 19, 20]) {
      await modify(id, { Size });
      ec2.clock.advance(hour);
    }
    ec2 = await ec2.restart();
    // Its clock begins anew.
    ec2.clock.setRate(0.001);
    ec2.clock.advance(4 * hour);
    expect(await refusal(modify(id, { Size: 21 }))).toMatchObject({ code: 'VolumeModificationRateExceeded' });
    ec2.clock.advance(20 * hour);
    await modify(id, { Size: 21 });
    ec2.clock.advance(hour / 2);
    expect(await refusal(modify(id, { Size: 22 }))).toMatchObject({ code: 'VolumeModificationRateExceeded' });
  });

  it('is found by its state, sizes and types; a volume without one is not', async () => {
    const [first, second] = [await launched(), await launched()];
    expect(await refusal(modification(first))).toMatchObject({ code: 'InvalidVolumeModification.NotFound' });
    await modify(first, { Size: 32 });
    const found = async (Name: string, ...Values: string[]) => {
      const { VolumesModifications } = await ec2.client.send(new DescribeVolumesModificationsCommand({ Filters: [{ Name, Values }] }));
      return VolumesModifications?.map(({ VolumeId }) => VolumeId);
    };
    expect(await found('volume-id', first, second)).toEqual([first]);
    expect(await found('modification-state', 'modifying')).toEqual([first]);
    expect(await found('modification-state', 'optimizing')).toEqual([]);
    expect(await found('target-size', '32')).toEqual([first]);
    expect(await found('original-size', '32')).toEqual([]);
    expect(await found('original-volume-type', 'gp2')).toEqual([first]);
  });
});
