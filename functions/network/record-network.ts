import { DeleteInternetGatewayCommand, DeleteRouteTableCommand, DeleteVpcCommand, type EC2Client } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { dynamodb, ec2 } from '../../aws/clients.ts';
import { unless } from '../../aws/errors.ts';
import { recordNetwork as record } from '../../aws/records/network.ts';
import { findInternetGateways, findRouteTables, findVpcs } from '../../aws/resources.ts';
import { lambdaHandler, step } from '../../aws/step.ts';
import { InternetGateway, RouteTable, Subnet, Vpc } from '../../core/document.ts';
import { Operation } from '../../core/operation.ts';

/** Records the finished network and lets go of it, after deleting the empty twins that a crash in a create may have left. */
export const recordNetwork = step({
  input: v.object({ operation: Operation, vpc: Vpc, internetGateway: InternetGateway, subnet: Subnet, routeTable: RouteTable }),
  uses: { dynamodb, ec2 },
  async run(
    { operation, vpc: { vpcId }, internetGateway: { internetGatewayId }, subnet: { subnetId }, routeTable: { routeTableId } },
    { dynamodb, ec2 },
  ) {
    const ids = { vpcId, internetGatewayId, subnetId, routeTableId };
    await deleteTwins(ec2, ids);
    return record(dynamodb, operation, ids);
  },
});

export const handler = lambdaHandler(recordNetwork);

async function deleteTwins(ec2: EC2Client, ours: { vpcId: string; internetGatewayId: string; routeTableId: string }): Promise<void> {
  const [vpcs, gateways, tables] = await Promise.all([findVpcs(ec2), findInternetGateways(ec2), findRouteTables(ec2, ours.vpcId)]);
  for (const { RouteTableId, Associations = [] } of tables) {
    if (RouteTableId === ours.routeTableId || Associations.length > 0) continue;
    await unless('not-found', ec2.send(new DeleteRouteTableCommand({ RouteTableId })));
  }
  for (const { InternetGatewayId, Attachments = [] } of gateways) {
    if (InternetGatewayId === ours.internetGatewayId || Attachments.length > 0) continue;
    await unless('not-found', ec2.send(new DeleteInternetGatewayCommand({ InternetGatewayId })));
  }
  for (const { VpcId } of vpcs) {
    // A twin that somebody has put something into is not empty: AWS refuses, and it stays.
    if (VpcId !== ours.vpcId) await unless('still-in-use', unless('not-found', ec2.send(new DeleteVpcCommand({ VpcId }))));
  }
}
