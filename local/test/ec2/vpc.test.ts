import {
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateRouteTableCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DeleteRouteTableCommand,
  DeleteSecurityGroupCommand,
  DeleteSubnetCommand,
  DeleteVpcCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
  DescribeVpcAttributeCommand,
  DescribeVpcsCommand,
  DetachInternetGatewayCommand,
  ModifyVpcAttributeCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refusal, startEc2, type TestEc2 } from './server.ts';

let test: TestEc2;
beforeEach(async () => {
  test = await startEc2();
});
afterEach(() => test.stop());

const createVpc = async (CidrBlock = '10.0.0.0/16') => {
  const { Vpc } = await test.client.send(new CreateVpcCommand({ CidrBlock }));
  return Vpc?.VpcId ?? '';
};

describe('a VPC', () => {
  it('is pending in the answer and available after that', async () => {
    const { Vpc } = await test.client.send(
      new CreateVpcCommand({ CidrBlock: '10.0.0.0/16', TagSpecifications: [{ ResourceType: 'vpc', Tags: [{ Key: 'Name', Value: 'a' }] }] }),
    );
    expect(Vpc).toMatchObject({ State: 'pending', CidrBlock: '10.0.0.0/16', OwnerId: '000000000000', IsDefault: false });
    expect(Vpc?.VpcId).toMatch(/^vpc-[0-9a-f]{17}$/);
    const { Vpcs } = await test.client.send(new DescribeVpcsCommand({ VpcIds: [Vpc?.VpcId ?? ''] }));
    expect(Vpcs).toEqual([{ ...Vpc, State: 'available' }]);
    expect(Vpcs?.[0]?.Tags).toEqual([{ Key: 'Name', Value: 'a' }]);
  });

  it('has its CIDR block in canonical form', async () => {
    const { Vpc } = await test.client.send(new CreateVpcCommand({ CidrBlock: '100.68.0.18/18' }));
    expect(Vpc?.CidrBlock).toBe('100.68.0.0/18');
  });

  it.each([
    ['10.0.0.0', 'InvalidParameterValue', 'Value (10.0.0.0) for parameter cidrBlock is invalid. This is not a valid CIDR block.'],
    ['10.0.0.256/24', 'InvalidParameterValue', 'Value (10.0.0.256/24) for parameter cidrBlock is invalid. This is not a valid CIDR block.'],
    ['10.0.0.0/15', 'InvalidVpc.Range', "The CIDR '10.0.0.0/15' is invalid."],
    ['10.0.0.0/29', 'InvalidVpc.Range', "The CIDR '10.0.0.0/29' is invalid."],
  ])('cannot have the CIDR block %s', async (CidrBlock, code, message) => {
    expect(await refusal(test.client.send(new CreateVpcCommand({ CidrBlock })))).toEqual({ code, message, status: 400 });
  });

  it('needs a CIDR block', async () => {
    expect(await refusal(test.client.send(new CreateVpcCommand({})))).toMatchObject({ code: 'MissingParameter' });
  });

  it('has a main route table and a default security group', async () => {
    const VpcId = await createVpc();
    const ofVpc = { Filters: [{ Name: 'vpc-id', Values: [VpcId] }] };
    const { RouteTables } = await test.client.send(new DescribeRouteTablesCommand(ofVpc));
    expect(RouteTables).toMatchObject([
      { Associations: [{ Main: true }], Routes: [{ DestinationCidrBlock: '10.0.0.0/16', GatewayId: 'local', State: 'active' }], Tags: [] },
    ]);
    const { SecurityGroups } = await test.client.send(new DescribeSecurityGroupsCommand(ofVpc));
    const group = SecurityGroups?.[0];
    expect(SecurityGroups).toMatchObject([
      {
        GroupName: 'default',
        IpPermissions: [{ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: group?.GroupId }], IpRanges: [] }],
        IpPermissionsEgress: [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
      },
    ]);
  });

  it('exists at most five times', async () => {
    for (let count = 0; count < 5; count++) await createVpc();
    expect(await refusal(createVpc())).toEqual({
      code: 'VpcLimitExceeded',
      message: 'The maximum number of VPCs has been reached.',
      status: 400,
    });
    expect(await test.clientOf('eu-west-1').send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }))).toHaveProperty('Vpc');
  });

  it('is not found in another region', async () => {
    const id = 'vpc-00000000000000000';
    const missing = { code: 'InvalidVpcID.NotFound', message: `The vpc ID '${id}' does not exist`, status: 400 };
    expect(await refusal(test.client.send(new DescribeVpcsCommand({ VpcIds: [id] })))).toEqual(missing);
    expect(await refusal(test.client.send(new DeleteVpcCommand({ VpcId: id })))).toEqual(missing);
    const VpcId = await createVpc();
    expect(await refusal(test.clientOf('eu-west-1').send(new DeleteVpcCommand({ VpcId })))).toMatchObject({
      code: 'InvalidVpcID.NotFound',
    });
    expect(await refusal(test.client.send(new DescribeVpcsCommand({ VpcIds: [id, VpcId, 'vpc-11111111'] })))).toMatchObject({
      message: `The vpc IDs '${id}, vpc-11111111' do not exist`,
    });
  });

  it.each(['vpc', 'subnet-00000000000000000', 'vpc-0000', 'vpc-0000000000000000G', '__proto__'])('cannot have the ID %s', async (id) => {
    expect(await refusal(test.client.send(new DescribeVpcsCommand({ VpcIds: [id] })))).toEqual({
      code: 'InvalidVpcID.Malformed',
      message: `Invalid id: "${id}" (expecting "vpc-...")`,
      status: 400,
    });
  });
});

