import type { RouteTable as DescribedRouteTable } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { AwsFailure } from '../service.ts';
import { formatCidr, parseCidr } from './cidr.ts';
import { type FilterTable, filtered, resourceFilters } from './filters.ts';
import type { Call, Operations } from './operation.ts';
import { paginated } from './pagination.ts';
import { isId, type Kind, newId, resource, type Stored } from './resource.ts';
import type { Resources } from './state.ts';
import { honorsTagSpecifications, tagsOf } from './tags.ts';

export const RouteTable = v.strictObject({
  ...resource,
  vpcId: v.string(),
  /** Without the one to the VPC itself. */
  routes: v.array(v.strictObject({ destination: v.string(), gatewayId: v.string() })),
  /** With subnets. The main table's association with its VPC has no subnet. */
  associations: v.array(v.strictObject({ id: v.string(), main: v.boolean(), subnetId: v.optional(v.string()) })),
});
export type RouteTable = Stored<v.InferOutput<typeof RouteTable>>;

export const routeTableKind: Kind<RouteTable> = {
  type: 'route-table',
  prefix: 'rtb',
  noun: 'routeTable ID',
  notFound: 'InvalidRouteTableID.NotFound',
  malformed: 'InvalidRouteTableId.Malformed',
  schema: RouteTable,
  uses: ({ vpcId }) => [vpcId],
  belongsTo: ({ associations }) => associations.flatMap(({ subnetId }) => subnetId ?? []),
};

const routeTableFilters: FilterTable<RouteTable> = resourceFilters<RouteTable>(
  {
    'association.main': ({ associations }) => associations.map(({ main }) => main),
    'association.route-table-association-id': ({ associations }) => associations.map(({ id }) => id),
    'association.route-table-id': ({ id, associations }) => (associations.length > 0 ? id : undefined),
    'association.subnet-id': ({ associations }) => associations.map(({ subnetId }) => subnetId),
    'route-table-id': ({ id }) => id,
    'route.gateway-id': ({ routes }) => ['local', ...routes.map(({ gatewayId }) => gatewayId)],
    'route.origin': ({ routes }) => ['CreateRouteTable', ...routes.map(() => 'CreateRoute')],
    'vpc-id': ({ vpcId }) => vpcId,
  },
  [
    'association.gateway-id',
    'owner-id',
    'route.destination-cidr-block',
    'route.destination-ipv6-cidr-block',
    'route.destination-prefix-list-id',
    'route.egress-only-internet-gateway-id',
    'route.instance-id',
    'route.nat-gateway-id',
    'route.transit-gateway-id',
    'route.state',
    'route.vpc-peering-connection-id',
  ],
);

