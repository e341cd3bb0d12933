import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DescribeSecurityGroupsCommand,
  type EC2Client,
  type IpPermission,
  RevokeSecurityGroupIngressCommand,
  type SecurityGroup,
} from '@aws-sdk/client-ec2';
import type { HeldEnvironment } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import { resourceName, ssh } from '../../core/names.ts';
import type { Settings } from '../../core/settings.ts';
import { belongingTags, environmentTags, hasTags } from '../../core/tags.ts';
import { unless } from '../errors.ts';
import { tagged } from './tags.ts';

/**
 * Creates the environment's security group in a VPC, and returns its ID. If it exists already, returns the ID of that one: the name can be
 * given once.
 *
 * @throws RecodeError NameOwnedElsewhere if a group of this name is not the environment's, NotVisibleYet
 */
export async function createOrFindSecurityGroup(
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
  const { SecurityGroups: [existing] = [] } = await ec2.send(named);
  if (!existing) throw new RecodeError('NotVisibleYet', `The security group ${name} exists, but was not visible yet.`);
  if (hasTags(existing.Tags, belongingTags(environment))) return existing.GroupId;
  throw new RecodeError(
    'NameOwnedElsewhere',
    `The security group ${name} (${existing.GroupId}) does not have the tags of this environment.`,
  );
}

/** Who may reach SSH on our port, by a group's rules for exactly that port. */
export function sshRules({ IpPermissions = [] }: SecurityGroup): { readonly blocks: readonly string[]; readonly admitsOthers: boolean } {
  const rules = IpPermissions.filter(isForSsh);
  const blocks = rules.flatMap(({ IpRanges = [] }) => IpRanges.flatMap(({ CidrIp }) => CidrIp ?? []));
  return { blocks, admitsOthers: rules.some((rule) => withoutBlocks(rule, blocks).length > 0) };
}

/** Allows SSH on our port from these blocks only. Every rule for exactly that port is Recode's. Rules for other ports stay. */
export async function allowSshFrom(
  ec2: EC2Client,
  { GroupId, IpPermissions = [] }: SecurityGroup,
  blocks: readonly string[],
): Promise<void> {
  const rules = IpPermissions.filter(isForSsh);
  const admitted = rules.flatMap(({ IpRanges = [] }) => IpRanges.map(({ CidrIp }) => CidrIp));
  const missing = blocks.filter((block) => !admitted.includes(block));
  const surplus = rules.flatMap((rule) => withoutBlocks(rule, blocks));
  const revokeSurplus = async () => {
    const revoked = surplus.splice(0);
    if (revoked.length > 0) await ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId, IpPermissions: revoked }));
  };
  for (const block of missing) {
    // New blocks come first, so that someone who moves to another one is not locked out in between. A full group needs room first.
    if (surplus.length > 0) {
      if (await unless('quota', admit(ec2, GroupId, block))) continue;
      await revokeSurplus();
    }
    await admit(ec2, GroupId, block);
  }
  await revokeSurplus();
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
