import {
  AssociateRouteTableCommand,
  CreateRouteCommand,
  DescribeRouteTablesCommand,
  DisassociateRouteTableCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { deleteRouteTable } from '../../../functions/network/delete-route-table.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { describeDeletion, ofNetwork } from '../deletion.ts';
import { idOf, makeNetwork, makeRouteTable, makeSubnet, makeVpc } from '../resources.ts';

describe('deleteRouteTable', () => {
  describeDeletion({
    ...ofNetwork('recode-route-table'),
    run: (account) => account.run(deleteRouteTable, {}),
    describes: 'DescribeRouteTables',
    deletes: 'DeleteRouteTable',
    notFound: 'InvalidRouteTableID.NotFound',
    inUse: ['DependencyViolation'],
    async prepare({ ec2 }) {
      const vpcId = await makeVpc(ec2);
      return (tags) => makeRouteTable(ec2, vpcId, tags);
    },
    list: async (ec2) => (await tables(ec2)).map(({ id }) => id),
  });

  it('takes the table away from all subnets of ours, and deletes it with its route to the gateway', async () => {
    await using account = await testAccount();
    const { routeTableId, internetGatewayId } = await usedTable(account, 3);
    const route = { RouteTableId: routeTableId, DestinationCidrBlock: '0.0.0.0/0', GatewayId: internetGatewayId };
    await account.ec2.send(new CreateRouteCommand(route));
    expect(await tables(account.ec2)).toMatchObject([{ id: routeTableId, associations: { length: 3 } }]);
    expect(await account.run(deleteRouteTable, {})).toBeUndefined();
    expect(await tables(account.ec2)).toEqual([]);
  });

  it('deletes those of twin VPCs', async () => {
    await using account = await testAccount();
    await usedTable(account, 1);
    await makeRouteTable(account.ec2, await makeVpc(account.ec2));
    await account.run(deleteRouteTable, {});
    expect(await tables(account.ec2)).toEqual([]);
  });

  it('leaves somebody’s table of that name with the subnet that uses it', async () => {
    await using account = await testAccount();
    const vpcId = await makeVpc(account.ec2, []);
    const RouteTableId = await makeRouteTable(account.ec2, vpcId, [{ Key: 'Name', Value: 'recode-route-table' }]);
    await associate(account.ec2, RouteTableId, await makeSubnet(account.ec2, vpcId, { tags: [] }));
    const before = await tables(account.ec2);
    await account.run(deleteRouteTable, {});
    expect(await tables(account.ec2)).toEqual(before);
  });

  it('waits while somebody’s subnet uses our table, and leaves it to that', async () => {
    await using account = await testAccount();
    const { vpcId, subnetId } = await makeNetwork(account.ec2);
    const routeTableId = await makeRouteTable(account.ec2, vpcId);
    await associate(account.ec2, routeTableId, subnetId);
    const foreign = await associate(account.ec2, routeTableId, await makeSubnet(account.ec2, vpcId, { tags: [], cidr: '10.0.1.0/24' }));
    expect((await account.refusal(deleteRouteTable, {})).name).toBe('DependencyStillInUse');
    expect(await tables(account.ec2)).toEqual([{ id: routeTableId, associations: [foreign] }]);
  });

  it('goes on where DisassociateRouteTable was not answered', async () => {
    await using account = await testAccount();
    await usedTable(account, 2);
    await account.loseAnswer('DisassociateRouteTable');
    expect((await account.refusal(deleteRouteTable, {})).name).toBe('AwsUnavailable');
    expect(await tables(account.ec2)).toMatchObject([{ associations: { length: 1 } }]);
    await account.run(deleteRouteTable, {});
    expect(await tables(account.ec2)).toEqual([]);
  });

  it('goes on where somebody has just taken the table away from one of its subnets', async () => {
    await using account = await testAccount();
    const { associationIds } = await usedTable(account, 2);
    account.amendAnswers('DescribeRouteTablesCommand', async () => {
      const [AssociationId] = associationIds.splice(0);
      if (AssociationId) await account.ec2.send(new DisassociateRouteTableCommand({ AssociationId }));
      return {};
    });
    expect(await account.run(deleteRouteTable, {})).toBeUndefined();
    expect(await tables(account.ec2)).toEqual([]);
  });

  it('waits where EC2 denies an association that holds the table', async () => {
    await using account = await testAccount();
    await usedTable(account, 1);
    await account.refuse('DisassociateRouteTable', 'InvalidAssociationID.NotFound');
    expect((await account.refusal(deleteRouteTable, {})).name).toBe('DependencyStillInUse');
    expect(await tables(account.ec2)).toMatchObject([{ associations: { length: 1 } }]);
    await account.run(deleteRouteTable, {});
    expect(await tables(account.ec2)).toEqual([]);
  });

  it.each([
    // As where the subnet is not ours: the permission goes by its tags.
    ['UnauthorizedOperation', 'PermissionMissing'],
    ['RequestLimitExceeded', 'RequestThrottled'],
  ])('keeps the table for its subnets where DisassociateRouteTable is refused with %s', async (code, name) => {
    await using account = await testAccount();
    await usedTable(account, 2);
    const before = await tables(account.ec2);
    await account.refuse('DisassociateRouteTable', code);
    expect((await account.refusal(deleteRouteTable, {})).name).toBe(name);
    expect(await tables(account.ec2)).toEqual(before);
  });
});

/** Our route table with so many subnets of ours that use it. */
async function usedTable({ ec2 }: TestAccount, subnets: number) {
  const { vpcId, subnetId, internetGatewayId } = await makeNetwork(ec2);
  const routeTableId = await makeRouteTable(ec2, vpcId);
  const associationIds = [await associate(ec2, routeTableId, subnetId)];
  for (let number = 1; number < subnets; number += 1) {
    associationIds.push(await associate(ec2, routeTableId, await makeSubnet(ec2, vpcId, { cidr: `10.0.${number}.0/24` })));
  }
  return { routeTableId, internetGatewayId, associationIds };
}

async function associate(ec2: EC2Client, RouteTableId: string, SubnetId: string): Promise<string> {
  const { AssociationId } = await ec2.send(new AssociateRouteTableCommand({ RouteTableId, SubnetId }));
  return idOf(AssociationId);
}

/** The route tables besides the main ones that come with each VPC. */
async function tables(ec2: EC2Client) {
  const { RouteTables = [] } = await ec2.send(new DescribeRouteTablesCommand({}));
  return RouteTables.filter(({ Associations = [] }) => !Associations.some(({ Main }) => Main)).map(
    ({ RouteTableId, Associations = [] }) => ({
      id: RouteTableId,
      associations: Associations.map(({ RouteTableAssociationId }) => RouteTableAssociationId),
    }),
  );
}
