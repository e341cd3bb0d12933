import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateImageCommand,
  type CreateImageCommandInput,
  DeleteSnapshotCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  RunInstancesCommand,
  type RunInstancesCommandInput,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { imageFor, known, makePublicNetwork, type PublicNetwork, reached } from './network.ts';
import { refusal, startEc2, type TestEc2 } from './server.ts';

let ec2: TestEc2;
let network: PublicNetwork;
beforeEach(async () => {
  ec2 = await startEc2();
  network = await makePublicNetwork(ec2.client);
});
afterEach(() => ec2.stop());

async function launch(more: Partial<RunInstancesCommandInput> = {}): Promise<string> {
  const ImageId = more.ImageId ?? (await imageFor(ec2.client));
  const input = { InstanceType: 't3.micro' as const, MinCount: 1, MaxCount: 1, SubnetId: network.subnetId, ...more, ImageId };
  return known((await ec2.client.send(new RunInstancesCommand(input))).Instances?.[0]?.InstanceId);
}

const note = (id: string) => join(ec2.stateDirectory, 'instances', id, 'home/ubuntu/note.txt');

/** A stopped instance with a file in a home folder. */
async function stoppedWithNote(more: Partial<RunInstancesCommandInput> = {}): Promise<string> {
  const id = await launch(more);
  await reached(ec2.client, id, 'running');
  await expect.poll(() => existsSync(join(note(id), '..')), { timeout: 20_000 }).toBe(true);
  writeFileSync(note(id), 'mine');
  await ec2.client.send(new StopInstancesCommand({ InstanceIds: [id] }));
  await reached(ec2.client, id, 'stopped');
  return id;
}

const createImage = async (InstanceId: string, more: Partial<CreateImageCommandInput> = {}) =>
  known((await ec2.client.send(new CreateImageCommand({ InstanceId, Name: 'kept', ...more }))).ImageId);
const ownImages = async () => (await ec2.client.send(new DescribeImagesCommand({ Owners: ['self'] }))).Images ?? [];
const snapshots = async () => (await ec2.client.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }))).Snapshots ?? [];
const available = () => expect.poll(async () => (await ownImages())[0]?.State, { timeout: 20_000, interval: 20 }).toBe('available');

// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImage.html and API_Snapshot.html
it('captures the root volume of a stopped instance, and launches instances with its files', async () => {
  const BlockDeviceMappings = [{ DeviceName: '/dev/sda1', Ebs: { VolumeSize: 20, Encrypted: true } }];
  const source = await stoppedWithNote({ BlockDeviceMappings });
  const tags = (ResourceType: 'image' | 'snapshot') => ({ ResourceType, Tags: [{ Key: 'of', Value: ResourceType }] });
  const ImageId = await createImage(source, { TagSpecifications: [tags('image'), tags('snapshot')] });
  const [pending] = await snapshots();
  expect(pending).toMatchObject({ State: 'pending', VolumeSize: 20, Encrypted: true, Tags: [{ Key: 'of', Value: 'snapshot' }] });
  expect(pending?.FullSnapshotSizeInBytes).toBeUndefined();
  expect(pending?.Description).toBe(`Created by CreateImage(${source}) for ${ImageId}`);
  // Later changes of the instance are not in it.
  await available();
  writeFileSync(note(source), 'changed');
  await ec2.client.send(new TerminateInstancesCommand({ InstanceIds: [source] }));
  await reached(ec2.client, source, 'terminated');

  const [image] = await ownImages();
  const SnapshotId = known(pending?.SnapshotId);
  expect(image).toMatchObject({ ImageId, Public: false, SourceInstanceId: source, Tags: [{ Key: 'of', Value: 'image' }] });
  expect(image?.BlockDeviceMappings?.[0]?.Ebs).toMatchObject({ SnapshotId, VolumeSize: 20, Encrypted: true });
  expect(await snapshots()).toMatchObject([{ State: 'completed', Progress: '100%', FullSnapshotSizeInBytes: expect.any(Number) }]);

  const id = await launch({ ImageId });
  // Deleting a snapshot has no effect on the volumes that were made of it.
  await ec2.client.send(new DeregisterImageCommand({ ImageId }));
  await ec2.client.send(new DeleteSnapshotCommand({ SnapshotId }));
  await reached(ec2.client, id, 'running');
  await expect.poll(() => existsSync(note(id)) && readFileSync(note(id), 'utf8'), { timeout: 20_000 }).toBe('mine');
  const Filters = [{ Name: 'attachment.instance-id', Values: [id] }];
  const { Volumes } = await ec2.client.send(new DescribeVolumesCommand({ Filters }));
  expect(Volumes).toMatchObject([{ Size: 20, Encrypted: true, SnapshotId }]);
  expect([await ownImages(), await snapshots()]).toEqual([[], []]);
  expect(readdirSync(join(ec2.stateDirectory, 'snapshots'))).toEqual([]);
});

