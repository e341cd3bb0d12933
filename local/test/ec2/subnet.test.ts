import {
  AssociateRouteTableCommand,
  CreateRouteTableCommand,
  CreateSubnetCommand,
  type CreateSubnetCommandInput,
  CreateVpcCommand,
  DeleteSubnetCommand,
  DescribeAvailabilityZonesCommand,
  type DescribeAvailabilityZonesCommandInput,
  DescribeRouteTablesCommand,
  DescribeSubnetsCommand,
  ModifySubnetAttributeCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refusal, startEc2, type TestEc2 } from './server.ts';

let test: TestEc2;
let VpcId: string;
beforeEach(async () => {
  test = await startEc2();
  VpcId = (await test.client.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }))).Vpc?.VpcId ?? '';
});
afterEach(() => test.stop());

const createSubnet = async (input: Partial<CreateSubnetCommandInput>) =>
  (await test.client.send(new CreateSubnetCommand({ VpcId, CidrBlock: '10.0.0.0/24', ...input }))).Subnet;

describe('a subnet', () => {
  it('is in its zone, and has all but five of its addresses', async () => {
    const subnet = await createSubnet({ AvailabilityZone: 'us-east-1c' });
    expect(subnet).toMatchObject({
      VpcId,
      State: 'available',
      CidrBlock: '10.0.0.0/24',
      AvailabilityZone: 'us-east-1c',
      AvailabilityZoneId: 'use1-az3',
      AvailableIpAddressCount: 251,
      MapPublicIpOnLaunch: false,
    });
    expect((await test.client.send(new DescribeSubnetsCommand({}))).Subnets).toEqual([subnet]);
    expect((await createSubnet({ CidrBlock: '10.0.1.0/28' }))?.AvailableIpAddressCount).toBe(11);
  });

  it('can be created in a zone by its ID', async () => {
    expect(await createSubnet({ AvailabilityZoneId: 'use1-az6' })).toMatchObject({ AvailabilityZone: 'us-east-1f' });
  });

  it('is in a random zone by default', async () => {
    const zones = new Set<string>();
    for (let third = 0; third < 40; third++) zones.add((await createSubnet({ CidrBlock: `10.0.${third}.0/24` }))?.AvailabilityZone ?? '');
    expect(zones.size).toBeGreaterThan(1);
    for (const zone of zones) expect(zone).toMatch(/^us-east-1[a-f]$/);
  });

  it('has its CIDR block in canonical form', async () => {
    expect((await createSubnet({ CidrBlock: '10.0.3.77/24' }))?.CidrBlock).toBe('10.0.3.0/24');
  });

  it.each([
    [{ CidrBlock: '10.1.0.0/24' }, 'InvalidSubnet.Range', "The CIDR '10.1.0.0/24' is invalid."],
    [{ CidrBlock: '10.0.0.0/15' }, 'InvalidSubnet.Range', "The CIDR '10.0.0.0/15' is invalid."],
    [{ CidrBlock: '10.0.0.0/29' }, 'InvalidSubnet.Range', "The CIDR '10.0.0.0/29' is invalid."],
    [{ CidrBlock: 'here' }, 'InvalidParameterValue', 'Value (here) for parameter cidrBlock is invalid. This is not a valid CIDR block.'],
    [
      { AvailabilityZone: 'us-east-1g' },
      'InvalidParameterValue',
      'Value (us-east-1g) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: us-east-1a, us-east-1b, us-east-1c, us-east-1d, us-east-1e, us-east-1f.',
    ],
    [
      { AvailabilityZoneId: 'use1-az7' },
      'InvalidParameterValue',
      'Value (use1-az7) for parameter availabilityZoneId is invalid. Subnets can currently only be created in the following availability zones: use1-az1, use1-az2, use1-az3, use1-az4, use1-az5, use1-az6.',
    ],
    [{ VpcId: 'vpc-00000000000000000' }, 'InvalidVpcID.NotFound', "The vpc ID 'vpc-00000000000000000' does not exist"],
  ])('cannot be created with %o', async (input, code, message) => {
    expect(await refusal(createSubnet(input))).toEqual({ code, message, status: 400 });
  });

  it.each(['10.0.0.0/24', '10.0.0.128/25', '10.0.0.0/20'])('cannot overlap another one, like %s', async (CidrBlock) => {
    await createSubnet({ CidrBlock: '10.0.0.0/24' });
    expect(await refusal(createSubnet({ CidrBlock }))).toEqual({
      code: 'InvalidSubnet.Conflict',
      message: `The CIDR '${CidrBlock}' conflicts with another subnet`,
      status: 400,
    });
  });

  it('cannot be larger than its VPC', async () => {
    const { Vpc } = await test.client.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/24' }));
    expect(await refusal(createSubnet({ VpcId: Vpc?.VpcId, CidrBlock: '10.0.0.0/23' }))).toMatchObject({ code: 'InvalidSubnet.Range' });
    expect(await createSubnet({ VpcId: Vpc?.VpcId, CidrBlock: '10.0.0.0/24' })).toMatchObject({ AvailableIpAddressCount: 251 });
  });

  it('may have the addresses of a subnet of another VPC', async () => {
    await createSubnet({});
    const { Vpc } = await test.client.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
    expect(await createSubnet({ VpcId: Vpc?.VpcId })).toMatchObject({ CidrBlock: '10.0.0.0/24' });
  });

  it('assigns public addresses on request', async () => {
    const SubnetId = (await createSubnet({}))?.SubnetId;
    await test.client.send(new ModifySubnetAttributeCommand({ SubnetId, MapPublicIpOnLaunch: { Value: true } }));
    const { Subnets } = await test.client.send(
      new DescribeSubnetsCommand({ Filters: [{ Name: 'map-public-ip-on-launch', Values: ['true'] }] }),
    );
    expect(Subnets).toMatchObject([{ SubnetId, MapPublicIpOnLaunch: true }]);
    expect(await refusal(test.client.send(new ModifySubnetAttributeCommand({ SubnetId })))).toMatchObject({
      code: 'InvalidParameterCombination',
    });
  });

  it('is deleted with its association with a route table', async () => {
    const SubnetId = (await createSubnet({}))?.SubnetId;
    const { RouteTable } = await test.client.send(new CreateRouteTableCommand({ VpcId }));
    const RouteTableId = RouteTable?.RouteTableId ?? '';
    await test.client.send(new AssociateRouteTableCommand({ SubnetId, RouteTableId }));
    await test.client.send(new DeleteSubnetCommand({ SubnetId }));
    const { RouteTables } = await test.client.send(new DescribeRouteTablesCommand({ RouteTableIds: [RouteTableId] }));
    expect(RouteTables?.[0]?.Associations).toEqual([]);
    expect(await refusal(test.client.send(new DeleteSubnetCommand({ SubnetId })))).toMatchObject({ code: 'InvalidSubnetID.NotFound' });
  });
});

