import type { Vpc as DescribedVpc } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { AwsFailure } from '../service.ts';
import { formatCidr, parseCidr } from './cidr.ts';
import { filtered, resourceFilters } from './filters.ts';
import type { Call, Operations } from './operation.ts';
import { paginated } from './pagination.ts';
import { type Kind, newId, resource, type Stored, usersOf } from './resource.ts';
import { honorsTagSpecifications, tagsOf } from './tags.ts';

export const Vpc = v.strictObject({
  ...resource,
  cidrBlock: v.string(),
  cidrAssociationId: v.string(),
  enableDnsSupport: v.boolean(),
  enableDnsHostnames: v.boolean(),
});
export type Vpc = Stored<v.InferOutput<typeof Vpc>>;

export const vpcKind: Kind<Vpc> = {
  type: 'vpc',
  prefix: 'vpc',
  noun: 'vpc ID',
  notFound: 'InvalidVpcID.NotFound',
  malformed: 'InvalidVpcID.Malformed',
  schema: Vpc,
  uses: () => [],
};

// AWS's default quota in a region.
const maximumVpcs = 5;

const vpcFilters = resourceFilters<Vpc>(
  {
    cidr: ({ cidrBlock }) => cidrBlock,
    'cidr-block-association.cidr-block': ({ cidrBlock }) => cidrBlock,
    'cidr-block-association.association-id': ({ cidrAssociationId }) => cidrAssociationId,
    'cidr-block-association.state': () => 'associated',
    'is-default': () => false,
    state: () => 'available',
    'vpc-id': ({ id }) => id,
  },
  [
    'dhcp-options-id',
    'ipv6-cidr-block-association.ipv6-cidr-block',
    'ipv6-cidr-block-association.ipv6-pool',
    'ipv6-cidr-block-association.association-id',
    'ipv6-cidr-block-association.state',
    'owner-id',
  ],
);

