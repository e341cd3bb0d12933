import type { InternetGateway as DescribedInternetGateway } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { AwsFailure } from '../service.ts';
import { filtered, resourceFilters } from './filters.ts';
import type { Call, Operations } from './operation.ts';
import { paginated } from './pagination.ts';
import { type Kind, mapsPublicAddress, resource, type Stored } from './resource.ts';
import { honorsTagSpecifications, tagsOf } from './tags.ts';

export const InternetGateway = v.strictObject({ ...resource, vpcId: v.optional(v.string()) });
export type InternetGateway = Stored<v.InferOutput<typeof InternetGateway>>;

export const internetGatewayKind: Kind<InternetGateway> = {
  type: 'internet-gateway',
  prefix: 'igw',
  noun: 'internetGateway ID',
  notFound: 'InvalidInternetGatewayID.NotFound',
  malformed: 'InvalidInternetGatewayId.Malformed',
  schema: InternetGateway,
  uses: ({ vpcId }) => (vpcId === undefined ? [] : [vpcId]),
};

// AWS's default quota in a region.
const maximumInternetGateways = 5;

const internetGatewayFilters = resourceFilters<InternetGateway>(
  {
    'attachment.state': ({ vpcId }) => (vpcId === undefined ? undefined : 'available'),
    'attachment.vpc-id': ({ vpcId }) => vpcId,
    'internet-gateway-id': ({ id }) => id,
  },
  ['owner-id'],
);

export const internetGatewayOperations = {
  CreateInternetGateway: {
    honors: honorsTagSpecifications,
    mutates: true,
    run({ TagSpecifications }, call) {
      const tags = tagsOf(TagSpecifications, 'internet-gateway')['internet-gateway'];
      const { internetGateways } = call.resources;
      if (internetGateways.all().length >= maximumInternetGateways)
        throw new AwsFailure('InternetGatewayLimitExceeded', 'The maximum number of internet gateways has been reached.');
      return { InternetGateway: described(internetGateways.add({ tags }), call) };
    },
  },

  AttachInternetGateway: {
    honors: { InternetGatewayId: true, VpcId: true },
    mutates: true,
    run({ InternetGatewayId, VpcId }, call) {
      const { internetGateways, vpcs } = call.resources;
      const gateway = internetGateways.find(InternetGatewayId);
      const vpc = vpcs.find(VpcId);
      if (gateway.vpcId !== undefined)
        throw new AwsFailure('Resource.AlreadyAssociated', `resource ${gateway.id} is already attached to network ${gateway.vpcId}`);
      if (internetGateways.of(vpc.id).length > 0)
        throw new AwsFailure('InvalidParameterValue', `Network ${vpc.id} already has an internet gateway attached`);
      internetGateways.change(gateway, { vpcId: vpc.id });
      return {};
    },
  },

  DetachInternetGateway: {
    honors: { InternetGatewayId: true, VpcId: true },
    mutates: true,
    run({ InternetGatewayId, VpcId }, call) {
      const { internetGateways, vpcs } = call.resources;
      const gateway = internetGateways.find(InternetGatewayId);
      const vpc = vpcs.find(VpcId);
      if (gateway.vpcId !== vpc.id)
        throw new AwsFailure('Gateway.NotAttached', `resource ${gateway.id} is not attached to network ${vpc.id}`);
      if (mapsPublicAddress(call.resources, vpc.id, call.clock.now()))
        throw new AwsFailure(
          'DependencyViolation',
          `Network ${vpc.id} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.`,
        );
      internetGateways.change(gateway, { vpcId: undefined });
      return {};
    },
  },

  DescribeInternetGateways: {
    honors: { InternetGatewayIds: true, 'Filters.Name': true, 'Filters.Values': true, MaxResults: true, NextToken: true },
    filters: internetGatewayFilters,
    run(input, call) {
      const gateways = filtered(internetGatewayFilters, call.resources.internetGateways.select(input.InternetGatewayIds), input.Filters);
      const { page, NextToken } = paginated(call, input, gateways, ({ id }) => id);
      return { InternetGateways: page.map((gateway) => described(gateway, call)), NextToken };
    },
  },

  DeleteInternetGateway: {
    honors: { InternetGatewayId: true },
    mutates: true,
    run({ InternetGatewayId }, call) {
      const { internetGateways } = call.resources;
      const gateway = internetGateways.find(InternetGatewayId);
      if (gateway.vpcId !== undefined)
        throw new AwsFailure('DependencyViolation', `The internetGateway '${gateway.id}' has dependencies and cannot be deleted.`);
      internetGateways.delete(gateway.id);
      return {};
    },
  },
} satisfies Operations;

function described({ id, vpcId, tags }: InternetGateway, { accountId }: Call): DescribedInternetGateway {
  return {
    InternetGatewayId: id,
    OwnerId: accountId,
    // The enum of the model does not have the state that AWS returns for an internet gateway.
    Attachments: vpcId === undefined ? [] : [{ State: 'available' as 'attached', VpcId: vpcId }],
    Tags: [...tags],
  };
}
