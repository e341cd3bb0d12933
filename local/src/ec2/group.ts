import type { SecurityGroup as DescribedSecurityGroup, IpPermission, TagSpecification } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { AwsFailure } from '../service.ts';
import { filtered, resourceFilters } from './filters.ts';
import type { Call, Operations } from './operation.ts';
import { paginated } from './pagination.ts';
import { type Kind, resource, type Stored, usersOf } from './resource.ts';
import { describedRule, honorsIpPermissions, permissionsOf, rulesOf, ruleText, type SecurityGroupRule, sameRule } from './rule.ts';
import { honorsTagSpecifications, tagsOf } from './tags.ts';

export const SecurityGroup = v.strictObject({ ...resource, vpcId: v.string(), name: v.string(), description: v.string() });
export type SecurityGroup = Stored<v.InferOutput<typeof SecurityGroup>>;

export const securityGroupKind: Kind<SecurityGroup> = {
  type: 'security-group',
  prefix: 'sg',
  noun: 'security group',
  notFound: 'InvalidGroup.NotFound',
  malformed: 'InvalidGroupId.Malformed',
  schema: SecurityGroup,
  uses: ({ vpcId }) => [vpcId],
};

// AWS's default quotas.
const maximumGroups = 2500;
const maximumRules = 60;

const securityGroupFilters = resourceFilters<SecurityGroup>(
  {
    description: ({ description }) => description,
    'group-id': ({ id }) => id,
    'group-name': ({ name }) => name,
    'vpc-id': ({ vpcId }) => vpcId,
  },
  [
    'owner-id',
    ...['', 'egress.'].flatMap((direction) =>
      ['cidr', 'from-port', 'group-id', 'group-name', 'ipv6-cidr', 'prefix-list-id', 'protocol', 'to-port', 'user-id'].map(
        (property) => `${direction}ip-permission.${property}`,
      ),
    ),
  ],
);

const ruleFilters = resourceFilters<SecurityGroupRule>({
  'group-id': ({ groupId }) => groupId,
  'security-group-rule-id': ({ id }) => id,
});

