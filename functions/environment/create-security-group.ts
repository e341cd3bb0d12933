import * as v from 'valibot';
import { createOrFindSecurityGroup } from '../../aws/ec2/security-group.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { settings } from '../../aws/step/settings.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { HeldEnvironment, SecurityGroup, UsableNetwork } from '../../core/document.ts';

/** Ensures the environment's security group. AllowSsh opens it while the instance boots. */
export const createSecurityGroup = step({
  input: v.object({ environment: HeldEnvironment, network: UsableNetwork }),
  output: SecurityGroup,
  uses: { ec2, settings },
  async run({ environment, network: { ids } }, { ec2, settings }) {
    return { securityGroupId: await createOrFindSecurityGroup(ec2, ids.vpcId, environment, settings) };
  },
});

export const handler = lambdaHandler(createSecurityGroup);
