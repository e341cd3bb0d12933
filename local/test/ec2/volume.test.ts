import {
  type BlockDeviceMapping,
  DeleteVolumeCommand,
  DescribeVolumesCommand,
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
