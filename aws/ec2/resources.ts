import {
  type AvailabilityZone,
  DescribeAvailabilityZonesCommand,
  DescribeInstancesCommand,
  DescribeInternetGatewaysCommand,
  DescribeKeyPairsCommand,
  DescribeNetworkInterfacesCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVolumesCommand,
  DescribeVpcsCommand,
  type EC2Client,
  type Tag as Ec2Tag,
  type Filter,
  type Instance,
  type InternetGateway,
  type KeyPairInfo,
  type NetworkInterface,
  type RouteTable,
  type SecurityGroup,
  type Subnet,
  type Volume,
  type Vpc,
} from '@aws-sdk/client-ec2';
import type { ExplainedState, InstanceState } from '../../core/plan.ts';
import { managedBy, type Owned, ownerTags, type Tag, tagKey } from '../../core/tags.ts';

/**
 * Finds resources by our tags, which say which resources exist and whose they are. Of duplicates, the one with the lowest id comes first. The
 * name of an environment does not count: it may have been changed.
 * What all environments share is found by `recode:managed-by` alone: anyone may rename a VPC in the console, and nothing else of ours has
 * these types.
 */

export async function findVpcs(ec2: EC2Client): Promise<Vpc[]> {
  const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({ Filters: tagFilters([managedBy]) }));
  return byId(Vpcs, ({ VpcId }) => VpcId);
}

export async function findInternetGateways(ec2: EC2Client): Promise<InternetGateway[]> {
  const { InternetGateways = [] } = await ec2.send(new DescribeInternetGatewaysCommand({ Filters: tagFilters([managedBy]) }));
  return byId(InternetGateways, ({ InternetGatewayId }) => InternetGatewayId);
}

/** The subnets, in whichever VPC of ours they are: the VPC that holds one is the one that counts. */
export async function findSubnets(ec2: EC2Client): Promise<Subnet[]> {
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ Filters: tagFilters([managedBy]) }));
  return byId(Subnets, ({ SubnetId }) => SubnetId);
}

/** All subnets of a VPC, Recode's and others. */
export async function describeSubnets(ec2: EC2Client, vpcId: string): Promise<Subnet[]> {
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ Filters: [{ Name: 'vpc-id', Values: [vpcId] }] }));
  return Subnets;
}

/** The region's availability zones. Local and Wavelength Zones, which an account may have opted into, are of other types. */
export async function findAvailabilityZones(ec2: EC2Client): Promise<AvailabilityZone[]> {
  const Filters = [{ Name: 'zone-type', Values: ['availability-zone'] }];
  const { AvailabilityZones = [] } = await ec2.send(new DescribeAvailabilityZonesCommand({ Filters }));
  return AvailabilityZones;
}

/** The route tables, of one VPC or of all. */
export async function findRouteTables(ec2: EC2Client, vpcId?: string): Promise<RouteTable[]> {
  const inVpc = vpcId === undefined ? [] : [{ Name: 'vpc-id', Values: [vpcId] }];
  const { RouteTables = [] } = await ec2.send(new DescribeRouteTablesCommand({ Filters: [...tagFilters([managedBy]), ...inVpc] }));
  return byId(RouteTables, ({ RouteTableId }) => RouteTableId);
}

/** All route tables of a VPC, Recode's and others, the main one included. */
export async function describeRouteTables(ec2: EC2Client, vpcId: string): Promise<RouteTable[]> {
  const { RouteTables = [] } = await ec2.send(new DescribeRouteTablesCommand({ Filters: [{ Name: 'vpc-id', Values: [vpcId] }] }));
  return byId(RouteTables, ({ RouteTableId }) => RouteTableId);
}

export async function findSecurityGroups(ec2: EC2Client, environment: Owned): Promise<SecurityGroup[]> {
  const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({ Filters: tagFilters(ownerTags(environment)) }));
  return byId(SecurityGroups, ({ GroupId }) => GroupId);
}

/** The key pair of a name, whether it is Recode's or not: the caller compares its tags. */
export async function findNamedKeyPair(ec2: EC2Client, keyName: string): Promise<KeyPairInfo | undefined> {
  const { KeyPairs = [] } = await ec2.send(new DescribeKeyPairsCommand({ Filters: [{ Name: 'key-name', Values: [keyName] }] }));
  return KeyPairs[0];
}

export async function findKeyPairs(ec2: EC2Client, environment: Owned): Promise<KeyPairInfo[]> {
  const { KeyPairs = [] } = await ec2.send(new DescribeKeyPairsCommand({ Filters: tagFilters(ownerTags(environment)) }));
  return byId(KeyPairs, ({ KeyPairId }) => KeyPairId);
}

export async function findNetworkInterfaces(ec2: EC2Client, environment: Owned): Promise<NetworkInterface[]> {
  const { NetworkInterfaces = [] } = await ec2.send(new DescribeNetworkInterfacesCommand({ Filters: tagFilters(ownerTags(environment)) }));
  return byId(NetworkInterfaces, ({ NetworkInterfaceId }) => NetworkInterfaceId);
}

/** The environment's volumes that are not on their way out already. */
export async function findVolumes(ec2: EC2Client, environment: Owned): Promise<Volume[]> {
  const staying = { Name: 'status', Values: ['creating', 'available', 'in-use', 'error'] };
  const { Volumes = [] } = await ec2.send(new DescribeVolumesCommand({ Filters: [staying, ...tagFilters(ownerTags(environment))] }));
  return byId(Volumes, ({ VolumeId }) => VolumeId);
}