describe('the availability zones', () => {
  const zonesIn = async (region: string) => {
    const { AvailabilityZones } = await test.clientOf(region).send(new DescribeAvailabilityZonesCommand({}));
    return AvailabilityZones?.map(({ ZoneName, ZoneId }) => `${ZoneName} ${ZoneId}`);
  };

  it('are those of the region', async () => {
    expect(await zonesIn('us-east-1')).toEqual([...'abcdef'].map((letter, index) => `us-east-1${letter} use1-az${index + 1}`));
    expect(await zonesIn('ap-northeast-1')).toEqual([
      'ap-northeast-1a apne1-az1',
      'ap-northeast-1c apne1-az2',
      'ap-northeast-1d apne1-az3',
    ]);
    expect(await zonesIn('eu-central-1')).toContain('eu-central-1b euc1-az2');
  });

  it('can be selected by name, ID and filter', async () => {
    const names = async (input: DescribeAvailabilityZonesCommandInput) =>
      (await test.client.send(new DescribeAvailabilityZonesCommand(input))).AvailabilityZones?.map(({ ZoneName }) => ZoneName);
    expect(await names({ ZoneNames: ['us-east-1b'] })).toEqual(['us-east-1b']);
    expect(await names({ ZoneIds: ['use1-az4'] })).toEqual(['us-east-1d']);
    expect(await names({ ZoneNames: ['us-east-1a'], ZoneIds: ['use1-az2'] })).toEqual([]);
    expect(await names({ Filters: [{ Name: 'zone-name', Values: ['*-1e'] }] })).toEqual(['us-east-1e']);
    expect(await refusal(names({ ZoneNames: ['us-east-1z'] }))).toMatchObject({
      code: 'InvalidParameterValue',
      message: 'Invalid availability zone: [us-east-1z]',
    });
  });
});