export const vpcOperations = {
  CreateVpc: {
    honors: { CidrBlock: true, InstanceTenancy: ['default'], AmazonProvidedIpv6CidrBlock: [false], ...honorsTagSpecifications },
    mutates: true,
    run({ CidrBlock, TagSpecifications }, call) {
      const cidrBlock = vpcCidr(CidrBlock);
      const { vpc: tags } = tagsOf(TagSpecifications, 'vpc');
      const { vpcs, routeTables, securityGroups, securityGroupRules } = call.resources;
      if (vpcs.all().length >= maximumVpcs) throw new AwsFailure('VpcLimitExceeded', 'The maximum number of VPCs has been reached.');

      const cidrAssociationId = newId('vpc-cidr-assoc');
      const vpc = vpcs.add({ tags, cidrBlock, cidrAssociationId, enableDnsSupport: true, enableDnsHostnames: false });
      // AWS also creates a network ACL. It allows everything, so it makes no difference here.
      const mainAssociation = { id: newId('rtbassoc'), main: true };
      routeTables.add({ tags: [], vpcId: vpc.id, routes: [], associations: [mainAssociation] });
      const group = securityGroups.add({ tags: [], vpcId: vpc.id, name: 'default', description: 'default VPC security group' });
      const everything = { tags: [], groupId: group.id, protocol: '-1' };
      securityGroupRules.add({ ...everything, egress: false, peer: { groupId: group.id } });
      securityGroupRules.add({ ...everything, egress: true, peer: { cidr: '0.0.0.0/0' } });
      return { Vpc: { ...described(vpc, call), State: 'pending' } };
    },
  },

  DescribeVpcs: {
    honors: { VpcIds: true, 'Filters.Name': true, 'Filters.Values': true, MaxResults: true, NextToken: true },
    filters: vpcFilters,
    run(input, call) {
      const vpcs = filtered(vpcFilters, call.resources.vpcs.select(input.VpcIds), input.Filters);
      const { page, NextToken } = paginated(call, input, vpcs, ({ id }) => id);
      return { Vpcs: page.map((vpc) => described(vpc, call)), NextToken };
    },
  },

  DescribeVpcAttribute: {
    honors: { VpcId: true, Attribute: ['enableDnsSupport', 'enableDnsHostnames'] },
    run({ VpcId, Attribute }, call) {
      const vpc = call.resources.vpcs.find(VpcId);
      if (Attribute === 'enableDnsSupport') return { VpcId, EnableDnsSupport: { Value: vpc.enableDnsSupport } };
      return { VpcId, EnableDnsHostnames: { Value: vpc.enableDnsHostnames } };
    },
  },

  ModifyVpcAttribute: {
    honors: { VpcId: true, 'EnableDnsSupport.Value': true, 'EnableDnsHostnames.Value': true },
    mutates: true,
    run({ VpcId, EnableDnsSupport, EnableDnsHostnames }, call) {
      const vpc = call.resources.vpcs.find(VpcId);
      if (EnableDnsSupport && EnableDnsHostnames)
        throw new AwsFailure(
          'InvalidParameterCombination',
          'Fields for multiple attribute types specified: enableDnsHostnames, enableDnsSupport',
        );
      if (!EnableDnsSupport && !EnableDnsHostnames) throw new AwsFailure('InvalidParameterCombination', 'No attributes specified.');
      const { vpcs } = call.resources;
      if (EnableDnsSupport?.Value !== undefined) vpcs.change(vpc, { enableDnsSupport: EnableDnsSupport.Value });
      if (EnableDnsHostnames?.Value !== undefined) vpcs.change(vpc, { enableDnsHostnames: EnableDnsHostnames.Value });
      return {};
    },
  },

  DeleteVpc: {
    honors: { VpcId: true },
    mutates: true,
    run({ VpcId }, call) {
      const { vpcs, routeTables, securityGroups, securityGroupRules } = call.resources;
      const vpc = vpcs.find(VpcId);
      const mainTables = routeTables.of(vpc.id).filter(({ associations }) => associations.some(({ main }) => main));
      const defaultGroups = securityGroups.of(vpc.id).filter(({ name }) => name === 'default');
      const leaving = new Set([...mainTables, ...defaultGroups].map(({ id }) => id));
      if (usersOf(call.resources, vpc.id).some(({ id }) => !leaving.has(id)))
        throw new AwsFailure('DependencyViolation', `The vpc '${vpc.id}' has dependencies and cannot be deleted.`);
      for (const { id } of mainTables) routeTables.delete(id);
      for (const rule of securityGroupRules.all()) if (leaving.has(rule.groupId)) securityGroupRules.delete(rule.id);
      for (const { id } of defaultGroups) securityGroups.delete(id);
      vpcs.delete(vpc.id);
      return {};
    },
  },
} satisfies Operations;

function vpcCidr(given: string | undefined): string {
  if (given === undefined) throw new AwsFailure('MissingParameter', "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.");
  const cidr = parseCidr(given);
  if (!cidr)
    throw new AwsFailure('InvalidParameterValue', `Value (${given}) for parameter cidrBlock is invalid. This is not a valid CIDR block.`);
  if (cidr.bits < 16 || cidr.bits > 28) throw new AwsFailure('InvalidVpc.Range', `The CIDR '${given}' is invalid.`);
  return formatCidr(cidr);
}

function described(vpc: Vpc, { accountId }: Call): DescribedVpc {
  return {
    VpcId: vpc.id,
    OwnerId: accountId,
    State: 'available',
    CidrBlock: vpc.cidrBlock,
    CidrBlockAssociationSet: [{ AssociationId: vpc.cidrAssociationId, CidrBlock: vpc.cidrBlock, CidrBlockState: { State: 'associated' } }],
    DhcpOptionsId: 'default',
    InstanceTenancy: 'default',
    IsDefault: false,
    Tags: [...vpc.tags],
  };
}
