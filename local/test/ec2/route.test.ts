import {
  AssociateRouteTableCommand,
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DeleteRouteCommand,
  DeleteRouteTableCommand,
  DescribeRouteTablesCommand,
  DetachInternetGatewayCommand,
  DisassociateRouteTableCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refusal, startEc2, type TestEc2 } from './server.ts';

let test: TestEc2;
let vpc: string;
let table: string;
beforeEach(async () => {
  test = await startEc2();
  vpc = await createVpc();
  table = await createTable(vpc);
});
afterEach(() => test.stop());

const createVpc = async () => (await test.client.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }))).Vpc?.VpcId ?? '';
const createTable = async (VpcId: string, ClientToken?: string) =>
  (await test.client.send(new CreateRouteTableCommand({ VpcId, ClientToken }))).RouteTable?.RouteTableId ?? '';
const attachedGateway = async (VpcId: string) => {
  const { InternetGateway } = await test.client.send(new CreateInternetGatewayCommand({}));
  const InternetGatewayId = InternetGateway?.InternetGatewayId ?? '';
  await test.client.send(new AttachInternetGatewayCommand({ InternetGatewayId, VpcId }));
  return InternetGatewayId;
};
const createSubnet = async (VpcId: string, CidrBlock = '10.0.0.0/24') =>
  (await test.client.send(new CreateSubnetCommand({ VpcId, CidrBlock }))).Subnet?.SubnetId ?? '';
const describeTable = async (id = table) =>
  (await test.client.send(new DescribeRouteTablesCommand({ RouteTableIds: [id] }))).RouteTables?.[0];
const createRoute = (DestinationCidrBlock: string, GatewayId: string) =>
  test.client.send(new CreateRouteCommand({ RouteTableId: table, DestinationCidrBlock, GatewayId }));
const associate = async (SubnetId: string, RouteTableId = table) =>
  (await test.client.send(new AssociateRouteTableCommand({ RouteTableId, SubnetId }))).AssociationId ?? '';

describe('a route', () => {
  it('leads to the gateway, and nowhere after that is detached', async () => {
    const gateway = await attachedGateway(vpc);
    await createRoute('0.0.0.0/0', gateway);
    const route = { DestinationCidrBlock: '0.0.0.0/0', GatewayId: gateway, Origin: 'CreateRoute' };
    expect((await describeTable())?.Routes).toEqual([
      { DestinationCidrBlock: '10.0.0.0/16', GatewayId: 'local', Origin: 'CreateRouteTable', State: 'active' },
      { ...route, State: 'active' },
    ]);
    await test.client.send(new DetachInternetGatewayCommand({ InternetGatewayId: gateway, VpcId: vpc }));
    expect((await describeTable())?.Routes?.[1]).toEqual({ ...route, State: 'blackhole' });
  });

  it('is the only one to its destination', async () => {
    const gateway = await attachedGateway(vpc);
    await createRoute('0.0.0.0/0', gateway);
    const exists = (range: string) => ({
      code: 'RouteAlreadyExists',
      message: `The route identified by ${range} already exists.`,
      status: 400,
    });
    expect(await refusal(createRoute('0.0.0.0/0', gateway))).toEqual(exists('0.0.0.0/0'));
    expect(await refusal(createRoute('10.0.0.0/16', gateway))).toEqual(exists('10.0.0.0/16'));
  });

  it('leads only to a gateway of the same VPC', async () => {
    const other = await attachedGateway(await createVpc());
    expect(await refusal(createRoute('0.0.0.0/0', other))).toEqual({
      code: 'InvalidParameterValue',
      message: `route table ${table} and network gateway ${other} belong to different networks`,
      status: 400,
    });
    expect(await refusal(createRoute('0.0.0.0/0', 'igw-00000000000000000'))).toEqual({
      code: 'InvalidGatewayID.NotFound',
      message: "The gateway ID 'igw-00000000000000000' does not exist",
      status: 400,
    });
    expect(await refusal(createRoute('everywhere', other))).toMatchObject({ code: 'InvalidParameterValue' });
  });

  it('can be deleted, except for the local route', async () => {
    await createRoute('0.0.0.0/0', await attachedGateway(vpc));
    const remove = (DestinationCidrBlock: string) =>
      test.client.send(new DeleteRouteCommand({ RouteTableId: table, DestinationCidrBlock }));
    await remove('0.0.0.0/0');
    expect((await describeTable())?.Routes).toHaveLength(1);
    expect(await refusal(remove('0.0.0.0/0'))).toMatchObject({ code: 'InvalidRoute.NotFound' });
    expect(await refusal(remove('10.0.0.0/16'))).toMatchObject({
      code: 'InvalidParameterValue',
      message: `cannot remove local route 10.0.0.0/16 in route table ${table}`,
    });
  });
});