describe('an attribute of a VPC', () => {
  const attribute = async (VpcId: string, Attribute: 'enableDnsSupport' | 'enableDnsHostnames') => {
    const { EnableDnsHostnames, EnableDnsSupport } = await test.client.send(new DescribeVpcAttributeCommand({ VpcId, Attribute }));
    return [EnableDnsSupport?.Value, EnableDnsHostnames?.Value];
  };

  it('can be changed', async () => {
    const VpcId = await createVpc();
    expect(await attribute(VpcId, 'enableDnsSupport')).toEqual([true, undefined]);
    expect(await attribute(VpcId, 'enableDnsHostnames')).toEqual([undefined, false]);
    await test.client.send(new ModifyVpcAttributeCommand({ VpcId, EnableDnsHostnames: { Value: true } }));
    expect(await attribute(VpcId, 'enableDnsHostnames')).toEqual([undefined, true]);
    await test.client.send(new ModifyVpcAttributeCommand({ VpcId, EnableDnsSupport: { Value: false } }));
    expect(await attribute(VpcId, 'enableDnsSupport')).toEqual([false, undefined]);
  });

  it('is the only one that a call changes', async () => {
    const VpcId = await createVpc();
    const both = { EnableDnsHostnames: { Value: true }, EnableDnsSupport: { Value: true } };
    expect(await refusal(test.client.send(new ModifyVpcAttributeCommand({ VpcId, ...both })))).toMatchObject({
      code: 'InvalidParameterCombination',
      message: 'Fields for multiple attribute types specified: enableDnsHostnames, enableDnsSupport',
    });
    expect(await attribute(VpcId, 'enableDnsHostnames')).toEqual([undefined, false]);
    expect(await refusal(test.client.send(new ModifyVpcAttributeCommand({ VpcId })))).toMatchObject({
      code: 'InvalidParameterCombination',
    });
  });
});

describe('deleting a VPC', () => {
  it('deletes what was created with it', async () => {
    const VpcId = await createVpc();
    await test.client.send(new DeleteVpcCommand({ VpcId }));
    expect((await test.client.send(new DescribeVpcsCommand({}))).Vpcs).toEqual([]);
    expect((await test.client.send(new DescribeRouteTablesCommand({}))).RouteTables).toEqual([]);
    expect((await test.client.send(new DescribeSecurityGroupsCommand({}))).SecurityGroups).toEqual([]);
    expect((await test.client.send(new DescribeSecurityGroupRulesCommand({}))).SecurityGroupRules).toEqual([]);
  });

  it('fails while it has other resources', async () => {
    const { client } = test;
    const VpcId = await createVpc();
    const { Subnet } = await client.send(new CreateSubnetCommand({ VpcId, CidrBlock: '10.0.0.0/24' }));
    const { RouteTable } = await client.send(new CreateRouteTableCommand({ VpcId }));
    const { GroupId } = await client.send(new CreateSecurityGroupCommand({ VpcId, GroupName: 'a', Description: 'a' }));
    const { InternetGateway } = await client.send(new CreateInternetGatewayCommand({}));
    const attachment = { VpcId, InternetGatewayId: InternetGateway?.InternetGatewayId };
    await client.send(new AttachInternetGatewayCommand(attachment));
    const remove = [
      () => client.send(new DeleteSubnetCommand({ SubnetId: Subnet?.SubnetId })),
      () => client.send(new DeleteRouteTableCommand({ RouteTableId: RouteTable?.RouteTableId })),
      () => client.send(new DeleteSecurityGroupCommand({ GroupId })),
      () => client.send(new DetachInternetGatewayCommand(attachment)),
    ];
    for (const step of remove) {
      expect(await refusal(client.send(new DeleteVpcCommand({ VpcId })))).toEqual({
        code: 'DependencyViolation',
        message: `The vpc '${VpcId}' has dependencies and cannot be deleted.`,
        status: 400,
      });
      await step();
    }
    await client.send(new DeleteVpcCommand({ VpcId }));
  });
});
