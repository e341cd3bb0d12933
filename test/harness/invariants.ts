import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import * as v from 'valibot';
import { expect } from 'vitest';
import { Environment, namesOf, statusOf, transferOf } from '../../core/environment.ts';
import { holderOf } from '../../core/lock.ts';
import { environmentId, tableName } from '../../core/names.ts';
import { Network } from '../../core/network.ts';
import type { Operation } from '../../core/operation.ts';
import { tagKey } from '../../core/tags.ts';
import { type Inventory, inventory } from './inventory.ts';
import { overlaps, type Past, pastExecutions, shortened } from './lock-history.ts';

/**
 * Checks what must hold of an account whenever nothing runs in it, whatever was started, failed, crashed or was killed before: no
 * resource without a record and no record without its resources, nothing doubled, nothing without our tag, no claim without its
 * environment, no lock that an operation left behind, and no operation on what another one held.
 *
 * @param theirs the ids of resources in the account that are not Recode's, and not judged
 */
export async function expectInvariants(aws: TestAws, theirs: ReadonlySet<string> = new Set()): Promise<void> {
  const past = await pastExecutions(aws);
  expect([...violations(await inventory(aws), past, theirs), ...overlaps(past)]).toEqual([]);
}

/** What is wrong in an account, and with whom: a sentence each. */
export function violations(found: Inventory, past: readonly Past[], theirs: ReadonlySet<string> = new Set()): string[] {
  const items = found.items ?? [];
  const network = items.filter(({ kind }) => kind === 'network').map((item) => v.parse(Network, item))[0];
  const environments = items.filter(({ kind }) => kind === 'environment').map((item) => v.parse(Environment, item));
  const claims = items.filter(({ kind }) => kind === 'name').map((item) => v.parse(Claim, item));
  const resources = resourcesOf(found).filter(({ id }) => !theirs.has(id));
  const killed = new Set(past.filter(({ status }) => status === 'ABORTED' || status === 'TIMED_OUT').map((each) => each.executionArn));
  const ours = resources.filter(({ tags }) => tags[tagKey.managedBy] === 'recode');
  return [
    ...resources.filter((one) => !ours.includes(one)).map(({ id, name }) => `${id} (${name}) does not bear our tag.`),
    ...ours.flatMap((resource) => homeless(resource, environments, network)),
    ...(network ? networkProblems(network, ours, killed) : []),
    ...environments.flatMap((environment) => environmentProblems(environment, { found, ours, claims, killed })),
    // Until its transfer is finished, both owners may have a record of an environment.
    ...doubled([...new Map(environments.map(({ uid, name }) => [uid, name])).values()].flatMap((name) => name ?? [])).map(
      (name) => `Two environments have the name ${name}.`,
    ),
    ...doubled(environments.map(({ uid, transferFrom }) => `${uid}${transferFrom === undefined ? '' : ' on its way'}`)).map(
      (uid) => `Two owners have the environment ${uid}.`,
    ),
    ...claims.flatMap((claim) => claimProblems(claim, environments)),
  ];
}

const Claim = v.strictObject({ kind: v.literal('name'), id: v.string(), environment: v.string(), uid: v.string() });
type Claim = v.InferOutput<typeof Claim>;

export interface Resource {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
}

type Tags = readonly { Key?: string | undefined; Value?: string | undefined }[] | undefined;

/** Everything that an account holds in EC2, by its id and tags. */
export function resourcesOf(found: Inventory): Resource[] {
  const of = (kind: string, id = '', given: Tags = []): Resource => {
    const tags = Object.fromEntries(given.map(({ Key = '', Value = '' }) => [Key, Value]));
    return { id, kind, name: tags[tagKey.name] ?? 'no name', tags };
  };
  return [
    ...found.vpcs.map(({ VpcId, Tags }) => of('vpc', VpcId, Tags)),
    ...found.subnets.map(({ SubnetId, Tags }) => of('subnet', SubnetId, Tags)),
    ...found.internetGateways.map(({ InternetGatewayId, Tags }) => of('internet gateway', InternetGatewayId, Tags)),
    ...found.routeTables.map(({ RouteTableId, Tags }) => of('route table', RouteTableId, Tags)),
    ...found.securityGroups.map(({ GroupId, Tags }) => of('security group', GroupId, Tags)),
    ...found.keyPairs.map(({ KeyPairId, Tags }) => of('key pair', KeyPairId, Tags)),
    ...found.networkInterfaces.map(({ NetworkInterfaceId, TagSet }) => of('network interface', NetworkInterfaceId, TagSet)),
    ...found.instances.map(({ InstanceId, Tags }) => of('instance', InstanceId, Tags)),
    ...found.volumes.map(({ VolumeId, Tags }) => of('volume', VolumeId, Tags)),
  ];
}

const shared = ['vpc', 'subnet', 'internet gateway', 'route table'] as const;
const own = ['security group', 'key pair', 'network interface', 'instance', 'volume'] as const;