describe('an association', () => {
  it('connects a subnet with one table until it is removed', async () => {
    const subnet = await createSubnet(vpc);
    const association = await associate(subnet);
    expect(association).toMatch(/^rtbassoc-[0-9a-f]{17}$/);
    expect((await describeTable())?.Associations).toEqual([
      {
        RouteTableAssociationId: association,
        RouteTableId: table,
        SubnetId: subnet,
        Main: false,
        AssociationState: { State: 'associated' },
      },
    ]);
    const other = await createTable(vpc);
    for (const one of [table, other])
      expect(await refusal(associate(subnet, one))).toEqual({
        code: 'Resource.AlreadyAssociated',
        message: `the specified association for route table ${one} conflicts with an existing association`,
        status: 400,
      });
    await test.client.send(new DisassociateRouteTableCommand({ AssociationId: association }));
    expect((await describeTable())?.Associations).toEqual([]);
    await associate(subnet, other);
  });

  it('stays within a VPC', async () => {
    const subnet = await createSubnet(await createVpc());
    expect(await refusal(associate(subnet))).toMatchObject({
      code: 'InvalidParameterValue',
      message: `Route table ${table} and subnet ${subnet} belong to different networks`,
    });
  });

  it('cannot be removed if it does not exist or is the main association', async () => {
    const disassociate = (AssociationId: string) => test.client.send(new DisassociateRouteTableCommand({ AssociationId }));
    const missing = 'rtbassoc-00000000000000000';
    expect(await refusal(disassociate(missing))).toEqual({
      code: 'InvalidAssociationID.NotFound',
      message: `The association ID '${missing}' does not exist`,
      status: 400,
    });
    const main = await test.client.send(new DescribeRouteTablesCommand({ Filters: [{ Name: 'association.main', Values: ['true'] }] }));
    const id = main.RouteTables?.[0]?.Associations?.[0]?.RouteTableAssociationId ?? '';
    expect(await refusal(disassociate(id))).toMatchObject({ code: 'InvalidParameterValue' });
  });
});

describe('a route table', () => {
  const remove = (RouteTableId: string) => test.client.send(new DeleteRouteTableCommand({ RouteTableId }));

  it('is deleted only without associations', async () => {
    const association = await associate(await createSubnet(vpc));
    expect(await refusal(remove(table))).toEqual({
      code: 'DependencyViolation',
      message: `The routeTable '${table}' has dependencies and cannot be deleted.`,
      status: 400,
    });
    await test.client.send(new DisassociateRouteTableCommand({ AssociationId: association }));
    await remove(table);
    expect(await refusal(remove(table))).toEqual({
      code: 'InvalidRouteTableID.NotFound',
      message: `The routeTable ID '${table}' does not exist`,
      status: 400,
    });
  });

  it('cannot be deleted if it is the main table of its VPC', async () => {
    const { RouteTables } = await test.client.send(
      new DescribeRouteTablesCommand({ Filters: [{ Name: 'association.main', Values: ['true'] }] }),
    );
    expect(await refusal(remove(RouteTables?.[0]?.RouteTableId ?? ''))).toMatchObject({ code: 'DependencyViolation' });
  });

  it('is found by its routes and associations', async () => {
    const subnet = await createSubnet(vpc);
    const gateway = await attachedGateway(vpc);
    await associate(subnet);
    await createRoute('0.0.0.0/0', gateway);
    for (const [Name, value] of [
      ['association.subnet-id', subnet],
      ['route.gateway-id', gateway],
      ['association.main', 'false'],
      ['route.origin', 'CreateRoute'],
    ]) {
      const { RouteTables } = await test.client.send(new DescribeRouteTablesCommand({ Filters: [{ Name, Values: [value ?? ''] }] }));
      expect(RouteTables?.map(({ RouteTableId }) => RouteTableId)).toEqual([table]);
    }
  });
});

