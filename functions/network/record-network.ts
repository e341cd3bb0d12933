import { DeleteInternetGatewayCommand, DeleteRouteTableCommand, DeleteVpcCommand, type EC2Client } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { deleteAll } from '../../aws/ec2/deletion.ts';
import { findInternetGateways, findRouteTables, findVpcs } from '../../aws/ec2/resources.ts';
import { unless } from '../../aws/errors.ts';
import { releaseReadyNetwork } from '../../aws/records/hold/network.ts';
import { dynamodb, ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { InternetGateway, RouteTable, Subnet, Vpc } from '../../core/document.ts';
import { ReadyNetwork } from '../../core/network.ts';
import { Operation } from '../../core/operation.ts';

/** Records the finished network and releases it, after deleting empty duplicates that a crash may have left. */
export const recordNetwork = step({
  input: v.object({ operation: Operation, vpc: Vpc, internetGateway: InternetGateway, subnet: Subnet, routeTable: RouteTable }),
  output: ReadyNetwork,
  uses: { dynamodb, ec2 },
  async run(
    { operation, vpc: { vpcId }, internetGateway: { internetGatewayId }, subnet: { subnetId }, routeTable: { routeTableId } },
    { dynamodb, ec2 },
  ) {
    const ids = { vpcId, internetGatewayId, routeTableId };
    await deleteDuplicates(ec2, ids);
    return releaseReadyNetwork(dynamodb, operation, { ...ids, subnets: [{ subnetId }] });
  },
});

export const handler = lambdaHandler(recordNetwork);

async function deleteDuplicates(ec2: EC2Client, kept: { vpcId: string; internetGatewayId: string; routeTableId: string }): Promise<void> {
  await deleteAll(
    async () =>
      (await findRouteTables(ec2, kept.vpcId)).filter(
        ({ RouteTableId, Associations = [] }) => RouteTableId !== kept.routeTableId && Associations.length === 0,
      ),
    ({ RouteTableId }) => ec2.send(new DeleteRouteTableCommand({ RouteTableId })),
  );
  await deleteAll(
    async () =>
      (await findInternetGateways(ec2)).filter(
        ({ InternetGatewayId, Attachments = [] }) => InternetGatewayId !== kept.internetGatewayId && Attachments.length === 0,
      ),
    ({ InternetGatewayId }) => ec2.send(new DeleteInternetGatewayCommand({ InternetGatewayId })),
  );
  await deleteAll(
    async () => (await findVpcs(ec2)).filter(({ VpcId }) => VpcId !== kept.vpcId),
    // AWS refuses to delete a duplicate that something is in, and it stays.
    ({ VpcId }) => unless('still-in-use', ec2.send(new DeleteVpcCommand({ VpcId }))),
  );
}
