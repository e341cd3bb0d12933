import type { SecurityGroupRule as DescribedRule, IpPermission } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { AwsFailure } from '../service.ts';
import { formatCidr, includesAddress, parseAddress, parseCidr } from './cidr.ts';
import type { Call } from './operation.ts';
import { type Kind, resource, type Stored } from './resource.ts';
import type { Resources } from './state.ts';

export const SecurityGroupRule = v.strictObject({
  ...resource,
  groupId: v.string(),
  egress: v.boolean(),
  /** `tcp`, `udp`, or `-1` for all. */
  protocol: v.string(),
  /** Only for a protocol with ports. */
  ports: v.optional(v.strictObject({ from: v.number(), to: v.number() })),
  /** The other side: a canonical CIDR or a security group. */
  peer: v.union([v.strictObject({ cidr: v.string() }), v.strictObject({ groupId: v.string() })]),
  description: v.optional(v.string()),
});
export type SecurityGroupRule = Stored<v.InferOutput<typeof SecurityGroupRule>>;

export const securityGroupRuleKind: Kind<SecurityGroupRule> = {
  type: 'security-group-rule',
  prefix: 'sgr',
  noun: 'security group rule ID',
  notFound: 'InvalidSecurityGroupRuleId.NotFound',
  malformed: 'InvalidSecurityGroupRuleId.Malformed',
  schema: SecurityGroupRule,
  // A group's own rules are deleted with it. The rules of other groups prevent its deletion.
  uses: ({ groupId, peer }) => ('groupId' in peer && peer.groupId !== groupId ? [peer.groupId] : []),
  belongsTo: ({ groupId }) => [groupId],
};

/** A rule in a request. */
export type GivenRule = Pick<SecurityGroupRule, 'protocol' | 'ports' | 'peer' | 'description'>;

/** The supported parts of IpPermissions: spread it into `honors`. */
export const honorsIpPermissions = {
  'IpPermissions.IpProtocol': ['tcp', '6', 'udp', '17', '-1'],
  'IpPermissions.FromPort': true,
  'IpPermissions.ToPort': true,
  'IpPermissions.IpRanges.CidrIp': true,
  'IpPermissions.IpRanges.Description': true,
} as const;

const protocolNames: Readonly<Record<string, string>> = { '6': 'tcp', '17': 'udp' };
const highestPort = 65535;

/** Whether these security groups allow a connection from this address to this TCP port. */
export function admits(
  { securityGroupRules }: Pick<Resources, 'securityGroupRules'>,
  groupIds: readonly string[],
  remoteAddress: string,
  port: number,
): boolean {
  const address = parseAddress(remoteAddress.replace(/^::ffff:/, ''));
  const rules = groupIds.flatMap((id) => securityGroupRules.of(id));
  return rules.some(({ groupId, egress, protocol, ports, peer }) => {
    if (egress || !groupIds.includes(groupId) || address === undefined || 'groupId' in peer) return false;
    const range = parseCidr(peer.cidr);
    if (!range || !includesAddress(range, address)) return false;
    return protocol === '-1' || (protocol === 'tcp' && ports !== undefined && port >= ports.from && port <= ports.to);
  });
}

/** The rules of a request's permissions, one for each range. Throws `MissingParameter` and `InvalidParameterValue`. */
export function rulesOf(permissions: readonly IpPermission[] | undefined): GivenRule[] {
  if (permissions === undefined) throw new AwsFailure('MissingParameter', 'The request must contain the parameter ipPermissions');
  const rules = permissions.flatMap((permission) => {
    const protocol = protocolOf(permission);
    const ports = protocol === '-1' ? undefined : portsOf(permission);
    if (permission.IpRanges === undefined) throw new AwsFailure('MissingParameter', 'The request must contain the parameter ipRanges');
    return permission.IpRanges.map(({ CidrIp, Description }) => {
      checkDescription(Description);
      return { protocol, ports, peer: { cidr: cidrOf(CidrIp) }, description: Description };
    });
  });
  if (rules.some((rule, index) => rules.findIndex((other) => sameRule(rule, other)) < index))
    throw new AwsFailure('InvalidParameterValue', 'The same permission must not appear multiple times');
  return rules;
}

/** Whether two rules allow the same. Their descriptions do not count. */
export function sameRule(a: GivenRule, b: GivenRule): boolean {
  return ruleText(a) === ruleText(b);
}

