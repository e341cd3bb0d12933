import { ModifyVpcAttributeCommand } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { Nothing, Vpc } from '../../core/document.ts';

/**
 * Ensures that instances in the VPC have public names. A step of its own: were it part of CreateVpc, a VPC that is not visible yet
 * would have that repeated, and made again.
 */
export const configureVpc = step({
  input: v.object({ vpc: Vpc }),
  output: Nothing,
  uses: { ec2 },
  async run({ vpc: { vpcId } }, { ec2 }) {
    // One attribute a call; both are needed for a public DNS name.
    await ec2.send(new ModifyVpcAttributeCommand({ VpcId: vpcId, EnableDnsSupport: { Value: true } }));
    await ec2.send(new ModifyVpcAttributeCommand({ VpcId: vpcId, EnableDnsHostnames: { Value: true } }));
  },
});

export const handler = lambdaHandler(configureVpc);
