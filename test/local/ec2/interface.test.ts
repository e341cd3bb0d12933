import {
  CreateNetworkInterfaceCommand,
  type CreateNetworkInterfaceCommandInput,
  CreateSecurityGroupCommand,
  CreateVpcCommand,
  DeleteNetworkInterfaceCommand,
  DeleteSecurityGroupCommand,
  DeleteSubnetCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSubnetsCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { imageFor, known, makePublicNetwork, type PublicNetwork, reached } from './network.ts';
import { refusal, startEc2, type TestEc2 } from './server.ts';

let ec2: TestEc2;
let network: PublicNetwork;
beforeEach(async () => {
  ec2 = await startEc2();
  network = await makePublicNetwork(ec2.client, { cidr: '10.0.0.0/28' });
});
afterEach(() => ec2.stop());

const create = async (input: Partial<CreateNetworkInterfaceCommandInput> = {}) =>
  known((await ec2.client.send(new CreateNetworkInterfaceCommand({ SubnetId: network.subnetId, ...input }))).NetworkInterface);
const remove = (NetworkInterfaceId = '') => ec2.client.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId }));
const described = async (id = '') =>
  known((await ec2.client.send(new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [id] }))).NetworkInterfaces?.[0]);
const freeAddresses = async () => {
  const { Subnets } = await ec2.client.send(new DescribeSubnetsCommand({ SubnetIds: [network.subnetId] }));
  return Subnets?.[0]?.AvailableIpAddressCount;
};

describe('CreateNetworkInterface', () => {
  it('takes a free address after the four that AWS keeps, and gives tags, groups and description', async () => {
    const TagSpecifications = [{ ResourceType: 'network-interface' as const, Tags: [{ Key: 'Name', Value: 'card' }] }];
    const { NetworkInterfaceId } = await create({ Groups: [network.groupId], Description: 'a card', TagSpecifications });
    expect(await described(NetworkInterfaceId)).toMatchObject({
      PrivateIpAddress: '10.0.0.4',
      Groups: [{ GroupId: network.groupId, GroupName: 'web' }],
      Description: 'a card',
      TagSet: [{ Key: 'Name', Value: 'card' }],
      Status: 'available',
      AvailabilityZone: 'us-east-1a',
      VpcId: network.vpcId,
    });
  });

  it('joins the default group of the VPC where none is named', async () => {
    const { Groups } = await create();
    expect(Groups).toEqual([expect.objectContaining({ GroupName: 'default' })]);
  });

  it('uses the subnet up and then refuses; a deleted interface gives its address back', async () => {
    const made = [];
    // Of the 16 addresses, AWS keeps five.
    for (let count = 0; count < 11; count++) made.push(await create());
    expect(new Set(made.map(({ PrivateIpAddress }) => PrivateIpAddress)).size).toBe(11);
    expect(made.map(({ PrivateIpAddress }) => PrivateIpAddress)).not.toContain('10.0.0.15');
    expect(await freeAddresses()).toBe(0);
    expect(await refusal(create())).toMatchObject({ code: 'InsufficientFreeAddressesInSubnet' });
    await remove(made[3]?.NetworkInterfaceId);
    expect((await create()).PrivateIpAddress).toBe(made[3]?.PrivateIpAddress);
  });

  it('answers the same interface to the same client token, and refuses it with other parameters', async () => {
    const first = await create({ ClientToken: 'once' });
    expect((await create({ ClientToken: 'once' })).NetworkInterfaceId).toBe(first.NetworkInterfaceId);
    expect(await freeAddresses()).toBe(10);
    expect(await refusal(create({ ClientToken: 'once', Description: 'other' }))).toMatchObject({ code: 'IdempotentParameterMismatch' });
  });

  it('refuses groups of another VPC, and a subnet or group that does not exist', async () => {
    const other = await ec2.client.send(new CreateVpcCommand({ CidrBlock: '10.1.0.0/16' }));
    const group = await ec2.client.send(new CreateSecurityGroupCommand({ VpcId: other.Vpc?.VpcId, GroupName: 'far', Description: 'far' }));
    expect(await refusal(create({ Groups: [group.GroupId ?? ''] }))).toMatchObject({ code: 'InvalidParameter' });
    expect(await refusal(create({ Groups: ['sg-00000000000000000'] }))).toMatchObject({ code: 'InvalidGroup.NotFound' });
    expect(await refusal(create({ SubnetId: 'subnet-00000000000000000' }))).toMatchObject({ code: 'InvalidSubnetID.NotFound' });
  });
});

describe('an interface', () => {
  it('keeps its subnet and its groups from being deleted', async () => {
    const { NetworkInterfaceId } = await create({ Groups: [network.groupId] });
    const deleteGroup = () => ec2.client.send(new DeleteSecurityGroupCommand({ GroupId: network.groupId }));
    const deleteSubnet = () => ec2.client.send(new DeleteSubnetCommand({ SubnetId: network.subnetId }));
    expect(await refusal(deleteGroup())).toMatchObject({ code: 'DependencyViolation' });
    expect(await refusal(deleteSubnet())).toMatchObject({ code: 'DependencyViolation' });
    await remove(NetworkInterfaceId);
    await deleteGroup();
    await deleteSubnet();
  });

  it('cannot be deleted while it is attached, and outlives its instance', async () => {
    const { NetworkInterfaceId } = await create();
    const launch = () =>
      imageFor(ec2.client).then((ImageId) =>
        ec2.client.send(
          new RunInstancesCommand({
            ImageId,
            InstanceType: 't3.micro',
            MinCount: 1,
            MaxCount: 1,
            NetworkInterfaces: [{ DeviceIndex: 0, NetworkInterfaceId }],
          }),
        ),
      );
    const id = known((await launch()).Instances?.[0]?.InstanceId);
    expect(await described(NetworkInterfaceId)).toMatchObject({
      Status: 'in-use',
      Attachment: { InstanceId: id, DeleteOnTermination: false },
    });
    expect(await refusal(remove(NetworkInterfaceId))).toMatchObject({
      code: 'InvalidParameterValue',
      message: expect.stringContaining('currently in use'),
    });
    expect(await refusal(launch())).toEqual({
      code: 'InvalidNetworkInterface.InUse',
      message: `Interface: [${NetworkInterfaceId}] in use.`,
      status: 400,
    });
    await ec2.client.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    expect(await refusal(remove(NetworkInterfaceId))).toMatchObject({ code: 'InvalidParameterValue' });
    await reached(ec2.client, id, 'terminated');
    expect(await described(NetworkInterfaceId)).toMatchObject({ Status: 'available' });
    await remove(NetworkInterfaceId);
    expect(await refusal(described(NetworkInterfaceId))).toMatchObject({ code: 'InvalidNetworkInterfaceID.NotFound' });
  });

  it('is found by its attachment, subnet and group', async () => {
    const { NetworkInterfaceId } = await create({ Groups: [network.groupId] });
    await create();
    const found = async (Name: string, value: string) =>
      (await ec2.client.send(new DescribeNetworkInterfacesCommand({ Filters: [{ Name, Values: [value] }] }))).NetworkInterfaces ?? [];
    expect(await found('group-id', network.groupId)).toEqual([expect.objectContaining({ NetworkInterfaceId })]);
    expect(await found('subnet-id', network.subnetId)).toHaveLength(2);
    expect(await found('status', 'in-use')).toHaveLength(0);
    expect(await refusal(found('owner-id', '1'))).toMatchObject({ code: 'UnsupportedOperation' });
  });
});
