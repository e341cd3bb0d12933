import { CreateNetworkInterfaceCommand, type EC2Client, type NetworkInterface as Ec2NetworkInterface } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { clientToken } from '../../aws/ec2/client-token.ts';
import { findNetworkInterfaces } from '../../aws/ec2/resources.ts';
import { tagged } from '../../aws/ec2/tags.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { settings } from '../../aws/step/settings.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { HeldEnvironment, LaunchPlan, NetworkInterface, SecurityGroup, UsableNetwork } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import { resourceName } from '../../core/names.ts';
import { Operation } from '../../core/operation.ts';
import type { Settings } from '../../core/settings.ts';
import { environmentTags } from '../../core/tags.ts';

/** Ensures the environment's network interface. An interface attaches to one instance only, so the environment cannot get a second one. */
export const createNetworkInterface = step({
  input: v.object({
    environment: HeldEnvironment,
    operation: Operation,
    network: UsableNetwork,
    plan: LaunchPlan,
    securityGroup: SecurityGroup,
  }),
  output: NetworkInterface,
  uses: { ec2, settings },
  async run({ environment, operation, network: { ids }, plan, securityGroup: { securityGroupId } }, { ec2, settings }) {
    const wanted = { subnetId: ids.subnets[0].subnetId, securityGroupId };
    const [existing] = plan.nothingExists ? [] : await findNetworkInterfaces(ec2, environment);
    if (existing) refuseOther(existing, wanted);
    // A retry has the same client token, and gets what an earlier attempt created.
    const networkInterface = existing ?? (await newNetworkInterface(ec2, environment, operation, wanted, settings));
    return { networkInterfaceId: networkInterface.NetworkInterfaceId };
  },
});

export const handler = lambdaHandler(createNetworkInterface);

async function newNetworkInterface(
  ec2: EC2Client,
  environment: HeldEnvironment,
  operation: Operation,
  wanted: { subnetId: string; securityGroupId: string },
  { costTags }: Settings,
): Promise<Ec2NetworkInterface> {
  const { NetworkInterface = {} } = await ec2.send(
    new CreateNetworkInterfaceCommand({
      SubnetId: wanted.subnetId,
      Groups: [wanted.securityGroupId],
      Description: resourceName(environment.name, 'network-interface'),
      TagSpecifications: tagged('network-interface', environmentTags(environment, 'network-interface'), costTags),
      ClientToken: clientToken(operation.executionArn, 'CreateNetworkInterface', { uid: environment.uid, ...wanted }),
    }),
  );
  return NetworkInterface;
}

function refuseOther(existing: Ec2NetworkInterface, wanted: { subnetId: string; securityGroupId: string }): void {
  const groups = (existing.Groups ?? []).map(({ GroupId }) => GroupId);
  if (existing.SubnetId === wanted.subnetId && groups.includes(wanted.securityGroupId)) return;
  throw new RecodeError(
    'ResourceDiffers',
    `The network interface ${existing.NetworkInterfaceId} is in ${existing.SubnetId} with ${groups.join(', ')}, ` +
      `not in ${wanted.subnetId} with ${wanted.securityGroupId}.`,
  );
}