export const routeTableOperations = {
  CreateRouteTable: {
    honors: { VpcId: true, ...honorsTagSpecifications },
    mutates: true,
    idempotent: true,
    run({ VpcId, ClientToken, TagSpecifications }, call) {
      const tags = tagsOf(TagSpecifications, 'route-table')['route-table'];
      const vpc = call.resources.vpcs.find(VpcId);
      const table = call.resources.routeTables.add({ tags, vpcId: vpc.id, routes: [], associations: [] });
      return { RouteTable: described(table, call), ClientToken };
    },
  },

  CreateRoute: {
    honors: { RouteTableId: true, DestinationCidrBlock: true, GatewayId: true },
    mutates: true,
    run({ RouteTableId, DestinationCidrBlock, GatewayId }, { resources }) {
      const destination = destinationOf(DestinationCidrBlock);
      if (GatewayId === undefined) throw new AwsFailure('MissingParameter', 'The request must contain the parameter GatewayId');
      const table = resources.routeTables.find(RouteTableId);
      const gateway = gatewayOf(resources, GatewayId);
      if (gateway.vpcId !== table.vpcId)
        throw new AwsFailure(
          'InvalidParameterValue',
          `route table ${table.id} and network gateway ${gateway.id} belong to different networks`,
        );
      if (destination === localDestination(resources, table) || table.routes.some((route) => route.destination === destination))
        throw new AwsFailure('RouteAlreadyExists', `The route identified by ${destination} already exists.`);
      resources.routeTables.change(table, { routes: [...table.routes, { destination, gatewayId: gateway.id }] });
      return { Return: true };
    },
  },

  DeleteRoute: {
    honors: { RouteTableId: true, DestinationCidrBlock: true },
    mutates: true,
    run({ RouteTableId, DestinationCidrBlock }, { resources }) {
      const destination = destinationOf(DestinationCidrBlock);
      const table = resources.routeTables.find(RouteTableId);
      if (destination === localDestination(resources, table))
        throw new AwsFailure('InvalidParameterValue', `cannot remove local route ${destination} in route table ${table.id}`);
      if (!table.routes.some((route) => route.destination === destination))
        throw new AwsFailure('InvalidRoute.NotFound', `no route with destination-cidr-block ${destination} in route table ${table.id}`);
      const routes = table.routes.filter((route) => route.destination !== destination);
      resources.routeTables.change(table, { routes });
      return {};
    },
  },

  AssociateRouteTable: {
    honors: { RouteTableId: true, SubnetId: true },
    mutates: true,
    run({ RouteTableId, SubnetId }, { resources }) {
      if (SubnetId === undefined) throw new AwsFailure('MissingParameter', 'The request must contain the parameter SubnetId');
      const table = resources.routeTables.find(RouteTableId);
      const subnet = resources.subnets.find(SubnetId);
      if (subnet.vpcId !== table.vpcId)
        throw new AwsFailure('InvalidParameterValue', `Route table ${table.id} and subnet ${subnet.id} belong to different networks`);
      const associated = resources.routeTables
        .all()
        .find(({ associations }) => associations.some(({ subnetId }) => subnetId === subnet.id));
      if (associated)
        throw new AwsFailure(
          'Resource.AlreadyAssociated',
          `the specified association for route table ${table.id} conflicts with an existing association`,
        );
      const association = { id: newId('rtbassoc'), main: false, subnetId: subnet.id };
      resources.routeTables.change(table, { associations: [...table.associations, association] });
      return { AssociationId: association.id, AssociationState: { State: 'associated' } };
    },
  },

  DisassociateRouteTable: {
    honors: { AssociationId: true },
    mutates: true,
    run({ AssociationId }, { resources }) {
      const table = resources.routeTables.select(undefined).find(({ associations }) => associations.some(({ id }) => id === AssociationId));
      if (!table) throw new AwsFailure('InvalidAssociationID.NotFound', `The association ID '${AssociationId}' does not exist`);
      if (table.associations.some(({ id, main }) => main && id === AssociationId))
        throw new AwsFailure('InvalidParameterValue', `cannot disassociate the main route table association ${AssociationId}`);
      const associations = table.associations.filter(({ id }) => id !== AssociationId);
      resources.routeTables.change(table, { associations });
      return {};
    },
  },

  DescribeRouteTables: {
    honors: { RouteTableIds: true, 'Filters.Name': true, 'Filters.Values': true, MaxResults: true, NextToken: true },
    filters: routeTableFilters,
    run(input, call) {
      const tables = filtered(routeTableFilters, call.resources.routeTables.select(input.RouteTableIds), input.Filters);
      const { page, NextToken } = paginated(call, input, tables, ({ id }) => id, { minimum: 5, maximum: 100 });
      return { RouteTables: page.map((table) => described(table, call)), NextToken };
    },
  },

  DeleteRouteTable: {
    honors: { RouteTableId: true },
    mutates: true,
    run({ RouteTableId }, { resources }) {
      const table = resources.routeTables.find(RouteTableId);
      if (table.associations.length > 0)
        throw new AwsFailure('DependencyViolation', `The routeTable '${table.id}' has dependencies and cannot be deleted.`);
      resources.routeTables.delete(table.id);
      return {};
    },
  },
} satisfies Operations;

function destinationOf(given: string | undefined): string {
  if (given === undefined) throw new AwsFailure('MissingParameter', 'The request must contain the parameter DestinationCidrBlock');
  const cidr = parseCidr(given);
  if (!cidr)
    throw new AwsFailure(
      'InvalidParameterValue',
      `Value (${given}) for parameter destinationCidrBlock is invalid. This is not a valid CIDR block.`,
    );
  return formatCidr(cidr);
}

/** AWS has a special refusal for the gateway of a route. */
function gatewayOf({ internetGateways }: Resources, id: string) {
  const gateway = isId('igw', id) ? internetGateways.visible(id) : undefined;
  if (!gateway) throw new AwsFailure('InvalidGatewayID.NotFound', `The gateway ID '${id}' does not exist`);
  return gateway;
}

function localDestination({ vpcs }: Resources, table: RouteTable): string | undefined {
  return vpcs.get(table.vpcId)?.cidrBlock;
}

function described(table: RouteTable, { resources, accountId }: Call): DescribedRouteTable {
  const attached = resources.internetGateways.of(table.vpcId);
  return {
    RouteTableId: table.id,
    VpcId: table.vpcId,
    OwnerId: accountId,
    Routes: [
      { DestinationCidrBlock: localDestination(resources, table), GatewayId: 'local', Origin: 'CreateRouteTable', State: 'active' },
      ...table.routes.map(({ destination, gatewayId }) => ({
        DestinationCidrBlock: destination,
        GatewayId: gatewayId,
        Origin: 'CreateRoute' as const,
        // A route remains after its gateway is detached, and then leads nowhere.
        State: attached.some(({ id }) => id === gatewayId) ? ('active' as const) : ('blackhole' as const),
      })),
    ],
    Associations: table.associations.map(({ id, main, subnetId }) => ({
      RouteTableAssociationId: id,
      RouteTableId: table.id,
      Main: main,
      SubnetId: subnetId,
      AssociationState: { State: 'associated' },
    })),
    PropagatingVgws: [],
    Tags: [...table.tags],
  };
}
