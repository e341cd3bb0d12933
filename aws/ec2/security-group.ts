import {
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DescribeSecurityGroupsCommand,
  type EC2Client,
  type IpPermission,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
  type SecurityGroup,
} from '@aws-sdk/client-ec2';
import type { HeldEnvironment } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import { resourceName, ssh } from '../../core/names.ts';
import type { Settings } from '../../core/settings.ts';
import { type Belonging, belongingTags, environmentTags, hasTags } from '../../core/tags.ts';
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
  const existing = await findNamedGroup(ec2, vpcId, environment);
  if (existing) return existing.GroupId;
  throw new RecodeError('NotVisibleYet', `The security group ${name} exists, but was not visible yet.`);
}

/** The group in a VPC with the name of the environment's. Throws RecodeError NameOwnedElsewhere if it is not the environment's. */
export async function findNamedGroup(ec2: EC2Client, vpcId: string, environment: Belonging): Promise<SecurityGroup | undefined> {
  const name = resourceName(environment.name, 'security-group');
  const named = new DescribeSecurityGroupsCommand({
    Filters: [
      { Name: 'group-name', Values: [name] },
      { Name: 'vpc-id', Values: [vpcId] },
    ],
  });
  const { SecurityGroups: [existing] = [] } = await ec2.send(named);
  if (!existing || hasTags(existing.Tags, belongingTags(environment))) return existing;
  throw new RecodeError(
    'NameOwnedElsewhere',
    `The security group ${name} (${existing.GroupId}) does not have the tags of this environment.`,
  );
}

/** A group by its ID. Throws RecodeError NotVisibleYet. */
export async function groupById(ec2: EC2Client, groupId: string | undefined): Promise<SecurityGroup> {
  const { SecurityGroups: [group] = [] } = await ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [groupId ?? ''] }));
  if (!group) throw new RecodeError('NotVisibleYet', `EC2 does not show the security group ${groupId} yet.`);
  return group;
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

/** Gives a group the rules of another that are not Recode's: those for other ports, and all outbound ones. */
export async function copyOtherRules(ec2: EC2Client, from: SecurityGroup, to: SecurityGroup): Promise<void> {
  const { GroupId } = to;
  const inbound = missingRules(
    ruleByRule(from.IpPermissions, from, to).filter((rule) => !isForSsh(rule)),
    ruleByRule(to.IpPermissions),
  );
  if (inbound.length > 0) await addRules(to, ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: inbound })));
  const wanted = ruleByRule(from.IpPermissionsEgress, from, to);
  const present = ruleByRule(to.IpPermissionsEgress);
  const outbound = missingRules(wanted, present);
  if (outbound.length > 0) await addRules(to, ec2.send(new AuthorizeSecurityGroupEgressCommand({ GroupId, IpPermissions: outbound })));
  // EC2 gives every new group a rule that allows all.
  const surplus = missingRules(present, wanted);
  if (surplus.length > 0) await ec2.send(new RevokeSecurityGroupEgressCommand({ GroupId, IpPermissions: surplus }));
}

/** Waits for rules to be added that EC2 did not show. If it says that it has one, it shows it later. */
async function addRules({ GroupId }: SecurityGroup, added: Promise<object>): Promise<void> {
  if (await unless('already-there', added)) return;
  throw new RecodeError('NotVisibleYet', `The security group ${GroupId} has a rule, EC2 says, that is not visible yet.`);
}

/**
 * A permission for each source of each rule, so that rules can be compared.
 *
 * @param from the group that has them, and `to` the one that gets them: what allows the members of the one allows those of the other
 */
function ruleByRule(permissions: readonly IpPermission[] = [], from?: SecurityGroup, to?: SecurityGroup): IpPermission[] {
  return permissions.flatMap(({ IpProtocol, FromPort, ToPort, IpRanges, Ipv6Ranges, PrefixListIds, UserIdGroupPairs }) => {
    const traffic = { IpProtocol, ...(FromPort !== undefined && { FromPort }), ...(ToPort !== undefined && { ToPort }) };
    const groups = (UserIdGroupPairs ?? []).map(({ UserId, GroupId, VpcPeeringConnectionId, Description }) => ({
      UserId,
      GroupId: from && GroupId === from.GroupId ? to?.GroupId : GroupId,
      VpcPeeringConnectionId,
      Description,
    }));
    return [
      ...(IpRanges ?? []).map((range) => ({ ...traffic, IpRanges: [range] })),
      ...(Ipv6Ranges ?? []).map((range) => ({ ...traffic, Ipv6Ranges: [range] })),
      ...(PrefixListIds ?? []).map((list) => ({ ...traffic, PrefixListIds: [list] })),
      ...groups.map((pair) => ({ ...traffic, UserIdGroupPairs: [pair] })),
    ];
  });
}

/** Those of some rules that are not among others, whatever their descriptions. */
function missingRules(wanted: readonly IpPermission[], present: readonly IpPermission[]): IpPermission[] {
  const known = new Set(present.map(textOf));
  return wanted.filter((rule) => !known.has(textOf(rule)));
}

const textOf = (rule: IpPermission) => JSON.stringify(rule, (key, value: unknown) => (key === 'Description' ? undefined : value));

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
