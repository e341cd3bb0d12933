import {
  CreateNetworkInterfaceCommand,
  type CreateNetworkInterfaceCommandInput,
  CreateSecurityGroupCommand,
  CreateVpcCommand,
  DeleteNetworkInterfaceCommand,
  DeleteSecurityGroupCommand,
  DeleteSubnetCommand,
  DescribeNetworkInterfaceAttributeCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSubnetsCommand,
  ModifyNetworkInterfaceAttributeCommand,
  type ModifyNetworkInterfaceAttributeCommandInput,
  ModifySubnetAttributeCommand,
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
  it('uses a free address after the four reserved ones, with tags, groups and description', async () => {
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

  it('uses the default group of the VPC by default', async () => {
    const { Groups } = await create();
    expect(Groups).toEqual([expect.objectContaining({ GroupName: 'default' })]);
  });

  it('fails if the subnet has no free address, until another interface is deleted', async () => {
    const made = [];
    // AWS reserves five of the 16 addresses.
    for (let count = 0; count < 11; count++) made.push(await create());
    expect(new Set(made.map(({ PrivateIpAddress }) => PrivateIpAddress)).size).toBe(11);
    expect(made.map(({ PrivateIpAddress }) => PrivateIpAddress)).not.toContain('10.0.0.15');
    expect(await freeAddresses()).toBe(0);
    expect(await refusal(create())).toMatchObject({ code: 'InsufficientFreeAddressesInSubnet' });
    await remove(made[3]?.NetworkInterfaceId);
    expect((await create()).PrivateIpAddress).toBe(made[3]?.PrivateIpAddress);
  });

  it('fails if others have taken the free addresses of the subnet, as the settings say', async () => {
    ec2.ec2.admin('POST', { full: ['10.0.0.0/28'] });
    expect(await freeAddresses()).toBe(0);
    expect(await refusal(create())).toMatchObject({ code: 'InsufficientFreeAddressesInSubnet' });
    ec2.ec2.admin('DELETE', undefined);
    expect(await freeAddresses()).toBe(11);
  });

  it('returns the same interface for the same client token, and refuses other parameters', async () => {
    const first = await create({ ClientToken: 'once' });
    expect((await create({ ClientToken: 'once' })).NetworkInterfaceId).toBe(first.NetworkInterfaceId);
    expect(await freeAddresses()).toBe(10);
    expect(await refusal(create({ ClientToken: 'once', Description: 'other' }))).toMatchObject({ code: 'IdempotentParameterMismatch' });
  });

  it('refuses groups of another VPC, and a subnet or group that does not exist', async () => {
    const other = await ec2.client.send(new CreateVpcCommand({ CidrBlock: '10.1.0.0/16' }));
    const group = await ec2.client.send(new CreateSecurityGroupCommand({ VpcId: other.Vpc?.VpcId, GroupName: 'far', Description: 'far' }));
    expect(await refusal(create({ Groups: [group.GroupId ?? ''] }))).toMatchObject({ code: 'InvalidParameter' });
    // AWS's answer in https://github.com/hashicorp/terraform/issues/3372.
    for (const group of ['sg-00000000000000000', '{$aws_security_group.csr_sg_inside.name}'])
      expect(await refusal(create({ Groups: [group] }))).toMatchObject({
        code: 'InvalidSecurityGroupID.NotFound',
        message: `The securityGroup ID '${group}' does not exist`,
      });
    expect(await refusal(create({ SubnetId: 'subnet-00000000000000000' }))).toMatchObject({ code: 'InvalidSubnetID.NotFound' });
  });
});

describe('an interface', () => {
  it('prevents the deletion of its subnet and its groups', async () => {
    const { NetworkInterfaceId } = await create({ Groups: [network.groupId] });
    const deleteGroup = () => ec2.client.send(new DeleteSecurityGroupCommand({ GroupId: network.groupId }));
    const deleteSubnet = () => ec2.client.send(new DeleteSubnetCommand({ SubnetId: network.subnetId }));
    expect(await refusal(deleteGroup())).toMatchObject({ code: 'DependencyViolation' });
    expect(await refusal(deleteSubnet())).toMatchObject({ code: 'DependencyViolation' });
    await remove(NetworkInterfaceId);
    await deleteGroup();
    await deleteSubnet();
  });

  it('cannot be deleted while it is attached, and remains after its instance', async () => {
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
    // The termination ends when the clock advances, not while a slow machine asks for the deletion.
    ec2.clock.setRate(0.001);
    await ec2.client.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    expect(await refusal(remove(NetworkInterfaceId))).toMatchObject({ code: 'InvalidParameterValue' });
    ec2.clock.advance(1000);
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

// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyNetworkInterfaceAttribute.html: "Indicates whether to assign a public
// IPv4 address to a network interface. This option can be enabled for any network interface"; "You can specify only one attribute at a time."
describe('ModifyNetworkInterfaceAttribute', () => {
  const modify = (input: Omit<ModifyNetworkInterfaceAttributeCommandInput, 'NetworkInterfaceId'>, NetworkInterfaceId = '') =>
    ec2.client.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, ...input }));
  const mapAddresses = (Value: boolean) =>
    ec2.client.send(new ModifySubnetAttributeCommand({ SubnetId: network.subnetId, MapPublicIpOnLaunch: { Value } }));
  const associates = async (NetworkInterfaceId = '') => {
    const Attribute = 'associatePublicIpAddress';
    return (await ec2.client.send(new DescribeNetworkInterfaceAttributeCommand({ NetworkInterfaceId, Attribute })))
      .AssociatePublicIpAddress;
  };
  const launchWith = async (NetworkInterfaceId = '') => {
    const { Instances } = await ec2.client.send(
      new RunInstancesCommand({
        ImageId: await imageFor(ec2.client),
        InstanceType: 't3.micro',
        MinCount: 1,
        MaxCount: 1,
        NetworkInterfaces: [{ DeviceIndex: 0, NetworkInterfaceId }],
      }),
    );
    return reached(ec2.client, known(Instances?.[0]?.InstanceId), 'running');
  };

  it('changes the description, and nothing besides it', async () => {
    const { NetworkInterfaceId } = await create({ Description: 'one' });
    await modify({ Description: { Value: 'two' } }, NetworkInterfaceId);
    expect(await described(NetworkInterfaceId)).toMatchObject({ Description: 'two' });
    const both = modify({ Description: { Value: 'three' }, AssociatePublicIpAddress: true }, NetworkInterfaceId);
    expect((await refusal(both)).code).toBe('InvalidParameterCombination');
    expect(await described(NetworkInterfaceId)).toMatchObject({ Description: 'two' });
  });

  it('is unnecessary if the subnet assigned addresses when the interface was created', async () => {
    const { NetworkInterfaceId } = await create();
    await mapAddresses(false);
    expect(await associates(NetworkInterfaceId)).toBe(true);
    expect((await launchWith(NetworkInterfaceId)).PublicIpAddress).toMatch(/^127\./);
  });

  it('adds an address to the instance of an interface that was created without one', async () => {
    await mapAddresses(false);
    const [left, changed] = [await create(), await create()];
    await mapAddresses(true);
    await modify({ AssociatePublicIpAddress: true }, changed.NetworkInterfaceId);
    expect([await associates(left.NetworkInterfaceId), await associates(changed.NetworkInterfaceId)]).toEqual([false, true]);
    expect((await launchWith(left.NetworkInterfaceId)).PublicIpAddress).toBeUndefined();
    expect((await launchWith(changed.NetworkInterfaceId)).PublicIpAddress).toMatch(/^127\./);
  });

  it('removes and adds the address of a running instance', async () => {
    const { NetworkInterfaceId } = await create();
    const { InstanceId = '' } = await launchWith(NetworkInterfaceId);
    await modify({ AssociatePublicIpAddress: false }, NetworkInterfaceId);
    expect((await described(NetworkInterfaceId)).Association).toBeUndefined();
    expect((await reached(ec2.client, InstanceId, 'running')).PublicIpAddress).toBeUndefined();
    await modify({ AssociatePublicIpAddress: true }, NetworkInterfaceId);
    expect((await reached(ec2.client, InstanceId, 'running')).PublicIpAddress).toMatch(/^127\./);
  });

  it('moves an interface to other security groups of its VPC', async () => {
    const { NetworkInterfaceId } = await create();
    await modify({ Groups: [network.groupId] }, NetworkInterfaceId);
    expect((await described(NetworkInterfaceId)).Groups).toEqual([{ GroupId: network.groupId, GroupName: 'web' }]);
  });

  it('refuses no attribute, two attributes, and an unknown interface', async () => {
    const { NetworkInterfaceId } = await create();
    expect(await refusal(modify({}, NetworkInterfaceId))).toMatchObject({ code: 'InvalidParameterCombination' });
    const both = { AssociatePublicIpAddress: true, Groups: [network.groupId] };
    expect(await refusal(modify(both, NetworkInterfaceId))).toMatchObject({ code: 'InvalidParameterCombination' });
    const missing = modify({ AssociatePublicIpAddress: true }, 'eni-00000000000000000');
    expect(await refusal(missing)).toMatchObject({ code: 'InvalidNetworkInterfaceID.NotFound' });
  });
});
