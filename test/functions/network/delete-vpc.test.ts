import { DescribeRouteTablesCommand, DescribeSecurityGroupsCommand, DescribeVpcsCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { deleteVpc } from '../../../functions/network/delete-vpc.ts';
import { testAccount } from '../account.ts';
import { describeDeletion, ofNetwork } from '../deletion.ts';
import { makeGateway, makeGroup, makeRouteTable, makeSubnet, makeVpc } from '../resources.ts';

describe('deleteVpc', () => {
  describeDeletion({
    ...ofNetwork('recode-vpc'),
    run: (account) => account.run(deleteVpc, {}),
    describes: 'DescribeVpcs',
    deletes: 'DeleteVpc',
    notFound: 'InvalidVpcID.NotFound',
    inUse: ['DependencyViolation'],
    prepare: async (account) => (tags) => makeVpc(account.ec2, tags),
    list: vpcs,
  });

  it('deletes along what AWS made in it, and in no other', async () => {
    await using account = await testAccount();
    await makeVpc(account.ec2);
    const foreign = await makeVpc(account.ec2, []);
    await account.run(deleteVpc, {});
    expect(await inhabitants(account.ec2)).toEqual({ [foreign]: ['default', 'main'] });
  });

  it.each<[string, (ec2: EC2Client, vpcId: string) => Promise<string>]>([
    ['subnet', (ec2, vpcId) => makeSubnet(ec2, vpcId, { tags: [] })],
    ['security group', (ec2, vpcId) => makeGroup(ec2, vpcId, [], 'web')],
    ['route table', (ec2, vpcId) => makeRouteTable(ec2, vpcId, [])],
    ['internet gateway', (ec2, vpcId) => makeGateway(ec2, vpcId, [])],
  ])('waits while somebody’s %s is in it, and leaves all of it', async (_, make) => {
    await using account = await testAccount();
    const vpcId = await makeVpc(account.ec2);
    await make(account.ec2, vpcId);
    const before = await inhabitants(account.ec2);
    expect(await account.refusal(deleteVpc, {})).toMatchObject({
      name: 'DependencyStillInUse',
      message: `AWS says: The vpc '${vpcId}' has dependencies and cannot be deleted (DependencyViolation).`,
    });
    expect(await vpcs(account.ec2)).toEqual([vpcId]);
    expect(await inhabitants(account.ec2)).toEqual(before);
  });
});

async function vpcs(ec2: EC2Client) {
  const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({}));
  return Vpcs.map(({ VpcId }) => VpcId);
}

/** The names of the security groups, and the kinds of the route tables, by VPC. */
async function inhabitants(ec2: EC2Client): Promise<Record<string, string[]>> {
  const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({}));
  const { RouteTables = [] } = await ec2.send(new DescribeRouteTablesCommand({}));
  const found: Record<string, string[]> = {};
  for (const { VpcId = '', GroupName = '' } of SecurityGroups) found[VpcId] = [...(found[VpcId] ?? []), GroupName];
  for (const { VpcId = '', Associations = [] } of RouteTables)
    found[VpcId] = [...(found[VpcId] ?? []), Associations.some(({ Main }) => Main) ? 'main' : 'other'];
  return found;
}