export const securityGroupOperations = {
  CreateSecurityGroup: {
    honors: { GroupName: true, Description: true, VpcId: true, ...honorsTagSpecifications },
    mutates: true,
    run({ GroupName, Description, VpcId, TagSpecifications }, call) {
      const name = checkedName(GroupName);
      checkCharacters('description', Description);
      const tags = tagsOf(TagSpecifications, 'security-group')['security-group'];
      if (VpcId === undefined) throw new AwsFailure('VPCIdNotSpecified', 'No default VPC for this user');
      const { vpcs, securityGroups, securityGroupRules } = call.resources;
      const vpc = vpcs.find(VpcId);
      const groups = securityGroups.all();
      if (groups.some((group) => group.vpcId === vpc.id && group.name.toLowerCase() === name.toLowerCase()))
        throw new AwsFailure('InvalidGroup.Duplicate', `The security group '${name}' already exists for VPC '${vpc.id}'`);
      if (groups.length >= maximumGroups)
        throw new AwsFailure('SecurityGroupLimitExceeded', 'The maximum number of security groups has been reached.');

      const group = securityGroups.add({ tags, vpcId: vpc.id, name, description: Description });
      securityGroupRules.add({ tags: [], groupId: group.id, egress: true, protocol: '-1', peer: { cidr: '0.0.0.0/0' } });
      return { GroupId: group.id, SecurityGroupArn: arnOf(group, call), Tags: tags };
    },
  },

  AuthorizeSecurityGroupIngress: {
    honors: { GroupId: true, ...honorsIpPermissions, ...honorsTagSpecifications },
    mutates: true,
    run: (input, call) => authorized(input, call, { egress: false }),
  },

  AuthorizeSecurityGroupEgress: {
    honors: { GroupId: true, ...honorsIpPermissions, ...honorsTagSpecifications },
    mutates: true,
    run: (input, call) => authorized(input, call, { egress: true }),
  },

  RevokeSecurityGroupIngress: {
    honors: { GroupId: true, SecurityGroupRuleIds: true, ...honorsIpPermissions },
    mutates: true,
    run: (input, call) => revoked(input, call, { egress: false }),
  },

  RevokeSecurityGroupEgress: {
    honors: { GroupId: true, SecurityGroupRuleIds: true, ...honorsIpPermissions },
    mutates: true,
    run: (input, call) => revoked(input, call, { egress: true }),
  },

  DescribeSecurityGroups: {
    honors: { GroupIds: true, 'Filters.Name': true, 'Filters.Values': true, MaxResults: true, NextToken: true },
    filters: securityGroupFilters,
    run(input, call) {
      const groups = filtered(securityGroupFilters, call.resources.securityGroups.select(input.GroupIds), input.Filters);
      const { page, NextToken } = paginated(call, input, groups, ({ id }) => id);
      return { SecurityGroups: page.map((group) => described(group, call)), NextToken };
    },
  },

  DescribeSecurityGroupRules: {
    honors: { SecurityGroupRuleIds: true, 'Filters.Name': true, 'Filters.Values': true, MaxResults: true, NextToken: true },
    filters: ruleFilters,
    run(input, call) {
      const rules = filtered(ruleFilters, call.resources.securityGroupRules.select(input.SecurityGroupRuleIds), input.Filters);
      const { page, NextToken } = paginated(call, input, rules, ({ id }) => id);
      return { SecurityGroupRules: page.map((rule) => describedRule(rule, call)), NextToken };
    },
  },

  DeleteSecurityGroup: {
    honors: { GroupId: true },
    mutates: true,
    run({ GroupId }, call) {
      const { securityGroups, securityGroupRules } = call.resources;
      const group = groupOf(call, GroupId);
      if (group.name === 'default')
        throw new AwsFailure('CannotDelete', `the specified group: "${group.id}" name: "default" cannot be deleted by a user`);
      if (usersOf(call.resources, group.id).length > 0)
        throw new AwsFailure('DependencyViolation', `resource ${group.id} has a dependent object`);
      for (const rule of securityGroupRules.of(group.id)) if (rule.groupId === group.id) securityGroupRules.delete(rule.id);
      securityGroups.delete(group.id);
      return { Return: true, GroupId: group.id };
    },
  },
} satisfies Operations;

/** Which way the traffic goes that rules allow. */
interface Direction {
  readonly egress: boolean;
}

interface Authorization {
  readonly GroupId?: string | undefined;
  readonly IpPermissions?: readonly IpPermission[] | undefined;
  readonly TagSpecifications?: readonly Partial<TagSpecification>[] | undefined;
}

function authorized({ GroupId, IpPermissions, TagSpecifications }: Authorization, call: Call, direction: Direction) {
  const tags = tagsOf(TagSpecifications, 'security-group-rule')['security-group-rule'];
  const given = rulesOf(IpPermissions);
  const { securityGroupRules } = call.resources;
  const group = groupOf(call, GroupId);
  const present = rulesIn(call, group, direction);
  const duplicate = given.find((rule) => present.some((other) => sameRule(rule, other)));
  if (duplicate) throw new AwsFailure('InvalidPermission.Duplicate', `the specified rule "${ruleText(duplicate)}" already exists`);
  // The quota counts inbound and outbound rules apart.
  if (present.length + given.length > maximumRules)
    throw new AwsFailure('RulesPerSecurityGroupLimitExceeded', 'The maximum number of rules per security group has been reached.');

  const added = given.map((rule) => securityGroupRules.add({ ...rule, tags: [...tags], groupId: group.id, ...direction }));
  return { Return: true, SecurityGroupRules: added.map((rule) => describedRule(rule, call)) };
}

interface Revocation extends Omit<Authorization, 'TagSpecifications'> {
  readonly SecurityGroupRuleIds?: readonly string[] | undefined;
}

