import { AssociateRouteTableCommand, type EC2Client, type RouteTable } from '@aws-sdk/client-ec2';
import { RecodeError } from '../../core/errors.ts';
import { hasTags, managedBy } from '../../core/tags.ts';
import { unless } from '../errors.ts';

/**
 * The route table that a subnet is associated with. Without one, it uses the VPC's main table.
 *
 * @param tables all route tables of the VPC
 * @throws RecodeError ResourceDiffers if it is not Recode's
 */
export function tableOfSubnet(tables: readonly RouteTable[], subnetId: string): RouteTable | undefined {
  const used = tables.find(({ Associations = [] }) => Associations.some(({ SubnetId }) => SubnetId === subnetId));
  if (!used || hasTags(used.Tags, [managedBy])) return used;
  throw new RecodeError(
    'ResourceDiffers',
    `The subnet ${subnetId} uses the route table ${used.RouteTableId}, which does not belong to Recode.`,
  );
}

/** Associates a route table with a subnet that had none when EC2 was asked. Throws RecodeError NotVisibleYet if it has one by now. */
export async function associate(ec2: EC2Client, table: RouteTable | undefined, subnetId: string): Promise<void> {
  const association = ec2.send(new AssociateRouteTableCommand({ RouteTableId: table?.RouteTableId, SubnetId: subnetId }));
  if (await unless('already-there', association)) return;
  throw new RecodeError('NotVisibleYet', `The subnet ${subnetId} is associated with a route table, but that is not visible yet.`);
}
