import {
  CreateNetworkInterfaceCommand,
  DeleteNetworkInterfaceCommand,
  type EC2Client,
  type NetworkInterface as Ec2NetworkInterface,
} from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { clientToken } from '../../aws/ec2/client-token.ts';
import { findNetworkInterfaces } from '../../aws/ec2/resources.ts';
import { tagged } from '../../aws/ec2/tags.ts';
import { unless } from '../../aws/errors.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { settings } from '../../aws/step/settings.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { HeldEnvironment, LaunchPlan, PlacedInterface, SecurityGroup, Subnet, UsableNetwork } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import { resourceName } from '../../core/names.ts';
import { Operation } from '../../core/operation.ts';
import type { Settings } from '../../core/settings.ts';
import { environmentTags } from '../../core/tags.ts';

/**
 * Ensures the environment's network interface. An interface attaches to one instance only, so the environment cannot get a second one. It
 * cannot leave its subnet either: one that an earlier start left in another subnet is replaced, unless an instance has it.
 */
export const createNetworkInterface = step({
  input: v.object({
    environment: HeldEnvironment,
    operation: Operation,
    network: UsableNetwork,
    plan: LaunchPlan,
    /** Missing if the first one is to be tried. */
    subnet: v.optional(Subnet),
    securityGroup: SecurityGroup,
  }),
  output: PlacedInterface,
  uses: { ec2, settings },
  async run({ environment, operation, network: { ids }, plan, subnet, securityGroup: { securityGroupId } }, { ec2, settings }) {
    const { subnetId } = subnet ?? ids.subnets[0];
    const wanted = { subnetId, securityGroupId };
    const [existing] = plan.nothingExists ? [] : await findNetworkInterfaces(ec2, environment);
    const kept = existing && (await keptOrDeleted(ec2, existing, { vpcId: ids.vpcId, ...wanted }));
    // A retry has the same client token, and gets what an earlier attempt created.
    const networkInterface = kept ?? (await newNetworkInterface(ec2, environment, operation, wanted, settings));
    return { networkInterfaceId: networkInterface.NetworkInterfaceId, zone: networkInterface.AvailabilityZone };
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

/** The existing interface. Undefined if it was in another subnet of the VPC, where it is deleted: no start has put one into another VPC. */
async function keptOrDeleted(
  ec2: EC2Client,
  existing: Ec2NetworkInterface,
  wanted: { vpcId: string; subnetId: string; securityGroupId: string },
): Promise<Ec2NetworkInterface | undefined> {
  const { NetworkInterfaceId, VpcId, SubnetId, Attachment, Groups = [] } = existing;
  if (VpcId === wanted.vpcId && SubnetId !== wanted.subnetId && !Attachment) {
    await unless('not-found', ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId })));
    return undefined;
  }
  const groups = Groups.map(({ GroupId }) => GroupId);
  if (groups.includes(wanted.securityGroupId)) return existing;
  throw new RecodeError(
    'ResourceDiffers',
    `The network interface ${NetworkInterfaceId} has the security groups ${groups.join(', ')}, not ${wanted.securityGroupId}.`,
  );
}
