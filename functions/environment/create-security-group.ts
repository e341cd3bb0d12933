import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DescribeSecurityGroupsCommand,
  type EC2Client,
  type IpPermission,
  RevokeSecurityGroupIngressCommand,
  type SecurityGroup,
} from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { ec2 } from '../../aws/clients.ts';
import { unless } from '../../aws/errors.ts';
import { findSecurityGroups } from '../../aws/resources.ts';
import { lambdaHandler, step } from '../../aws/step.ts';
import { tagged } from '../../aws/tags.ts';
import { HeldEnvironment, UsableNetwork } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import { resourceName, ssh } from '../../core/names.ts';
import { bear, belongingTags, environmentTags } from '../../core/tags.ts';

/** Ensures the environment's security group: SSH on our port, from the allowed blocks and no others. */
export const createSecurityGroup = step({
  input: v.object({ environment: HeldEnvironment, network: UsableNetwork }),
  uses: { ec2 },
  async run({ environment, network: { ids } }, { ec2 }) {
    const group = (await findSecurityGroups(ec2, environment))[0];
    const groupId = group?.GroupId ?? (await newSecurityGroup(ec2, ids.vpcId, environment));
    const admitted = sshBlocks(group);
    const { allowCidrs } = environment.request;
    // An attempt before may have been asked to let in more; it goes first, as a group has room for so many rules only.
    const surplus = admitted.filter((block) => !allowCidrs.includes(block));
    if (surplus.length > 0) await ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId: groupId, IpPermissions: sshFrom(surplus) }));
    // One block a call: a call with one that is there already adds none of the others.
    for (const block of allowCidrs.filter((block) => !admitted.includes(block))) {
      const rule = new AuthorizeSecurityGroupIngressCommand({ GroupId: groupId, IpPermissions: sshFrom([block]) });
      if (await unless('already-there', ec2.send(rule))) continue;
      throw new RecodeError('NotVisibleYet', `The security group ${groupId} admits ${block}, EC2 says, but the rule is not visible yet.`);
    }
    return { securityGroupId: groupId };
  },
});

export const handler = lambdaHandler(createSecurityGroup);

async function newSecurityGroup(ec2: EC2Client, vpcId: string, environment: HeldEnvironment): Promise<string | undefined> {
  const name = resourceName(environment.name, 'security-group');
  const created = ec2.send(
    new CreateSecurityGroupCommand({
      GroupName: name,
      Description: `SSH into the development environment of ${environment.repository}`,
      VpcId: vpcId,
      TagSpecifications: tagged('security-group', environmentTags(environment, 'security-group')),
    }),
  );
  const answer = await unless('duplicate-name', created);
  if (answer) return answer.GroupId;
  const named = new DescribeSecurityGroupsCommand({
    Filters: [
      { Name: 'group-name', Values: [name] },
      { Name: 'vpc-id', Values: [vpcId] },
    ],
  });
  const { SecurityGroups = [] } = await ec2.send(named);
  const foreign = SecurityGroups.find(({ Tags }) => !bear(Tags, belongingTags(environment)));
  if (!foreign) throw new RecodeError('NotVisibleYet', `The security group ${name} exists, but was not visible yet.`);
  throw new RecodeError(
    'NameOwnedElsewhere',
    `The security group ${name} (${foreign.GroupId}) does not bear the tags of this environment.`,
  );
}

function sshBlocks(group: SecurityGroup | undefined): string[] {
  const rules = group?.IpPermissions ?? [];
  return rules
    .filter(({ IpProtocol, FromPort, ToPort }) => IpProtocol === 'tcp' && FromPort === ssh.port && ToPort === ssh.port)
    .flatMap(({ IpRanges = [] }) => IpRanges.flatMap(({ CidrIp }) => CidrIp ?? []));
}

function sshFrom(blocks: readonly string[]): IpPermission[] {
  return [{ IpProtocol: 'tcp', FromPort: ssh.port, ToPort: ssh.port, IpRanges: blocks.map((CidrIp) => ({ CidrIp })) }];
}
