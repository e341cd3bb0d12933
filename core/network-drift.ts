import { lostTag, type SeenResource } from './environment-drift.ts';
import { type Finding, type FindingSubject, isYoung } from './finding.ts';
import { network as names } from './names.ts';
import type { Network, NetworkIds } from './network.ts';
import type { Operation } from './operation.ts';
import { hasTags, managedBy } from './tags.ts';

export interface SeenVpc extends SeenResource {
  /** Whether its instances have names, and public ones. Known of the recorded VPC. */
  readonly hasNames?: boolean;
}

export interface SeenGateway extends SeenResource {
  readonly vpcId: string | undefined;
}

export interface SeenSubnet extends SeenResource {
  readonly vpcId: string;
  readonly isPublic: boolean;
}

export interface SeenRouteTable extends SeenResource {
  readonly vpcId: string;
  readonly subnetIds: readonly string[];
  readonly isMain: boolean;
  /** Where it sends what is not local: the ID of a gateway or the like. */
  readonly target: string | undefined;
  /** Whether that leads nowhere, because its gateway is gone. */
  readonly isBlackhole: boolean;
}

/** What EC2 shows of the network: all that has our tag, and all that is recorded or used beside it. */
export interface SeenNetwork {
  readonly vpcs: readonly SeenVpc[];
  readonly gateways: readonly SeenGateway[];
  readonly subnets: readonly SeenSubnet[];
  readonly tables: readonly SeenRouteTable[];
}

const isOurs = ({ tags }: SeenResource) => hasTags(tags, [managedBy]);

/**
 * Compares a network that no operation holds with what EC2 shows of it. While it is being created, or deleted, there is nothing to compare: a
 * start completes it.
 */
export function networkFindings(network: Network | undefined, seen: SeenNetwork, now: number): Finding[] {
  if (!network) return withoutRecord(seen, now);
  if (network.status !== 'ready') return [];
  const vpc = seen.vpcs.find(({ id }) => id === network.ids.vpcId);
  const subnet = seen.subnets.find(({ id }) => id === network.ids.subnets[0].subnetId);
  if (!vpc) return [finding('missing', 'VPC', network.ids.vpcId, 'It no longer exists.', { fix: 'reopen' })];
  if (!subnet) return [finding('missing', 'subnet', network.ids.subnets[0].subnetId, 'It no longer exists.', { fix: 'reopen' })];
  const repair: Rest = repairable(network, seen) ? { fix: 'repair' } : byHand;
  return [...lostTags(network.ids, seen), ...partFindings(network.ids, vpc, seen, repair), ...duplicates(network.ids, seen)];
}

/** The finding of the network's lock whose execution is dead. */
export const deadNetworkLock = ({ kind }: Pick<Operation, 'kind'>): Finding =>
  finding('stale', 'lock', 'network', `The ${kind} that locked the network has ended without releasing the lock.`, { fix: 'release' });

/** Which VPC and subnet a repair completes: those on record, or those with our tags. Undefined if one of them is missing. */
export function repairable(
  network: Network | undefined,
  { vpcs, subnets }: SeenNetwork,
): { readonly vpcId: string; readonly subnetId: string } | undefined {
  const ids = network?.status === 'ready' ? network.ids : undefined;
  const first = subnets.find((each) => (ids ? each.id === ids.subnets[0].subnetId : isOurs(each)));
  const vpc = vpcs.find((each) => each.id === (ids?.vpcId ?? first?.vpcId));
  return vpc && first && isOurs(vpc) && isOurs(first) ? { vpcId: vpc.id, subnetId: first.id } : undefined;
}

/** All of it, with what each is. */
export const networkResources = ({ vpcs, gateways, subnets, tables }: SeenNetwork): (readonly [FindingSubject, SeenResource])[] => [
  ...vpcs.map((each) => ['VPC', each] as const),
  ...gateways.map((each) => ['internet gateway', each] as const),
  ...subnets.map((each) => ['subnet', each] as const),
  ...tables.map((each) => ['route table', each] as const),
];

function withoutRecord(seen: SeenNetwork, now: number): Finding[] {
  const fix = repairable(undefined, seen) ? ({ fix: 'repair' } as const) : ({ advice: 'start' } as const);
  return networkResources(seen)
    .filter(([, each]) => isOurs(each) && !isYoung(each.createdAt, now))
    .map(([subject, { id }]) => finding('orphan', subject, id, 'The network has no record.', fix));
}