/** A rule as AWS writes it in a refusal. */
export function ruleText({ protocol, ports, peer }: GivenRule): string {
  const traffic = ports ? `${protocol.toUpperCase()}, from port: ${ports.from}, to port: ${ports.to}` : 'ALL';
  return `peer: ${'cidr' in peer ? peer.cidr : peer.groupId}, ${traffic}, ALLOW`;
}

/** Rules as DescribeSecurityGroups shows them: one permission for each protocol and port range. */
export function permissionsOf(rules: readonly SecurityGroupRule[], { accountId }: Pick<Call, 'accountId'>): IpPermission[] {
  const first = rules.filter((rule, index) => rules.findIndex((other) => sameTraffic(rule, other)) === index);
  return first.map((one) => {
    const same = rules.filter((rule) => sameTraffic(rule, one));
    return {
      ...trafficOf(one),
      IpRanges: same.flatMap(({ peer, description }) => ('cidr' in peer ? [{ CidrIp: peer.cidr, Description: description }] : [])),
      UserIdGroupPairs: same.flatMap(({ peer, description }) =>
        'groupId' in peer ? [{ GroupId: peer.groupId, UserId: accountId, Description: description }] : [],
      ),
      Ipv6Ranges: [],
      PrefixListIds: [],
    };
  });
}

/** A rule as DescribeSecurityGroupRules shows it. */
export function describedRule(rule: SecurityGroupRule, { region, accountId }: Pick<Call, 'region' | 'accountId'>): DescribedRule {
  return {
    SecurityGroupRuleId: rule.id,
    SecurityGroupRuleArn: `arn:aws:ec2:${region}:${accountId}:security-group-rule/${rule.id}`,
    GroupId: rule.groupId,
    GroupOwnerId: accountId,
    IsEgress: rule.egress,
    ...trafficOf(rule),
    // A rule without ports allows all. AWS writes that as -1 here, and omits it in a permission.
    ...(!rule.ports && { FromPort: -1, ToPort: -1 }),
    ...('cidr' in rule.peer ? { CidrIpv4: rule.peer.cidr } : { ReferencedGroupInfo: { GroupId: rule.peer.groupId, UserId: accountId } }),
    Description: rule.description,
    Tags: [...rule.tags],
  };
}

function sameTraffic(a: GivenRule, b: GivenRule): boolean {
  return a.protocol === b.protocol && a.ports?.from === b.ports?.from && a.ports?.to === b.ports?.to;
}

function trafficOf({ protocol, ports }: GivenRule): Pick<IpPermission, 'IpProtocol' | 'FromPort' | 'ToPort'> {
  return { IpProtocol: protocol, ...(ports && { FromPort: ports.from, ToPort: ports.to }) };
}

function protocolOf({ IpProtocol }: IpPermission): string {
  if (IpProtocol === undefined) throw new AwsFailure('MissingParameter', 'The request must contain the parameter ipProtocol');
  return protocolNames[IpProtocol] ?? IpProtocol;
}

function portsOf({ FromPort: from, ToPort: to }: IpPermission): { from: number; to: number } {
  if (from === undefined || to === undefined)
    throw new AwsFailure('InvalidParameterValue', 'Invalid value for portRange. Must specify both from and to ports with TCP/UDP.');
  const outside = [from, to].find((port) => !Number.isInteger(port) || port < 0 || port > highestPort);
  if (outside !== undefined) throw new AwsFailure('InvalidParameterValue', `TCP/UDP port (${outside}) out of range`);
  if (from > to) throw new AwsFailure('InvalidParameterValue', `Invalid TCP/UDP port range (${from}:${to})`);
  return { from, to };
}

function cidrOf(given: string | undefined): string {
  if (given === undefined) throw new AwsFailure('MissingParameter', 'The request must contain the parameter cidrIp');
  const cidr = parseCidr(given);
  if (!cidr) throw new AwsFailure('InvalidParameterValue', `CIDR block ${given} is malformed`);
  return formatCidr(cidr);
}

function checkDescription(description: string | undefined): void {
  if (description === undefined || /^[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]{0,255}$/.test(description)) return;
  throw new AwsFailure(
    'InvalidParameterValue',
    'Invalid rule description. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*',
  );
}
