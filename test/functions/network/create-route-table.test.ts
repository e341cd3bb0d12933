import { AssociateRouteTableCommand, CreateRouteCommand, DescribeRouteTablesCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { createRouteTable } from '../../../functions/network/create-route-table.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { operation, operationOf } from '../documents.ts';
import { makeGateway, makeNetwork, makeRouteTable, makeSubnet, makeVpc, networkTagsOf } from '../resources.ts';

describe('createRouteTable', () => {
  it('creates the route table with our name and tags, the route to the gateway and the subnet that uses it', async () => {
    await using account = await testAccount();
    const { document, vpcId, internetGatewayId, subnetId } = await network(account);
    const { routeTableId } = await account.run(createRouteTable, document);
    expect(await tables(account.ec2)).toEqual([
      {
        id: routeTableId,
        vpcId,
        routes: { '10.0.0.0/16': 'local', '0.0.0.0/0': internetGatewayId },
        subnets: [subnetId],
        tags: networkTagsOf('recode-route-table'),
      },
    ]);
  });

  it('gives further subnets, which are left of an earlier network, the way to the internet too', async () => {
    await using account = await testAccount();
    const { document, vpcId, subnetId } = await network(account);
    const further = await makeSubnet(account.ec2, vpcId, { tags: networkTagsOf('recode-public-subnet-2'), cidr: '10.0.1.0/24' });
    await makeSubnet(account.ec2, vpcId, { tags: [], cidr: '10.0.2.0/24' });
    await makeSubnet(account.ec2, await makeVpc(account.ec2), { cidr: '10.0.3.0/24' });
    await account.run(createRouteTable, document);
    const [table] = await tables(account.ec2);
    expect([...(table?.subnets ?? [])].sort()).toEqual([subnetId, further].sort());
    await account.run(createRouteTable, document);
    expect(await tables(account.ec2)).toEqual([table]);
  });

  it('finds its own table when it runs again', async () => {
    await using account = await testAccount();
    const { document } = await network(account);
    const first = await account.run(createRouteTable, document);
    const [before] = await tables(account.ec2);
    expect(await account.run(createRouteTable, { ...document, operation: operationOf('two') })).toEqual(first);
    expect(await tables(account.ec2)).toEqual([before]);
  });

  it.each(['CreateRouteTable', 'CreateRoute', 'AssociateRouteTable'])('goes on where %s was not answered', async (action) => {
    await using account = await testAccount();
    const { document, internetGatewayId, subnetId } = await network(account);
    await account.loseAnswer(action);
    expect((await account.refusal(createRouteTable, document)).name).toBe('AwsUnavailable');
    const { routeTableId } = await account.run(createRouteTable, document);
    expect(await tables(account.ec2)).toMatchObject([
      { id: routeTableId, routes: { '0.0.0.0/0': internetGatewayId }, subnets: [subnetId] },
    ]);
  });

  it.each(['CreateRoute', 'AssociateRouteTable'])('completes a table that an attempt left before %s', async (action) => {
    await using account = await testAccount();
    const { document, internetGatewayId, subnetId } = await network(account);
    await account.refuse(action, 'InternalError');
    expect((await account.refusal(createRouteTable, document)).name).toBe('AwsUnavailable');
    await account.run(createRouteTable, document);
    expect(await tables(account.ec2)).toMatchObject([{ routes: { '0.0.0.0/0': internetGatewayId }, subnets: [subnetId] }]);
  });

  it('makes no second table while the first is not visible, by the execution’s client token', async () => {
    await using account = await testAccount();
    const { document } = await network(account);
    await account.hideNew(3_000);
    const attempts = [await account.refusal(createRouteTable, document), await account.refusal(createRouteTable, document)];
    expect(attempts.map(({ name }) => name)).toEqual(['NotVisibleYet', 'NotVisibleYet']);
    account.aws.clock.advance(3_000);
    const { routeTableId } = await account.run(createRouteTable, document);
    expect(await tables(account.ec2)).toMatchObject([{ id: routeTableId }]);
  });

  it('refuses a table of ours that sends everything elsewhere, and leaves its route', async () => {
    await using account = await testAccount();
    const { document, vpcId, internetGatewayId } = await network(account);
    const routeTableId = await makeRouteTable(account.ec2, vpcId);
    await account.ec2.send(
      new CreateRouteCommand({ RouteTableId: routeTableId, DestinationCidrBlock: '0.0.0.0/0', GatewayId: internetGatewayId }),
    );
    const other = { ...document, internetGateway: { internetGatewayId: await makeGateway(account.ec2) } };
    expect(await account.refusal(createRouteTable, other)).toMatchObject({
      name: 'ResourceDiffers',
      message: `The route table ${routeTableId} sends 0.0.0.0/0 to ${internetGatewayId}, not to ${other.internetGateway.internetGatewayId}.`,
    });
    expect(await tables(account.ec2)).toMatchObject([{ routes: { '0.0.0.0/0': internetGatewayId }, subnets: [] }]);
  });

  it('refuses a subnet that uses another table, and leaves it there', async () => {
    await using account = await testAccount();
    const { document, vpcId, subnetId } = await network(account);
    await makeRouteTable(account.ec2, vpcId);
    const foreign = await makeRouteTable(account.ec2, vpcId, []);
    await associate(account.ec2, foreign, subnetId);
    expect(await account.refusal(createRouteTable, document)).toMatchObject({
      name: 'ResourceDiffers',
      message: `The subnet ${subnetId} uses the route table ${foreign}, which does not belong to Recode.`,
    });
    expect(await tables(account.ec2)).toContainEqual(expect.objectContaining({ id: foreign, subnets: [subnetId] }));
  });

  it('takes of twins the one that the subnet uses', async () => {
    await using account = await testAccount();
    const { document, vpcId, internetGatewayId, subnetId } = await network(account);
    const twins = [await makeRouteTable(account.ec2, vpcId), await makeRouteTable(account.ec2, vpcId)].sort();
    const [lower, higher = ''] = twins;
    await associate(account.ec2, higher, subnetId);
    expect(await account.run(createRouteTable, document)).toEqual({ routeTableId: higher });
    expect(await tables(account.ec2)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ id: lower, subnets: [] }),
        expect.objectContaining({ id: higher, routes: { '10.0.0.0/16': 'local', '0.0.0.0/0': internetGatewayId }, subnets: [subnetId] }),
      ]),
    );
  });

  it.each([
    ['CreateRoute', 'RouteAlreadyExists', /^The route table rtb-\w+ has a route to 0\.0\.0\.0\/0 that is not visible yet\.$/],
    [
      'AssociateRouteTable',
      'Resource.AlreadyAssociated',
      /^The subnet subnet-\w+ is associated with a route table, but that is not visible yet\.$/,
    ],
  ])('looks again where %s answers %s', async (action, code, message) => {
    await using account = await testAccount();
    const { document, internetGatewayId, subnetId } = await network(account);
    await account.refuse(action, code);
    expect(await account.refusal(createRouteTable, document)).toMatchObject({
      name: 'NotVisibleYet',
      message: expect.stringMatching(message),
    });
    await account.run(createRouteTable, document);
    expect(await tables(account.ec2)).toMatchObject([{ routes: { '0.0.0.0/0': internetGatewayId }, subnets: [subnetId] }]);
  });

  it('takes its own table, which becomes visible meanwhile, for nobody else’s', async () => {
    await using account = await testAccount();
    const { document, vpcId, subnetId } = await network(account);
    const made: string[] = [];
    // After the step has looked for the one, and before it looks for the other: the subnet's table and ours.
    account.amendAnswers('DescribeRouteTablesCommand', async () => {
      if (made.length > 0) return {};
      made.push(await makeRouteTable(account.ec2, vpcId));
      await associate(account.ec2, made.join(), subnetId);
      return {};
    });
    expect((await account.refusal(createRouteTable, document)).name).toBe('NotVisibleYet');
    expect(await account.run(createRouteTable, document)).toEqual({ routeTableId: made.join() });
  });

  it('leaves tables alone that lie in another VPC or do not bear our tag', async () => {
    await using account = await testAccount();
    const { document, vpcId } = await network(account);
    const elsewhere = await makeRouteTable(account.ec2, await makeVpc(account.ec2, []));
    const foreign = await makeRouteTable(account.ec2, vpcId, [{ Key: 'Name', Value: 'recode-route-table' }]);
    const { routeTableId } = await account.run(createRouteTable, document);
    expect([elsewhere, foreign]).not.toContain(routeTableId);
    expect(await tables(account.ec2)).toEqual(
      expect.arrayContaining([elsewhere, foreign].map((id) => expect.objectContaining({ id, subnets: [] }))),
    );
  });

  it.each([
    ['RouteTableLimitExceeded', 'QuotaReached'],
    ['RequestLimitExceeded', 'RequestThrottled'],
    ['UnauthorizedOperation', 'PermissionMissing'],
  ])('ends with what %s means', async (code, name) => {
    await using account = await testAccount();
    const { document } = await network(account);
    await account.refuse('CreateRouteTable', code);
    expect((await account.refusal(createRouteTable, document)).name).toBe(name);
    expect(await tables(account.ec2)).toEqual([]);
  });

  it('refuses a document without the subnet', async () => {
    await using account = await testAccount();
    const { document } = await network(account);
    expect((await account.refusal(createRouteTable, { ...document, subnet: null })).name).toBe('InputNotValid');
  });
});

async function network({ ec2 }: TestAccount) {
  const { vpcId, subnetId, internetGatewayId } = await makeNetwork(ec2);
  const document = { operation, vpc: { vpcId }, subnet: { subnetId }, internetGateway: { internetGatewayId } };
  return { document, vpcId, subnetId, internetGatewayId };
}

const associate = (ec2: EC2Client, RouteTableId: string, SubnetId: string) =>
  ec2.send(new AssociateRouteTableCommand({ RouteTableId, SubnetId }));

/** The route tables besides the main ones that come with each VPC. */
async function tables(ec2: EC2Client) {
  const { RouteTables = [] } = await ec2.send(new DescribeRouteTablesCommand({}));
  return RouteTables.filter(({ Associations = [] }) => !Associations.some(({ Main }) => Main)).map((table) => ({
    id: table.RouteTableId,
    vpcId: table.VpcId,
    routes: Object.fromEntries((table.Routes ?? []).map(({ DestinationCidrBlock, GatewayId }) => [DestinationCidrBlock, GatewayId])),
    subnets: table.Associations?.map(({ SubnetId }) => SubnetId),
    tags: table.Tags,
  }));
}