function revoked({ GroupId, SecurityGroupRuleIds, IpPermissions }: Revocation, call: Call, direction: Direction) {
  const { securityGroupRules } = call.resources;
  const group = groupOf(call, GroupId);
  const present = rulesIn(call, group, direction);
  if (SecurityGroupRuleIds && IpPermissions)
    throw new AwsFailure(
      'InvalidParameterCombination',
      'The parameter ipPermissions cannot be used with the parameter securityGroupRuleIds',
    );
  const asked = SecurityGroupRuleIds
    ? securityGroupRules.select([...SecurityGroupRuleIds]).map((rule) => present.find(({ id }) => id === rule.id))
    : rulesOf(IpPermissions).map((rule) => present.find((other) => sameRule(rule, other)));
  const found = asked.filter((rule) => rule !== undefined);
  if (found.length < asked.length)
    throw new AwsFailure('InvalidPermission.NotFound', 'The specified rule does not exist in this security group.');

  for (const { id } of found) securityGroupRules.delete(id);
  return {
    Return: true,
    RevokedSecurityGroupRules: found.map((rule) => {
      const { SecurityGroupRuleId, IsEgress, IpProtocol, FromPort, ToPort, CidrIpv4, Description } = describedRule(rule, call);
      return { SecurityGroupRuleId, GroupId: group.id, IsEgress, IpProtocol, FromPort, ToPort, CidrIpv4, Description };
    }),
  };
}

const rulesIn = ({ resources }: Call, group: SecurityGroup, { egress }: Direction) =>
  resources.securityGroupRules.of(group.id).filter((rule) => rule.groupId === group.id && rule.egress === egress);

function groupOf(call: Call, id: string | undefined): SecurityGroup {
  if (id === undefined) throw new AwsFailure('MissingParameter', 'The request must contain the parameter groupName or groupId');
  return call.resources.securityGroups.find(id);
}

/** The name of a group without trailing spaces, which AWS removes. */
function checkedName(given: string): string {
  const name = given.trimEnd();
  if (name === '') throw new AwsFailure('MissingParameter', 'The request must contain the parameter GroupName');
  if (name.toLowerCase() === 'default') throw new AwsFailure('InvalidParameterValue', `Cannot use reserved security group name: ${name}`);
  if (/^sg-/i.test(name))
    throw new AwsFailure(
      'InvalidParameterValue',
      `Value (${name}) for parameter GroupName is invalid. Group names may not be in the format sg-*.`,
    );
  checkCharacters('name', name);
  return name;
}

function checkCharacters(what: 'name' | 'description', text: string): void {
  const parameter = what === 'name' ? 'GroupName' : 'GroupDescription';
  if (/[^\x20-\x7e]/.test(text))
    throw new AwsFailure(
      'InvalidParameterValue',
      `Value (${text}) for parameter ${parameter} is invalid. Character sets beyond ASCII are not supported.`,
    );
  if (/^[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]{1,255}$/.test(text)) return;
  throw new AwsFailure(
    'InvalidParameterValue',
    `Invalid security group ${what}. Valid ${what}s are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*`,
  );
}

function arnOf({ id }: SecurityGroup, { region, accountId }: Call): string {
  return `arn:aws:ec2:${region}:${accountId}:security-group/${id}`;
}

function described(group: SecurityGroup, call: Call): DescribedSecurityGroup {
  const rules = call.resources.securityGroupRules.of(group.id).filter(({ groupId }) => groupId === group.id);
  return {
    GroupId: group.id,
    SecurityGroupArn: arnOf(group, call),
    GroupName: group.name,
    Description: group.description,
    OwnerId: call.accountId,
    VpcId: group.vpcId,
    IpPermissions: permissionsOf(
      rules.filter(({ egress }) => !egress),
      call,
    ),
    IpPermissionsEgress: permissionsOf(
      rules.filter(({ egress }) => egress),
      call,
    ),
    Tags: [...group.tags],
  };
}