describe('a client token', () => {
  const day = 24 * 60 * 60 * 1000;
  const tables = async () =>
    (await test.client.send(new DescribeRouteTablesCommand({ Filters: [{ Name: 'association.main', Values: ['*'] }] }))).RouteTables;

  it('has the effect of one request', async () => {
    const first = await createTable(vpc, 'token');
    expect(await createTable(vpc, 'token')).toBe(first);
    expect(await createTable(vpc, 'other')).not.toBe(first);
    expect(await createTable(vpc)).not.toBe(first);
    expect((await test.client.send(new DescribeRouteTablesCommand({}))).RouteTables).toHaveLength(5);
    expect(await tables()).toHaveLength(1);
  });

  it('is echoed', async () => {
    expect((await test.client.send(new CreateRouteTableCommand({ VpcId: vpc, ClientToken: 'token' }))).ClientToken).toBe('token');
  });

  it('is valid for one set of parameters', async () => {
    await createTable(vpc, 'token');
    expect(await refusal(createTable(await createVpc(), 'token'))).toEqual({
      code: 'IdempotentParameterMismatch',
      message: 'Arguments on this idempotent request are inconsistent with arguments used in previous request(s).',
      status: 400,
    });
    const tagged = {
      VpcId: vpc,
      ClientToken: 'token',
      TagSpecifications: [{ ResourceType: 'route-table' as const, Tags: [{ Key: 'a', Value: 'b' }] }],
    };
    expect(await refusal(test.client.send(new CreateRouteTableCommand(tagged)))).toMatchObject({ code: 'IdempotentParameterMismatch' });
  });

  it('is valid while its resource exists, and a day longer', async () => {
    const first = await createTable(vpc, 'token');
    test.clock.advance(30 * day);
    expect(await createTable(vpc, 'token')).toBe(first);
    await test.client.send(new DeleteRouteTableCommand({ RouteTableId: first }));
    test.clock.advance(day - 60_000);
    expect(await createTable(vpc, 'token')).toBe(first);
    expect(await refusal(describeTable(first))).toMatchObject({ code: 'InvalidRouteTableID.NotFound' });
    test.clock.advance(120_000);
    expect(await createTable(vpc, 'token')).not.toBe(first);
  });

  it('is valid after a restart', async () => {
    const first = await createTable(vpc, 'token');
    test = await test.restart();
    expect(await createTable(vpc, 'token')).toBe(first);
  });

  it('is not used up by a refused request', async () => {
    expect(await refusal(createTable('vpc-00000000000000000', 'token'))).toMatchObject({ code: 'InvalidVpcID.NotFound' });
    expect(await createTable(vpc, 'token')).toMatch(/^rtb-/);
  });

  it('has at most 64 characters', async () => {
    expect(await createTable(vpc, 'x'.repeat(64))).toMatch(/^rtb-/);
    expect(await refusal(createTable(vpc, 'x'.repeat(65)))).toMatchObject({ code: 'InvalidParameterValue' });
  });

  it('is valid in one region', async () => {
    const first = await createTable(vpc, 'token');
    const elsewhere = test.clientOf('eu-west-1');
    const { Vpc } = await elsewhere.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
    const { RouteTable } = await elsewhere.send(new CreateRouteTableCommand({ VpcId: Vpc?.VpcId, ClientToken: 'token' }));
    expect(RouteTable?.RouteTableId).not.toBe(first);
  });
});
