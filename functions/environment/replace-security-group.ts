import {
  DeleteSecurityGroupCommand,
  type EC2Client,
  ModifyNetworkInterfaceAttributeCommand,
  type NetworkInterface,
} from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { deleteAll } from '../../aws/ec2/deletion.ts';
import { findNetworkInterfaces, findSecurityGroups } from '../../aws/ec2/resources.ts';
import { allowSshFrom, copyOtherRules, createOrFindSecurityGroup, groupById } from '../../aws/ec2/security-group.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { settings } from '../../aws/step/settings.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { HeldEnvironment, Nothing } from '../../core/document.ts';
import { resourceName } from '../../core/names.ts';

/**
 * Replaces a security group that has a former name of the environment: EC2 renames none. The new one allows the same before the network
 * interface moves to it, so no connection is interrupted.
 */
export const replaceSecurityGroup = step({
  input: v.object({ environment: HeldEnvironment }),
  output: Nothing,
  uses: { ec2, settings },
  async run({ environment }, { ec2, settings }) {
    const name = resourceName(environment.name, 'security-group');
    const findFormer = async () => (await findSecurityGroups(ec2, environment)).filter(({ GroupName }) => GroupName !== name);
    const [former, interfaces] = await Promise.all([findFormer(), findNetworkInterfaces(ec2, environment)]);
    const [first] = former;
    // A start creates one where there is none.
    if (!first) return;
    const groupId = await createOrFindSecurityGroup(ec2, first.VpcId ?? '', environment, settings);
    const group = await groupById(ec2, groupId);
    // An interface moves to a group that has all rules. Another one may be what a rename left that died.
    const used = [group, ...former].find(({ GroupId = '' }) => interfaces.some((each) => groupIds(each).includes(GroupId)));
    if (used !== group) await copyOtherRules(ec2, used ?? first, group);
    await allowSshFrom(ec2, group, environment.request.allowCidrs);
    const formerIds = former.flatMap(({ GroupId }) => GroupId ?? []);
    for (const networkInterface of interfaces) await move(ec2, networkInterface, formerIds, groupId);
    await deleteAll(findFormer, ({ GroupId }) => ec2.send(new DeleteSecurityGroupCommand({ GroupId })));
  },
});

export const handler = lambdaHandler(replaceSecurityGroup);

/** Moves a network interface from some groups to another, in one call. It stays in those of other people. */
async function move(
  ec2: EC2Client,
  networkInterface: NetworkInterface,
  formerIds: readonly string[],
  groupId: string | undefined,
): Promise<void> {
  const { NetworkInterfaceId } = networkInterface;
  const ids = groupIds(networkInterface);
  if (!ids.some((id) => formerIds.includes(id))) return;
  const others = ids.filter((id) => id !== groupId && !formerIds.includes(id));
  await ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, Groups: [groupId ?? '', ...others] }));
}

const groupIds = ({ Groups = [] }: NetworkInterface) => Groups.flatMap(({ GroupId }) => GroupId ?? []);
