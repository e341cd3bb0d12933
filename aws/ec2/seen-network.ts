import {
  DescribeInternetGatewaysCommand,
  DescribeRouteTablesCommand,
  DescribeSubnetsCommand,
  DescribeVpcAttributeCommand,
  DescribeVpcsCommand,
  type EC2Client,
  type Filter,
  type InternetGateway,
  type RouteTable,
  type Subnet,
  type Vpc,
  type VpcAttributeName,
} from '@aws-sdk/client-ec2';
import { network } from '../../core/names.ts';
import type { NetworkIds } from '../../core/network.ts';
import type { SeenGateway, SeenNetwork, SeenRouteTable, SeenSubnet, SeenVpc } from '../../core/network-drift.ts';
import { unless } from '../errors.ts';
import { describeRouteTables, findInternetGateways, findRouteTables, findSubnets, findVpcs } from './resources.ts';

/**
 * What EC2 shows of the network: what has our tag, and what is recorded or used by the recorded VPC, whatever tags it has. There are few of
 * each.
 *
 * @param ids as they are recorded
 */
export async function seenNetwork(ec2: EC2Client, ids: NetworkIds | undefined): Promise<SeenNetwork> {
  const ours = await findVpcs(ec2);
  const vpcs = await withOthers(ours, ids?.vpcId, idOfVpc, (id) => vpcsBy(ec2, one('vpc-id', id)));
  const subnets = await withOthers(await findSubnets(ec2), ids?.subnets[0].subnetId, idOfSubnet, (id) =>
    subnetsBy(ec2, one('subnet-id', id)),
  );
  const gateways = await withOthers(await findInternetGateways(ec2), ids?.internetGatewayId, idOfGateway, (id) =>
    gatewaysBy(ec2, one('internet-gateway-id', id)),
  );
  const attached = ids ? await gatewaysBy(ec2, one('attachment.vpc-id', ids.vpcId)) : [];
  const tables = await withOthers(await findRouteTables(ec2), ids?.routeTableId, idOfTable, (id) =>
    tablesBy(ec2, one('route-table-id', id)),
  );
  const inVpc = ids ? await describeRouteTables(ec2, ids.vpcId) : [];
  // Without our tag, a function may not ask for its attributes.
  const hasNames = ids && ours.some((vpc) => idOfVpc(vpc) === ids.vpcId) ? await namesInstances(ec2, ids.vpcId) : undefined;
  return {
    vpcs: vpcs.map((vpc) => ({ ...seenVpc(vpc), ...(hasNames !== undefined && idOfVpc(vpc) === ids?.vpcId && { hasNames }) })),
    subnets: subnets.map(seenSubnet),
    gateways: unique([...gateways, ...attached], idOfGateway).map(seenGateway),
    tables: unique([...tables, ...inVpc], idOfTable).map(seenTable),
  };
}

const idOfVpc = ({ VpcId }: Vpc) => VpcId;
const idOfSubnet = ({ SubnetId }: Subnet) => SubnetId;
const idOfGateway = ({ InternetGatewayId }: InternetGateway) => InternetGatewayId;
const idOfTable = ({ RouteTableId }: RouteTable) => RouteTableId;
const one = (Name: string, value: string): Filter[] => [{ Name, Values: [value] }];

async function withOthers<Resource>(
  tagged: readonly Resource[],
  recordedId: string | undefined,
  idOf: (resource: Resource) => string | undefined,
  byId: (id: string) => Promise<Resource[]>,
): Promise<Resource[]> {
  const known = recordedId === undefined || tagged.some((each) => idOf(each) === recordedId);
  return known ? [...tagged] : [...tagged, ...(await byId(recordedId))];
}

const unique = <Resource>(resources: readonly Resource[], idOf: (resource: Resource) => string | undefined) =>
  resources.filter((each, index) => resources.findIndex((other) => idOf(other) === idOf(each)) === index);

const vpcsBy = async (ec2: EC2Client, Filters: Filter[]) => (await ec2.send(new DescribeVpcsCommand({ Filters }))).Vpcs ?? [];
const subnetsBy = async (ec2: EC2Client, Filters: Filter[]) => (await ec2.send(new DescribeSubnetsCommand({ Filters }))).Subnets ?? [];
const gatewaysBy = async (ec2: EC2Client, Filters: Filter[]) =>
  (await ec2.send(new DescribeInternetGatewaysCommand({ Filters }))).InternetGateways ?? [];
const tablesBy = async (ec2: EC2Client, Filters: Filter[]) =>
  (await ec2.send(new DescribeRouteTablesCommand({ Filters }))).RouteTables ?? [];

/** Whether instances in a VPC have names, and public ones. EC2 tells one attribute per call. A VPC that goes meanwhile has no problem. */
async function namesInstances(ec2: EC2Client, VpcId: string): Promise<boolean> {
  const attribute = (Attribute: VpcAttributeName) => unless('not-found', ec2.send(new DescribeVpcAttributeCommand({ VpcId, Attribute })));
  const support = await attribute('enableDnsSupport');
  const names = await attribute('enableDnsHostnames');
  return support?.EnableDnsSupport?.Value !== false && names?.EnableDnsHostnames?.Value !== false;
}

const seenVpc = ({ VpcId = '', Tags = [] }: Vpc): SeenVpc => ({ id: VpcId, tags: Tags });

const seenSubnet = ({ SubnetId = '', VpcId = '', Tags = [], MapPublicIpOnLaunch }: Subnet): SeenSubnet => ({
  id: SubnetId,
  tags: Tags,
  vpcId: VpcId,
  isPublic: MapPublicIpOnLaunch === true,
});

const seenGateway = ({ InternetGatewayId = '', Tags = [], Attachments = [] }: InternetGateway): SeenGateway => ({
  id: InternetGatewayId,
  tags: Tags,
  vpcId: Attachments[0]?.VpcId,
});

function seenTable({ RouteTableId = '', VpcId = '', Tags = [], Associations = [], Routes = [] }: RouteTable): SeenRouteTable {
  const route = Routes.find(({ DestinationCidrBlock }) => DestinationCidrBlock === network.routeTable.destination);
  return {
    id: RouteTableId,
    tags: Tags,
    vpcId: VpcId,
    subnetIds: Associations.flatMap(({ SubnetId }) => SubnetId ?? []),
    isMain: Associations.some(({ Main }) => Main === true),
    target: route?.GatewayId ?? route?.NatGatewayId ?? route?.NetworkInterfaceId ?? route?.TransitGatewayId,
    isBlackhole: route?.State === 'blackhole',
  };
}