export const liveStates: readonly InstanceState[] = ['pending', 'running', 'stopping', 'stopped'];

/**
 * The environment's live instances: the recorded one first, by its id, then those with the environment's tags. The tags of a
 * terminated instance fade, so by tag only live states count.
 */
export async function findInstances(ec2: EC2Client, environment: Owned, recordedId?: string): Promise<Instance[]> {
  return (await findInstancesAlsoEnded(ec2, environment, recordedId)).filter(isLive);
}

/** The same, and the recorded one also after it has ended, as long as EC2 shows it: only its reason tells whether it ever ran. */
export async function findInstancesAlsoEnded(ec2: EC2Client, environment: Owned, recordedId?: string): Promise<Instance[]> {
  const recorded = recordedId === undefined ? [] : await describeInstances(ec2, [{ Name: 'instance-id', Values: [recordedId] }]);
  if (recorded.some(isLive)) return recorded;
  const live: Filter = { Name: 'instance-state-name', Values: [...liveStates] };
  return [...(await describeInstances(ec2, [live, ...tagFilters(ownerTags(environment))])), ...recorded];
}

const isLive = ({ State }: Instance) => liveStates.some((state) => state === State?.Name);

/**
 * The live instances and network interfaces that EC2 shows of an owner's environment for a repository, as the tags of each. EC2 would not
 * refuse to create a second one, as it does for a group or a key pair of the same name.
 */
export async function tagsOfResources(ec2: EC2Client, { owner, repository }: Owned): Promise<(Ec2Tag[] | undefined)[]> {
  const Filters = tagFilters(ownerTags({ owner, repository }));
  const live: Filter = { Name: 'instance-state-name', Values: [...liveStates] };
  const [instances, { NetworkInterfaces = [] }] = await Promise.all([
    describeInstances(ec2, [live, ...Filters]),
    ec2.send(new DescribeNetworkInterfacesCommand({ Filters })),
  ]);
  return [...instances.map(({ Tags }) => Tags), ...NetworkInterfaces.map(({ TagSet }) => TagSet)];
}

/** Every instance of the environment that is not terminated yet: the recorded one and whatever bears the environment's tags. */
export async function findRemainingInstances(ec2: EC2Client, environment: Owned, recordedId?: string): Promise<Instance[]> {
  const remaining: Filter = { Name: 'instance-state-name', Values: [...liveStates, 'shutting-down'] };
  const tagged = await describeInstances(ec2, [remaining, ...tagFilters(ownerTags(environment))]);
  if (recordedId === undefined || tagged.some(({ InstanceId }) => InstanceId === recordedId)) return tagged;
  return [...tagged, ...(await describeInstances(ec2, [remaining, { Name: 'instance-id', Values: [recordedId] }]))];
}

/** Instances by filters; what is not visible (yet) is absent. */
export async function describeInstances(ec2: EC2Client, filters: Filter[]): Promise<Instance[]> {
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ Filters: filters }));
  return byId(
    Reservations.flatMap(({ Instances = [] }) => Instances),
    ({ InstanceId }) => InstanceId,
  );
}

/** The state of an instance and why it has it. */
export function explained({ InstanceId, State, StateReason }: Instance): ExplainedState {
  return {
    instanceId: InstanceId ?? '',
    state: State?.Name as InstanceState,
    reasonCode: StateReason?.Code,
    reasonMessage: StateReason?.Message,
  };
}

/**
 * When somebody or something began to stop an instance; undefined if EC2 does not tell. It tells it in words only, such as
 * `User initiated (2026-11-30 12:00:00 GMT)`, which may be missing: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html
 */
export function stoppedAtOf({ State, StateTransitionReason = '' }: Instance): Date | undefined {
  const [, date, time] = /\((\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) (?:GMT|UTC)\)$/.exec(StateTransitionReason) ?? [];
  const at = new Date(`${date}T${time}Z`);
  return State?.Name === 'stopped' && Number.isFinite(at.getTime()) ? at : undefined;
}

/** What the record holds of an instance; null without its host key, which a stop does without. */
export function recordOf({ InstanceId, InstanceType, Architecture, Tags = [] }: Instance) {
  const hostKey = Tags.find(({ Key }) => Key === tagKey.sshHostKey)?.Value;
  if (!hostKey) return null;
  return {
    instanceId: InstanceId,
    instanceType: InstanceType,
    architecture: Architecture === 'arm64' ? 'arm64' : 'x86_64',
    hostKey,
  } as const;
}

/** The filters for resources that have all of these tags. */
export function tagFilters(tags: readonly Tag[]): Filter[] {
  return tags.map(({ Key, Value }) => ({ Name: `tag:${Key}`, Values: [literally(Value)] }));
}

// In a filter's value, * and ? are wildcards unless escaped.
export const literally = (value: string) => value.replace(/[\\*?]/g, '\\$&');

function byId<Resource>(resources: readonly Resource[], idOf: (resource: Resource) => string | undefined): Resource[] {
  return [...resources].sort((one, other) => (idOf(one) ?? '').localeCompare(idOf(other) ?? ''));
}
