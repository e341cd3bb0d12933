import {
  AssociateRouteTableCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  type EC2Client,
  type RouteTable,
} from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { ec2 } from '../../aws/clients.ts';
import { unless } from '../../aws/errors.ts';
import { findRouteTables } from '../../aws/resources.ts';
import { lambdaHandler, step } from '../../aws/step.ts';
import { tagged } from '../../aws/tags.ts';
import { clientToken } from '../../aws/token.ts';
import { InternetGateway, Operation, Subnet, Vpc } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import { network } from '../../core/names.ts';
import { networkTags } from '../../core/tags.ts';

/** Ensures the route table: everything that is not local goes to the internet gateway, and the public subnet uses it. */
export const createRouteTable = step({
  input: v.object({ operation: Operation, vpc: Vpc, internetGateway: InternetGateway, subnet: Subnet }),
  uses: { ec2 },
  async run({ operation, vpc: { vpcId }, internetGateway: { internetGatewayId }, subnet: { subnetId } }, { ec2 }) {
    const [found] = await findRouteTables(ec2, vpcId);
    const table = found ?? (await newRouteTable(ec2, vpcId, operation.executionArn));
    await ensureRoute(ec2, table, internetGatewayId);
    await ensureAssociation(ec2, table, subnetId);
    return { routeTableId: table?.RouteTableId };
  },
});

export const handler = lambdaHandler(createRouteTable);

async function newRouteTable(ec2: EC2Client, vpcId: string, executionArn: string): Promise<RouteTable | undefined> {
  const { RouteTable } = await ec2.send(
    new CreateRouteTableCommand({
      VpcId: vpcId,
      TagSpecifications: tagged('route-table', networkTags(network.routeTable.name)),
      ClientToken: clientToken(executionArn, 'CreateRouteTable', { vpcId }),
    }),
  );
  return RouteTable;
}

async function ensureRoute(ec2: EC2Client, table: RouteTable | undefined, gatewayId: string): Promise<void> {
  const { destination } = network.routeTable;
  const existing = table?.Routes?.find(({ DestinationCidrBlock }) => DestinationCidrBlock === destination);
  if (existing?.GatewayId === gatewayId) return;
  if (existing) {
    const to = existing.GatewayId ?? existing.NatGatewayId ?? existing.NetworkInterfaceId;
    throw new RecodeError('ResourceDiffers', `The route table ${table?.RouteTableId} sends ${destination} to ${to}, not to ${gatewayId}.`);
  }
  await unless(
    'already-there',
    ec2.send(new CreateRouteCommand({ RouteTableId: table?.RouteTableId, DestinationCidrBlock: destination, GatewayId: gatewayId })),
  );
}

async function ensureAssociation(ec2: EC2Client, table: RouteTable | undefined, subnetId: string): Promise<void> {
  if (table?.Associations?.some(({ SubnetId }) => SubnetId === subnetId)) return;
  await unless('already-there', ec2.send(new AssociateRouteTableCommand({ RouteTableId: table?.RouteTableId, SubnetId: subnetId })));
}
