import { DeleteRouteTableCommand, DisassociateRouteTableCommand, type EC2Client } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { deleteAll } from '../../aws/ec2/deletion.ts';
import { findRouteTables, findSubnets } from '../../aws/ec2/resources.ts';
import { unless } from '../../aws/errors.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { Nothing } from '../../core/document.ts';

/** Removes the route table from our subnets and deletes it. Fails while another subnet uses it, and the state machine retries. */
export const deleteRouteTable = step({
  input: v.object({}),
  output: Nothing,
  uses: { ec2 },
  async run(_, { ec2 }) {
    await deleteAll(
      () => findTables(ec2),
      async ({ RouteTableId, associationIds }) => {
        for (const AssociationId of associationIds) {
          await unless('not-found', ec2.send(new DisassociateRouteTableCommand({ AssociationId })));
        }
        await ec2.send(new DeleteRouteTableCommand({ RouteTableId }));
      },
    );
  },
});

export const handler = lambdaHandler(deleteRouteTable);

/** Our route tables, each with its associations with our subnets. */
async function findTables(ec2: EC2Client) {
  const [tables, subnets] = await Promise.all([findRouteTables(ec2), findSubnets(ec2)]);
  const ours = subnets.map(({ SubnetId }) => SubnetId);
  return tables.map(({ RouteTableId, Associations = [] }) => {
    const withOurs = Associations.filter(({ SubnetId }) => ours.includes(SubnetId));
    return { RouteTableId, associationIds: withOurs.map(({ RouteTableAssociationId }) => RouteTableAssociationId) };
  });
}