function lostTags(ids: NetworkIds, seen: SeenNetwork): Finding[] {
  const recorded = [ids.vpcId, ids.internetGatewayId, ids.routeTableId, ids.subnets[0].subnetId];
  return networkResources(seen)
    .filter(([, each]) => recorded.includes(each.id) && !isOurs(each))
    .map(([subject, { id }]) => finding('differs', subject, id, lostTag(`${managedBy.Key}=${managedBy.Value}`)));
}

/** @param repair what can be done about parts that a repair makes */
function partFindings(
  ids: NetworkIds,
  { id: vpcId, hasNames = true }: SeenVpc,
  { gateways, subnets, tables }: SeenNetwork,
  repair: Rest,
): Finding[] {
  const found: Finding[] = [];
  if (!hasNames) found.push(finding('differs', 'VPC', vpcId, 'Its instances have no public names.', repair));

  const recorded = gateways.find(({ id }) => id === ids.internetGatewayId);
  const attached = gateways.find((each) => each.vpcId === vpcId);
  // A VPC has one gateway at most.
  if (attached && !isOurs(attached) && attached.id !== ids.internetGatewayId)
    found.push(finding('differs', 'VPC', vpcId, `It uses the internet gateway ${attached.id}, which is not Recode's.`));
  else if (!recorded) found.push(finding('missing', 'internet gateway', ids.internetGatewayId, 'It no longer exists.', repair));
  else if (recorded.vpcId === undefined)
    found.push(finding('differs', 'internet gateway', recorded.id, `It is not attached to ${vpcId}.`, repair));
  else if (recorded.vpcId !== vpcId)
    found.push(finding('differs', 'internet gateway', recorded.id, `It is attached to ${recorded.vpcId}, not to ${vpcId}.`));

  const table = tables.find(({ id }) => id === ids.routeTableId);
  if (!table) found.push(finding('missing', 'route table', ids.routeTableId, 'It no longer exists.', repair));
  else if (table.target === undefined || table.isBlackhole)
    found.push(finding('differs', 'route table', table.id, 'It has no route to the internet.', repair));
  else if (table.target !== attached?.id && attached)
    found.push(finding('differs', 'route table', table.id, `It sends ${names.routeTable.destination} to ${table.target}.`));

  for (const { id, isPublic } of subnets.filter((each) => each.vpcId === vpcId && isOurs(each))) {
    const used = tables.find(({ subnetIds }) => subnetIds.includes(id));
    if (used && !isOurs(used)) found.push(finding('differs', 'subnet', id, `It uses the route table ${used.id}, which is not Recode's.`));
    else if (!used) found.push(finding('differs', 'subnet', id, 'It uses no route table of Recode.', repair));
    if (!isPublic) found.push(finding('differs', 'subnet', id, 'It gives its instances no public addresses.', repair));
  }
  return found;
}

function duplicates(ids: NetworkIds, { vpcs, gateways, subnets, tables }: SeenNetwork): Finding[] {
  const other = <Resource extends SeenResource>(resources: readonly Resource[], recordedId: string) =>
    resources.filter((each) => isOurs(each) && each.id !== recordedId);
  const surplus = (subject: FindingSubject, recordedId: string) => (resource: SeenResource) =>
    finding('duplicate', subject, resource.id, `The network has ${recordedId}.`, { deletable: true });
  // Where the recorded one is gone, a repair adopts another.
  const has = (resources: readonly SeenResource[], id: string) => resources.some((each) => each.id === id);
  const hasGateway = has(gateways, ids.internetGatewayId);
  const hasTable = has(tables, ids.routeTableId);
  return [
    ...other(vpcs, ids.vpcId).map(surplus('VPC', ids.vpcId)),
    ...(hasGateway ? other(gateways, ids.internetGatewayId).map(surplus('internet gateway', ids.internetGatewayId)) : []),
    ...subnets.filter((each) => isOurs(each) && each.vpcId !== ids.vpcId).map(surplus('subnet', ids.subnets[0].subnetId)),
    ...(hasTable
      ? other(tables, ids.routeTableId)
          .filter(({ subnetIds, isMain }) => subnetIds.length === 0 && !isMain)
          .map(surplus('route table', ids.routeTableId))
      : []),
  ];
}

type Rest = Pick<Finding, 'fix' | 'deletable' | 'advice'>;

const byHand: Rest = { advice: 'by hand' };

const finding = (kind: Finding['kind'], subject: FindingSubject, id: string, problem: string, rest = byHand): Finding => ({
  kind,
  subject,
  id,
  problem,
  ...rest,
});
