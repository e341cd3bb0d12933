import { createServer } from 'node:net';
import { join } from 'node:path';
import {
  CreateNetworkInterfaceCommand,
  CreateSubnetCommand,
  DescribeInstanceAttributeCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeVolumesCommand,
  ImportKeyPairCommand,
  type ResourceType,
  RunInstancesCommand,
  type RunInstancesCommandInput,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { makeKey } from '../instance-host/openssh.ts';
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

// It boots but never listens: most launches here need no SSH server.
const silent = Buffer.from('#!/bin/sh').toString('base64');
const run = async (input: Partial<RunInstancesCommandInput> = {}) => {
  const where = input.NetworkInterfaces ? {} : { SubnetId: network.subnetId };
  const all = { ImageId, InstanceType: 't3.micro', MinCount: 1, MaxCount: 1, UserData: silent, ...where, ...input } as const;
  return known((await ec2.client.send(new RunInstancesCommand(all))).Instances?.[0]);
};
const tags = (ResourceType: ResourceType, Value: string) => ({ ResourceType, Tags: [{ Key: 'Name', Value }] });
const count = async () => (await ec2.client.send(new DescribeInstancesCommand({}))).Reservations?.length;

describe('RunInstances', () => {
  // A server error: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html. The text is as AWS has answered it.
  it('refuses a type that the zone has no capacity for, and creates nothing', async () => {
    ec2.ec2.admin('POST', { withoutCapacity: [{ zone: 'us-east-1a', instanceType: 't3.micro' }, { zone: 'us-east-1b' }] });
    const refused = await run().catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: 'InsufficientInstanceCapacity', $metadata: { httpStatusCode: 500 } });
    expect((refused as Error).message).toBe(
      'We currently do not have sufficient t3.micro capacity in the Availability Zone you requested (us-east-1a). Our system will be ' +
        'working on provisioning additional capacity. You can currently get t3.micro capacity by not specifying an Availability Zone in ' +
        'your request or choosing us-east-1c, us-east-1d, us-east-1f.',
    );
    expect(await count()).toBe(0);
    expect(await run({ InstanceType: 't3.small' })).toMatchObject({ State: { Name: 'pending' } });
  });

  it('returns a pending instance with the requested properties', async () => {
    const { publicKey } = await makeKey(join(ec2.stateDirectory, 'key'));
    await ec2.client.send(new ImportKeyPairCommand({ KeyName: 'mine', PublicKeyMaterial: Buffer.from(publicKey) }));
    const instance = await run({
      KeyName: 'mine',
      SecurityGroupIds: [network.groupId],
      MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 2 },
      TagSpecifications: [tags('instance', 'i'), tags('volume', 'v'), tags('network-interface', 'n')],
    });
    expect(instance).toMatchObject({
      State: { Name: 'pending', Code: 0 },
      KeyName: 'mine',
      Architecture: 'x86_64',
      MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 2, HttpEndpoint: 'enabled' },
      SubnetId: network.subnetId,
      VpcId: network.vpcId,
      SecurityGroups: [{ GroupId: network.groupId, GroupName: 'web' }],
      PrivateIpAddress: '10.0.0.4',
      Tags: [{ Key: 'Name', Value: 'i' }],
    });
    expect(instance.PublicIpAddress).toBeUndefined();
    const { Volumes } = await ec2.client.send(new DescribeVolumesCommand({}));
    expect(Volumes?.[0]?.Tags).toEqual([{ Key: 'Name', Value: 'v' }]);
    const { NetworkInterfaces } = await ec2.client.send(new DescribeNetworkInterfacesCommand({}));
    expect(NetworkInterfaces?.[0]).toMatchObject({ TagSet: [{ Key: 'Name', Value: 'n' }], Attachment: { DeleteOnTermination: true } });
  });

  it('returns the same instance for the same client token, even after its termination, and refuses other parameters', async () => {
    const { InstanceId = '' } = await run({ ClientToken: 'once' });
    expect((await run({ ClientToken: 'once' })).InstanceId).toBe(InstanceId);
    expect(await refusal(run({ ClientToken: 'once', InstanceType: 't3.small' }))).toMatchObject({ code: 'IdempotentParameterMismatch' });
    await ec2.client.send(new TerminateInstancesCommand({ InstanceIds: [InstanceId] }));
    await reached(ec2.client, InstanceId, 'terminated');
    expect((await run({ ClientToken: 'once' })).InstanceId).toBe(InstanceId);
    const hour = 60 * 60 * 1000;
    ec2.clock.advance(23 * hour);
    expect((await run({ ClientToken: 'once' })).InstanceId).toBe(InstanceId);
    ec2.clock.advance(2 * hour);
    expect((await run({ ClientToken: 'once' })).InstanceId).not.toBe(InstanceId);
  });

  it('uses an existing interface with its subnet and groups', async () => {
    const made = await ec2.client.send(new CreateNetworkInterfaceCommand({ SubnetId: network.subnetId, Groups: [network.groupId] }));
    const NetworkInterfaceId = made.NetworkInterface?.NetworkInterfaceId;
    const card = { DeviceIndex: 0, NetworkInterfaceId };
    const launch = (input: Partial<RunInstancesCommandInput>) => refusal(run({ NetworkInterfaces: [card], ...input }));
    expect(await launch({ SubnetId: network.subnetId })).toMatchObject({
      code: 'InvalidParameterCombination',
      message: 'Network interfaces and an instance-level subnet ID may not be specified on the same request',
    });
    expect(await launch({ SecurityGroupIds: [network.groupId] })).toMatchObject({ code: 'InvalidParameterCombination' });
    expect(await launch({ NetworkInterfaces: [{ ...card, AssociatePublicIpAddress: true }] })).toMatchObject({
      code: 'InvalidParameterCombination',
    });
    expect(await launch({ TagSpecifications: [tags('network-interface', 'n')] })).toMatchObject({
      code: 'InvalidParameterValue',
      message: 'You cannot specify tags for network interfaces if there are no network interfaces being created by the request.',
    });
    expect(await count()).toBe(0);
    const instance = await run({ NetworkInterfaces: [card], TagSpecifications: [tags('instance', 'i'), tags('volume', 'v')] });
    expect(instance).toMatchObject({ SubnetId: network.subnetId, SecurityGroups: [{ GroupId: network.groupId }] });
    expect(instance.NetworkInterfaces?.[0]).toMatchObject({ NetworkInterfaceId, PrivateIpAddress: '10.0.0.4' });
  });

  it('assigns a public address only if the subnet or the request says so', async () => {
    const subnet = await ec2.client.send(
      new CreateSubnetCommand({ VpcId: network.vpcId, CidrBlock: '10.0.1.0/24', AvailabilityZone: 'us-east-1a' }),
    );
    const SubnetId = known(subnet.Subnet?.SubnetId);
    const hidden = await run({ SubnetId });
    const shown = await run({ NetworkInterfaces: [{ DeviceIndex: 0, SubnetId, AssociatePublicIpAddress: true }] });
    expect((await reached(ec2.client, known(hidden.InstanceId), 'running')).PublicIpAddress).toBeUndefined();
    expect((await reached(ec2.client, known(shown.InstanceId), 'running')).PublicIpAddress).toMatch(/^127\./);
  });

  it.each<[string, () => Partial<RunInstancesCommandInput> | Promise<Partial<RunInstancesCommandInput>>, string, RegExp]>([
    ['an image that does not exist', () => ({ ImageId: 'ami-00000000000000000' }), 'InvalidAMIID.NotFound', /does not exist/],
    ['a malformed image ID', () => ({ ImageId: 'ubuntu' }), 'InvalidAMIID.Malformed', /expecting "ami-/],
    [
      'an image for another architecture',
      async () => ({ ImageId: await imageFor(ec2.client, 'arm64') }),
      'InvalidParameterValue',
      /'x86_64' of the specified instance type does not match the architecture 'arm64'/,
    ],
    [
      'a type that does not exist',
      () => ({ InstanceType: 't9.huge' as 't3.micro' }),
      'InvalidParameterValue',
      /^Invalid value 't9.huge' for InstanceType. The catalog of the embedded AWS does not have t9.huge.$/,
    ],
    ['a type that the region does not offer', () => ({ InstanceType: 'trn2.48xlarge' }), 'Unsupported', /not supported/],
    ['a key pair that does not exist', () => ({ KeyName: 'none' }), 'InvalidKeyPair.NotFound', /'none' does not exist/],
    ['a subnet that does not exist', () => ({ SubnetId: 'subnet-00000000000000000' }), 'InvalidSubnetID.NotFound', /./],
    ['user data that is not Base64', () => ({ UserData: '#cloud-config' }), 'InvalidUserData.Malformed', /Invalid BASE64/],
    [
      'user data beyond 16 KB',
      () => ({ UserData: Buffer.alloc(16_385).toString('base64') }),
      // As in https://github.com/runs-on/runs-on/issues/9.
      'InvalidParameterValue',
      /limited to 16384 bytes/,
    ],
    ['more than one instance', () => ({ MaxCount: 2 }), 'UnsupportedOperation', /MaxCount/],
    ['an instance profile', () => ({ IamInstanceProfile: { Name: 'x' } }), 'UnsupportedOperation', /IamInstanceProfile/],
    [
      'tags for a spot request',
      () => ({ TagSpecifications: [tags('spot-instances-request', 's')] }),
      'InvalidParameterValue',
      /not a valid taggable resource type/,
    ],
  ])('refuses %s, and creates nothing', async (_, input, code, message) => {
    expect(await refusal(run(await input()))).toEqual({ code, message: expect.stringMatching(message), status: 400 });
    expect(await count()).toBe(0);
    expect((await ec2.client.send(new DescribeVolumesCommand({}))).Volumes).toEqual([]);
    expect((await ec2.client.send(new DescribeNetworkInterfacesCommand({}))).NetworkInterfaces).toEqual([]);
  });

  it('refuses a type that the zone does not offer, and names the zones that do', async () => {
    const subnet = await ec2.client.send(
      new CreateSubnetCommand({ VpcId: network.vpcId, CidrBlock: '10.0.1.0/24', AvailabilityZone: 'us-east-1e' }),
    );
    expect(await refusal(run({ SubnetId: known(subnet.Subnet?.SubnetId) }))).toMatchObject({
      code: 'Unsupported',
      message: expect.stringMatching(
        /\(t3.micro\) is not supported in your requested Availability Zone \(us-east-1e\).* us-east-1a, us-east-1b/,
      ),
    });
  });

  it('shows the user data on request', async () => {
    const { InstanceId = '' } = await run();
    const { UserData } = await ec2.client.send(new DescribeInstanceAttributeCommand({ InstanceId, Attribute: 'userData' }));
    expect(UserData?.Value).toBe(silent);
  });
});

