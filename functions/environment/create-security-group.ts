import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DescribeSecurityGroupsCommand,
  type EC2Client,
  type IpPermission,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { findSecurityGroups } from '../../aws/ec2/resources.ts';
import { tagged } from '../../aws/ec2/tags.ts';
import { unless } from '../../aws/errors.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { settings } from '../../aws/step/settings.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { HeldEnvironment, SecurityGroup, UsableNetwork } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import { resourceName, ssh } from '../../core/names.ts';
import type { Settings } from '../../core/settings.ts';
import { belongingTags, environmentTags, hasTags } from '../../core/tags.ts';

/**
 * Ensures the environment's security group, which allows SSH on our port from the allowed blocks only. Every rule for exactly that port is
 * Recode's. Rules for other ports belong to someone else and stay.
 */
export const createSecurityGroup = step({
  input: v.object({ environment: HeldEnvironment, network: UsableNetwork }),
  output: SecurityGroup,
  uses: { ec2, settings },
  async run({ environment, network: { ids } }, { ec2, settings }) {
    const group = (await findSecurityGroups(ec2, environment))[0];
    const groupId = group?.GroupId ?? (await newSecurityGroup(ec2, ids.vpcId, environment, settings));
    const { allowCidrs } = environment.request;
    const rules = (group?.IpPermissions ?? []).filter(isForSsh);
    const admitted = rules.flatMap(({ IpRanges = [] }) => IpRanges.map(({ CidrIp }) => CidrIp));
    const missing = allowCidrs.filter((block) => !admitted.includes(block));
    const surplus = rules.flatMap((rule) => withoutBlocks(rule, allowCidrs));
    const revokeSurplus = async () => {
      const revoked = surplus.splice(0);
      if (revoked.length > 0) await ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId: groupId, IpPermissions: revoked }));
    };
    for (const block of missing) {
      // New blocks come first, so that someone who moves to another one is not locked out in between. A full group needs room first.
      if (surplus.length > 0) {
        if (await unless('quota', admit(ec2, groupId, block))) continue;
        await revokeSurplus();
      }
      await admit(ec2, groupId, block);
    }
    await revokeSurplus();
    return { securityGroupId: groupId };
  },
});

export const handler = lambdaHandler(createSecurityGroup);

async function newSecurityGroup(
  ec2: EC2Client,
  vpcId: string,
  environment: HeldEnvironment,
  { costTags }: Settings,
): Promise<string | undefined> {
  const name = resourceName(environment.name, 'security-group');
  const created = ec2.send(
    new CreateSecurityGroupCommand({
      GroupName: name,
      Description: `SSH into the development environment of ${environment.repository}`,
      VpcId: vpcId,
      TagSpecifications: tagged('security-group', environmentTags(environment, 'security-group'), costTags),
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
  const foreign = SecurityGroups.find(({ Tags }) => !hasTags(Tags, belongingTags(environment)));
  if (!foreign) throw new RecodeError('NotVisibleYet', `The security group ${name} exists, but was not visible yet.`);
  throw new RecodeError(
    'NameOwnedElsewhere',
    `The security group ${name} (${foreign.GroupId}) does not have the tags of this environment.`,
  );
}

/** Allows one block. If one of several blocks in a call exists already, EC2 adds none of them. */
async function admit(ec2: EC2Client, groupId: string | undefined, block: string): Promise<true> {
  const rule: IpPermission = { IpProtocol: 'tcp', FromPort: ssh.port, ToPort: ssh.port, IpRanges: [{ CidrIp: block }] };
  const added = ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: groupId, IpPermissions: [rule] }));
  if (await unless('already-there', added)) return true;
  throw new RecodeError('NotVisibleYet', `The security group ${groupId} admits ${block}, EC2 says, but the rule is not visible yet.`);
}

const isForSsh = ({ IpProtocol, FromPort, ToPort }: IpPermission) => IpProtocol === 'tcp' && FromPort === ssh.port && ToPort === ssh.port;

/** What a rule allows besides these blocks: other blocks, IPv6 blocks, prefix lists, security groups. */
function withoutBlocks(rule: IpPermission, blocks: readonly string[]): IpPermission[] {
  const IpRanges = rule.IpRanges?.filter(({ CidrIp = '' }) => !blocks.includes(CidrIp));
  const { Ipv6Ranges, PrefixListIds, UserIdGroupPairs } = rule;
  const rest = { IpRanges, Ipv6Ranges, PrefixListIds, UserIdGroupPairs };
  const filled = Object.entries(rest).filter(([, sources]) => sources !== undefined && sources.length > 0);
  const { IpProtocol, FromPort, ToPort } = rule;
  return filled.length === 0 ? [] : [{ IpProtocol, FromPort, ToPort, ...Object.fromEntries(filled) }];
}
