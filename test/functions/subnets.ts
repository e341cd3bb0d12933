import { AssociateRouteTableCommand, DescribeRouteTablesCommand, DescribeSubnetsCommand } from '@aws-sdk/client-ec2';
import type { TestAccount } from './account.ts';
import { readyNetwork } from './documents.ts';
import { idOf, makeNetwork, makeRouteTable } from './resources.ts';

/** A whole network as a finished start leaves it, and its record. */
export async function builtNetwork({ ec2 }: TestAccount) {
  const made = await makeNetwork(ec2);
  const routeTableId = await makeRouteTable(ec2, made.vpcId);
  const { AssociationId } = await ec2.send(new AssociateRouteTableCommand({ RouteTableId: routeTableId, SubnetId: made.subnetId }));
  return { ...made, routeTableId, associationId: idOf(AssociationId), network: readyNetwork({ ...made, routeTableId }) };
}

/** The subnets of the account, in the order of their blocks. */
export async function subnetsOf({ ec2 }: TestAccount) {
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
  return Subnets.map((subnet) => ({
    id: subnet.SubnetId,
    cidr: subnet.CidrBlock ?? '',
    zone: subnet.AvailabilityZone,
    public: subnet.MapPublicIpOnLaunch,
    tags: subnet.Tags,
  })).sort((one, other) => one.cidr.localeCompare(other.cidr));
}

/** The IDs of the subnets that use Recode's route table, sorted. */
export async function routedSubnets({ ec2 }: TestAccount): Promise<string[]> {
  const { RouteTables = [] } = await ec2.send(
    new DescribeRouteTablesCommand({ Filters: [{ Name: 'tag:recode:managed-by', Values: ['recode'] }] }),
  );
  const associations = RouteTables.flatMap(({ Associations = [] }) => Associations);
  return associations.flatMap(({ SubnetId }) => SubnetId ?? []).sort();
}
