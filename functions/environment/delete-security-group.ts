import { DeleteSecurityGroupCommand } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { deleteAll } from '../../aws/ec2/deletion.ts';
import { findSecurityGroups } from '../../aws/ec2/resources.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { HeldEnvironment, Nothing, TerminatingInstances } from '../../core/document.ts';

/** Deletes the environment's security group. Fails while something uses it, and the state machine retries. */
export const deleteSecurityGroup = step({
  input: v.object({ environment: HeldEnvironment, instances: TerminatingInstances }),
  output: Nothing,
  uses: { ec2 },
  async run({ environment, instances: { securityGroupIds } }, { ec2 }) {
    await deleteAll(
      () => findSecurityGroups(ec2, environment),
      ({ GroupId }) => ec2.send(new DeleteSecurityGroupCommand({ GroupId })),
      { resources: securityGroupIds.map((GroupId) => ({ GroupId })), idOf: ({ GroupId }) => GroupId },
    );
  },
});

export const handler = lambdaHandler(deleteSecurityGroup);
