import { AssociateRouteTableCommand, DescribeRouteTablesCommand, DescribeSubnetsCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { deleteSubnet } from '../../../functions/network/delete-subnet.ts';
import { testAccount } from '../account.ts';
import { describeDeletion, ofNetwork } from '../deletion.ts';
import { makeInterface, makeRouteTable, makeSubnet, makeVpc } from '../resources.ts';

describe('deleteSubnet', () => {
  describeDeletion({
    ...ofNetwork('recode-public-subnet'),
    run: (account) => account.run(deleteSubnet, {}),
    describes: 'DescribeSubnets',
    deletes: 'DeleteSubnet',
    notFound: 'InvalidSubnetID.NotFound',
    inUse: ['DependencyViolation'],
    async prepare({ ec2 }) {
      const vpcId = await makeVpc(ec2);
      return (tags, number) => makeSubnet(ec2, vpcId, { tags, cidr: `10.0.${number}.0/24` });
    },
    list: subnets,
  });

  it('deletes those of twin VPCs', async () => {
    await using account = await testAccount();
    await makeSubnet(account.ec2, await makeVpc(account.ec2));
    await makeSubnet(account.ec2, await makeVpc(account.ec2));
    await account.run(deleteSubnet, {});
    expect(await subnets(account.ec2)).toEqual([]);
  });

  it('deletes one that a route table is still associated with, and leaves the table', async () => {
    await using account = await testAccount();
    const vpcId = await makeVpc(account.ec2);
    const SubnetId = await makeSubnet(account.ec2, vpcId);
    const RouteTableId = await makeRouteTable(account.ec2, vpcId, []);
    await account.ec2.send(new AssociateRouteTableCommand({ RouteTableId, SubnetId }));
    await account.run(deleteSubnet, {});
    expect(await subnets(account.ec2)).toEqual([]);
    const { RouteTables } = await account.ec2.send(new DescribeRouteTablesCommand({ RouteTableIds: [RouteTableId] }));
    expect(RouteTables).toMatchObject([{ RouteTableId, Associations: [] }]);
  });

  it('waits while somebody’s network interface is in it', async () => {
    await using account = await testAccount();
    const subnetId = await makeSubnet(account.ec2, await makeVpc(account.ec2));
    await makeInterface(account.ec2, subnetId, undefined, []);
    expect(await account.refusal(deleteSubnet, {})).toMatchObject({
      name: 'DependencyStillInUse',
      message: `AWS says: The subnet '${subnetId}' has dependencies and cannot be deleted (DependencyViolation).`,
    });
    expect(await subnets(account.ec2)).toEqual([subnetId]);
  });
});

async function subnets(ec2: EC2Client) {
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
  return Subnets.map(({ SubnetId }) => SubnetId);
}
