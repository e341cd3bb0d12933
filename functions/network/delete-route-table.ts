import { DeleteRouteTableCommand, DisassociateRouteTableCommand } from '@aws-sdk/client-ec2';
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
    const ours = (await findSubnets(ec2)).map(({ SubnetId }) => SubnetId);
    await deleteAll(
      () => findRouteTables(ec2),
      async ({ RouteTableId, Associations = [] }) => {
        for (const { RouteTableAssociationId: AssociationId } of Associations.filter(({ SubnetId }) => ours.includes(SubnetId))) {
          await unless('not-found', ec2.send(new DisassociateRouteTableCommand({ AssociationId })));
        }
        await ec2.send(new DeleteRouteTableCommand({ RouteTableId }));
      },
    );
  },
});

export const handler = lambdaHandler(deleteRouteTable);