it('keeps images over a restart, and completes the snapshot that was being taken', async () => {
  const source = await stoppedWithNote();
  const ImageId = await createImage(source);
  ec2 = await ec2.restart();
  await available();
  ec2 = await ec2.restart();
  expect(await ownImages()).toMatchObject([{ ImageId, State: 'available' }]);
  const id = await launch({ ImageId });
  await expect.poll(() => existsSync(note(id)), { timeout: 20_000 }).toBe(true);
});

// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
it('refuses with the codes of AWS', async () => {
  const source = await stoppedWithNote();
  const ImageId = await createImage(source);
  expect(await refusal(createImage(source))).toMatchObject({ code: 'InvalidAMIName.Duplicate' });
  expect(await refusal(createImage(source, { Name: 'x' }))).toMatchObject({ code: 'InvalidAMIName.Malformed' });
  expect(await refusal(launch({ ImageId }))).toMatchObject({ code: 'InvalidAMIID.Unavailable' });
  expect(await refusal(createImage(source, { Name: 'another' }))).toMatchObject({ code: 'SnapshotCreationPerVolumeRateExceeded' });
  const SnapshotId = known((await snapshots())[0]?.SnapshotId);
  expect(await refusal(ec2.client.send(new DeleteSnapshotCommand({ SnapshotId })))).toMatchObject({ code: 'InvalidSnapshot.InUse' });
  await ec2.client.send(new DeregisterImageCommand({ ImageId }));
  expect(await refusal(ec2.client.send(new DeregisterImageCommand({ ImageId })))).toMatchObject({ code: 'InvalidAMIID.NotFound' });
  await ec2.client.send(new DeleteSnapshotCommand({ SnapshotId }));
  expect(await refusal(ec2.client.send(new DeleteSnapshotCommand({ SnapshotId })))).toMatchObject({ code: 'InvalidSnapshot.NotFound' });
  await ec2.client.send(new TerminateInstancesCommand({ InstanceIds: [source] }));
  await reached(ec2.client, source, 'terminated');
  expect(await refusal(createImage(source))).toMatchObject({ code: 'IncorrectInstanceState' });
});

it('does not remove the encryption of a snapshot, and needs room for it', async () => {
  const source = await stoppedWithNote({ BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { VolumeSize: 12, Encrypted: true } }] });
  const ImageId = await createImage(source);
  await available();
  const mapped = (Ebs: object) => launch({ ImageId, BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs }] });
  expect(await refusal(mapped({ VolumeSize: 11 }))).toMatchObject({ code: 'InvalidBlockDeviceMapping' });
  expect(await refusal(mapped({ Encrypted: false }))).toMatchObject({ code: 'UnsupportedOperation' });
  expect(await refusal(launch({ ImageId, InstanceType: 't4g.small' }))).toMatchObject({ code: 'InvalidParameterValue' });
});