function homeless(resource: Resource, environments: readonly Environment[], network: Network | undefined): string[] {
  const { id, kind, name } = resource;
  if (shared.some((one) => one === kind)) return network ? [] : [`The ${kind} ${id} (${name}) has no record of a network.`];
  return environments.some((environment) => belongs(resource, environment))
    ? []
    : [`The ${kind} ${id} (${name}) has no record of its environment.`];
}

const belongs = ({ tags }: Resource, { name, formerNames, owner, repository }: Environment) =>
  namesOf({ name, formerNames }).includes(tags[tagKey.environment] ?? '') &&
  tags[tagKey.owner] === owner &&
  tags[tagKey.repository] === repository;

function networkProblems(network: Network, ours: readonly Resource[], killed: ReadonlySet<string>): string[] {
  const left = leftBehind('The network', holderOf(network), killed);
  if (network.status === 'deleting' && !holderOf(network)) return [...left, 'The network is being deleted by nobody.'];
  // What a creator left that died is found or deleted by the next one.
  if (network.status !== 'ready') return left;
  const { vpcId, subnets, internetGatewayId, routeTableId } = network.ids;
  const ids = { vpc: vpcId, subnet: subnets[0].subnetId, 'internet gateway': internetGatewayId, 'route table': routeTableId };
  return [
    ...left,
    ...shared.flatMap((kind) => {
      const there = ours.filter((resource) => resource.kind === kind).map(({ id }) => id);
      // There are more subnets if environments have needed them. The record has the first.
      if ((there.length === 1 || kind === 'subnet') && there.includes(ids[kind])) return [];
      return [`The network has the ${kind} ${ids[kind]} by its record, and in fact ${there.join(', ') || 'none'}.`];
    }),
  ];
}

interface Account {
  readonly found: Inventory;
  readonly ours: readonly Resource[];
  readonly claims: readonly Claim[];
  readonly killed: ReadonlySet<string>;
}

function environmentProblems(environment: Environment, { found, ours, claims, killed }: Account): string[] {
  const { name, formerNames, lastError } = environment;
  const [status, operation] = [statusOf(environment), holderOf(environment)];
  const who = `The environment ${environmentId(environment)} (${status})`;
  const transferring = transferOf(environment) !== undefined;
  const finished = (status === 'started' || status === 'stopped') && !formerNames && !transferring;
  const problems = leftBehind(who, operation, killed);
  for (const kind of own) {
    const there = ours.filter((resource) => resource.kind === kind && belongs(resource, environment));
    const most = formerNames && (kind === 'security group' || kind === 'key pair') ? 1 + formerNames.length : 1;
    if (there.length > most) problems.push(`${who} has more than one ${kind}: ${there.map(({ id }) => id).join(', ')}.`);
    if (there.length === 0 && finished) problems.push(`${who} has no ${kind}.`);
  }
  if (!finished && !operation && !lastError && !formerNames && !transferring) problems.push(`${who} is unfinished, and does not say why.`);
  const claimed = claims.some(({ id, environment: by }) => id === name && by === environmentId(environment));
  // A start that was cut off wrote the name down, but may not have come to claim it; a remove gives it back before its end.
  // So did a rename. The next operation claims it, or writes the former one back.
  const renaming = formerNames !== undefined;
  const cutOff = status === 'creating' && (operation ? killed.has(operation.executionArn) : lastError?.name === 'UninstallInProgress');
  if (name !== undefined && !claimed && status !== 'removing' && !cutOff && !renaming && !transferring)
    problems.push(`${who} has not claimed its name ${name}.`);
  return finished ? [...problems, ...stateProblems(who, environment, found)] : problems;
}

function stateProblems(who: string, { observed }: Environment, found: Inventory): string[] {
  const instanceId = observed?.instanceId;
  const instance = found.instances.find(({ InstanceId }) => InstanceId === instanceId);
  if (!instance) return [`${who} has the instance ${instanceId} by its record, which EC2 does not show.`];
  const state = instance.State?.Name;
  const recorded = observed?.publicIpAddress;
  if (state !== observed?.state) return [`${who} has an instance that is ${state}.`];
  if (instance.PublicIpAddress === recorded) return [];
  return [`${who} has the address ${recorded} by its record, and in fact ${instance.PublicIpAddress}.`];
}

/** A killed execution cannot release its lock: the next one takes over. Every other execution must. */
function leftBehind(who: string, operation: Operation | undefined, killed: ReadonlySet<string>): string[] {
  if (!operation || killed.has(operation.executionArn)) return [];
  return [`${who} is still held by the ${shortened(operation.executionArn)} of ${operation.owner}, which has ended.`];
}

function claimProblems({ id, environment, uid }: Claim, environments: readonly Environment[]): string[] {
  const claimer = environments.find((each) => environmentId(each) === environment);
  if (!claimer) return [`The name ${id} is claimed for ${environment}, which has no record in ${tableName}.`];
  if (claimer.uid !== uid) return [`The name ${id} is claimed for an earlier environment ${environment}.`];
  return namesOf(claimer).includes(id) ? [] : [`The name ${id} is claimed for ${environment}, which is called ${claimer.name}.`];
}

const doubled = (values: readonly string[]) => [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