describe('a launch that fails', () => {
  it('as planned goes from pending to terminated with its reason', async () => {
    ec2.ec2.admin('POST', { launches: [{ outcome: 'terminated', reason: 'Client.InternalError: Client error on launch' }] });
    const { InstanceId = '', State } = await run();
    expect(State?.Name).toBe('pending');
    const ended = await reached(ec2.client, InstanceId, 'terminated');
    expect(ended.StateReason).toEqual({ Code: 'Client.InternalError', Message: 'Client.InternalError: Client error on launch' });
    expect((await ec2.client.send(new DescribeVolumesCommand({}))).Volumes).toEqual([]);
    await reached(ec2.client, known((await run()).InstanceId), 'running');
  });

  // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/troubleshooting-launch-instances.html: from pending to terminated, and the reason of
  // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html
  it('for want of capacity is refused, or accepted and ended with the reason', async () => {
    ec2.ec2.admin('POST', { withoutCapacity: [{ zone: 'us-east-1a', instanceType: 't3.micro', accepts: true }] });
    const before = await count();
    const { InstanceId = '', State } = await run();
    expect(State?.Name).toBe('pending');
    const ended = await reached(ec2.client, InstanceId, 'terminated');
    expect(ended.StateReason).toEqual({
      Code: 'Server.InsufficientInstanceCapacity',
      Message: expect.stringMatching(/^Server\.InsufficientInstanceCapacity: There was insufficient capacity/),
    });
    expect((await ec2.client.send(new DescribeVolumesCommand({}))).Volumes).toEqual([]);
    const other = known((await run({ InstanceType: 't3.small' })).InstanceId);
    await reached(ec2.client, other, 'running');
    ec2.ec2.admin('POST', { withoutCapacity: [{ zone: 'us-east-1a' }] });
    expect(await refusal(run())).toMatchObject({ code: 'InsufficientInstanceCapacity' });
    expect(await count()).toBe((before ?? 0) + 2);
  });

  it('because no address is free names the tried addresses', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '0.0.0.0', resolve));
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as { port: number };
    const config = `#cloud-config\nbootcmd: ["printf 'Port ${port}' > /etc/ssh/sshd_config.d/p.conf"]\n`;
    const { InstanceId = '' } = await run({ UserData: Buffer.from(config).toString('base64') });
    const ended = await reached(ec2.client, InstanceId, 'terminated');
    expect(ended.StateReason).toMatchObject({ Code: 'Server.InternalError', Message: expect.stringMatching(/port \d+\. Tried 127\./) });
  });
});
