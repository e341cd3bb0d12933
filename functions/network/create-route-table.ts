import {
  CreateRouteCommand,
  CreateRouteTableCommand,
  DeleteRouteCommand,
  type EC2Client,
  type RouteTable as Ec2RouteTable,
} from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { clientToken } from '../../aws/ec2/client-token.ts';
import { describeRouteTables, findSubnets } from '../../aws/ec2/resources.ts';
import { associate, tableOfSubnet } from '../../aws/ec2/route-table.ts';
import { tagged } from '../../aws/ec2/tags.ts';
import { unless } from '../../aws/errors.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { settings } from '../../aws/step/settings.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { InternetGateway, RouteTable, Subnet, Vpc } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import { network } from '../../core/names.ts';
import { Operation } from '../../core/operation.ts';
import type { Settings } from '../../core/settings.ts';
import { hasTags, managedBy, networkTags } from '../../core/tags.ts';

/**
 * Ensures the route table, which sends everything that is not local to the internet gateway, and that the public subnets use it: the new one,
 * and further ones that are left of an earlier network.
 */
export const createRouteTable = step({
  input: v.object({ operation: Operation, vpc: Vpc, internetGateway: InternetGateway, subnet: Subnet }),
  output: RouteTable,
  uses: { ec2, settings },
  async run({ operation, vpc: { vpcId }, internetGateway: { internetGatewayId }, subnet: { subnetId } }, { ec2, settings }) {
    const [tables, subnets] = await Promise.all([describeRouteTables(ec2, vpcId), findSubnets(ec2)]);
    const further = subnets.flatMap(({ VpcId, SubnetId = '' }) => (VpcId === vpcId && SubnetId !== subnetId ? [SubnetId] : []));
    const ours = tables.find(({ Tags }) => hasTags(Tags, [managedBy]));
    const used = tableOfSubnet(tables, subnetId);
    const table = used ?? ours ?? (await newRouteTable(ec2, vpcId, operation.executionArn, settings));
    await ensureRoute(ec2, table, internetGatewayId);
    for (const each of [subnetId, ...further]) if (!tableOfSubnet(tables, each)) await associate(ec2, table, each);
    return { routeTableId: table?.RouteTableId };
  },
});

export const handler = lambdaHandler(createRouteTable);

async function newRouteTable(
  ec2: EC2Client,
  vpcId: string,
  executionArn: string,
  { costTags }: Settings,
): Promise<Ec2RouteTable | undefined> {
  const { RouteTable } = await ec2.send(
    new CreateRouteTableCommand({
      VpcId: vpcId,
      TagSpecifications: tagged('route-table', networkTags(network.routeTable.name), costTags),
      ClientToken: clientToken(executionArn, 'CreateRouteTable', { vpcId }),
    }),
  );
  return RouteTable;
}

async function ensureRoute(ec2: EC2Client, table: Ec2RouteTable | undefined, gatewayId: string): Promise<void> {
  const { destination } = network.routeTable;
  const existing = table?.Routes?.find(({ DestinationCidrBlock }) => DestinationCidrBlock === destination);
  if (existing?.GatewayId === gatewayId) return;
  // A route stays when its gateway goes, and then leads nowhere.
  if (existing?.State === 'blackhole') {
    await ec2.send(new DeleteRouteCommand({ RouteTableId: table?.RouteTableId, DestinationCidrBlock: destination }));
  } else if (existing) {
    const to = existing.GatewayId ?? existing.NatGatewayId ?? existing.NetworkInterfaceId;
    throw new RecodeError('ResourceDiffers', `The route table ${table?.RouteTableId} sends ${destination} to ${to}, not to ${gatewayId}.`);
  }
  const route = { RouteTableId: table?.RouteTableId, DestinationCidrBlock: destination, GatewayId: gatewayId };
  const created = await unless('already-there', ec2.send(new CreateRouteCommand(route)));
  if (!created)
    throw new RecodeError('NotVisibleYet', `The route table ${table?.RouteTableId} has a route to ${destination} that is not visible yet.`);
}
