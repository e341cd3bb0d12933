import { ModifyVpcAttributeCommand } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { Nothing, Vpc } from '../../core/document.ts';

/**
 * Ensures that instances in the VPC have public names. This is a separate step: as part of CreateVpc, a VPC that is not visible yet would
 * fail the step, and the retry would create another one.
 */
export const configureVpc = step({
  input: v.object({ vpc: Vpc }),
  output: Nothing,
  uses: { ec2 },
  async run({ vpc: { vpcId } }, { ec2 }) {
    // EC2 takes one attribute per call. A public DNS name needs both.
    await ec2.send(new ModifyVpcAttributeCommand({ VpcId: vpcId, EnableDnsSupport: { Value: true } }));
    await ec2.send(new ModifyVpcAttributeCommand({ VpcId: vpcId, EnableDnsHostnames: { Value: true } }));
  },
});

export const handler = lambdaHandler(configureVpc);
