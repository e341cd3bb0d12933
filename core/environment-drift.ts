import { type Environment, EnvironmentRequest, namesOf, type Transfer, transferOf } from './environment.ts';
import { type Finding, type FindingSubject, type Fix, isYoung } from './finding.ts';
import { holderOf } from './lock.ts';
import { type EnvironmentResource, environmentId, resourceName } from './names.ts';
import { type StopSettings, stopTimeOf } from './next-stop.ts';
import { decideStart, type InstanceState } from './plan.ts';
import { type Belonging, belongingOf, belongingTags, hasTags, type Tag, tagKey } from './tags.ts';

/** A resource as EC2 shows it. */
export interface SeenResource {
  readonly id: string;
  readonly tags: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[];
  /** Milliseconds since the epoch. EC2 does not tell it of every resource. */
  readonly createdAt?: number | undefined;
}

export interface SeenInstance extends SeenResource {
  readonly state: InstanceState;
  readonly instanceType: string;
  readonly publicIpAddress: string | undefined;
  readonly groupIds: readonly string[];
  /** Of its first network interface. */
  readonly interfaceId: string | undefined;
  readonly rootVolumeId: string | undefined;
  /** What AWS says is wrong with it or planned for it, as sentences. */
  readonly troubles: readonly string[];
}

export interface SeenVolume extends SeenResource {
  /** GiB. */
  readonly size: number;
  readonly type: string;
  readonly instanceId: string | undefined;
}

export interface SeenInterface extends SeenResource {
  readonly instanceId: string | undefined;
}

export interface SeenGroup extends SeenResource {
  readonly name: string;
  /** The IPv4 blocks that may reach our port for SSH. */
  readonly blocks: readonly string[];
  /** Whether anything else may reach it. */
  readonly admitsOthers: boolean;
}

export interface SeenKeyPair extends SeenResource {
  readonly name: string;
}

/** What EC2 shows of some environments. */
export interface Seen {
  readonly instances: readonly SeenInstance[];
  readonly volumes: readonly SeenVolume[];
  readonly interfaces: readonly SeenInterface[];
  readonly groups: readonly SeenGroup[];
  readonly keyPairs: readonly SeenKeyPair[];
}

interface Context {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly settings: StopSettings;
}

/**
 * Compares an environment that no operation holds with what EC2 shows of it. Its name must be claimed by itself, if `claimed` says so.
 *
 * @param seen may have resources of others, too
 */
export function environmentFindings(environment: Environment, claimed: boolean, seen: Seen, context: Context): Finding[] {
  const { name, formerNames } = environment;
  const transfer = transferOf(environment);
  if (transfer) return [unfinishedTransfer(environment, transfer)];
  // Without a name, it has no resource yet.
  if (name === undefined || environment.wanted.power === 'removed') return [];
  if (formerNames) return [unfinishedRename(environment, name, formerNames)];
  const belonging = { name, owner: environment.owner, repository: environment.repository };
  const own = ownIn(seen, belonging, environment.observed?.instanceId);
  const serving = servingOf(own.instances);
  return [
    ...(claimed ? [] : [about(belonging, 'missing', 'name', name, 'The environment has no claim on its name.', { fix: 'claim' })]),
    ...observationFindings(environment, belonging, serving, context),
    ...(serving ? servedFindings(environment, belonging, own, serving) : []),
    ...(isYoung(Date.parse(environment.createdAt), context.now) ? [] : surplusFindings(belonging, own, serving, context.now)),
  ];
}

/** The finding of an environment whose resources may have one of several names, until its rename is finished. */
function unfinishedRename({ owner, repository }: Environment, name: string, formerNames: readonly string[]): Finding {
  const problem = `Its rename from ${formerNames.join(', ')} to ${name} did not finish.`;
  return { kind: 'stale', subject: 'name', id: name, owner, repository, problem, advice: 'rename' };
}

/** The finding of an environment whose resources may have the tag of either owner, until its transfer is finished. */
function unfinishedTransfer(environment: Environment, { from, to, repository }: Transfer): Finding {
  const problem = `Its transfer from ${from} to ${to} did not finish.`;
  return {
    kind: 'stale',
    subject: 'record',
    id: environmentId(environment),
    owner: from,
    repository,
    problem,
    advice: `transfer --to ${to}`,
  };
}

/** The finding of a lock whose execution is dead. */
export function deadLock(environment: Pick<Environment, 'owner' | 'repository' | 'lock'>): Finding {
  const { owner, repository } = environment;
  const kind = holderOf(environment)?.kind ?? 'operation';
  return {
    kind: 'stale',
    subject: 'lock',
    id: environmentId(environment),
    owner,
    repository,
    problem: `The ${kind} that locked it has ended without releasing the lock.`,
    fix: 'release',
  };
}

/** A resource with our tag, of which the record of its environment is looked at. */
export type Tagged = { readonly subject: FindingSubject; readonly state?: InstanceState } & SeenResource;

/**
 * Whether a resource with our tag has no environment.
 *
 * @param environment the one that its tags name, if there is one
 */
export function orphanFinding(resource: Tagged, environment: Environment | undefined, now: number): Finding | undefined {
  const { subject, id, tags, state } = resource;
  if (isYoung(resource.createdAt, now)) return undefined;
  const belonging = belongingOf(tags);
  // Whose it is would be a guess.
  if (!belonging) return { kind: 'orphan', subject, id, problem: 'It has lost the tags that say whose it is.', advice: 'by hand' };
  // Without a name, its next start claims one and takes what has its tags.
  const mayUse = environment && (environment.name === undefined || namesOf(environment).includes(belonging.name));
  if (environment && (mayUse || holderOf(environment) || environment.observed?.instanceId === id)) return undefined;
  const problem = environment ? `The environment is called ${environment.name}, not ${belonging.name}.` : 'Its environment has no record.';
  const running = state === 'running' || state === 'pending';
  return about(belonging, 'orphan', subject, id, problem, { deletable: true, ...(running && { fix: 'stop' }) });
}

/** The instance that serves an environment. */
export function servingOf(instances: readonly SeenInstance[]): SeenInstance | undefined {
  const plan = decideStart(instances.map(({ id, state }) => ({ instanceId: id, state })));
  return plan.action === 'create' ? undefined : instances.find(({ id }) => id === plan.instanceId);
}

/** What belongs to one environment: by its tags, or because its instance uses it. */
function ownIn(seen: Seen, belonging: Belonging, recordedId: string | undefined): Seen {
  const tags = belongingTags(belonging);
  const whole = ({ tags: its }: SeenResource) => hasTags(its, tags);
  const recorded = seen.instances.filter(({ id, state }) => id === recordedId && isLive(state));
  const instances = [...recorded, ...seen.instances.filter((each) => each.id !== recordedId && isLive(each.state) && whole(each))];
  const used = instances.flatMap(({ interfaceId, rootVolumeId, groupIds }) => [interfaceId, rootVolumeId, ...groupIds]);
  const keyName = resourceName(belonging.name, 'key-pair');
  const groupName = resourceName(belonging.name, 'security-group');
  return {
    instances,
    volumes: seen.volumes.filter((each) => whole(each) || used.includes(each.id)),
    interfaces: seen.interfaces.filter((each) => whole(each) || used.includes(each.id)),
    groups: seen.groups.filter((each) => whole(each) || (used.includes(each.id) && each.name === groupName)),
    keyPairs: seen.keyPairs.filter((each) => whole(each) || each.name === keyName),
  };
}

const isLive = (state: InstanceState) => state !== 'terminated' && state !== 'shutting-down';

function observationFindings(
  environment: Environment,
  belonging: Belonging,
  serving: SeenInstance | undefined,
  { now, settings }: Context,
): Finding[] {
  const { observed, wanted } = environment;
  const observe = { fix: 'observe' } as const;
  const stale = (problem: string, rest: Rest = observe) => [about(belonging, 'stale', 'record', environmentId(environment), problem, rest)];
  if (!serving) {
    if (!observed || observed.state === 'gone') return [];
    return [
      about(belonging, 'missing', 'instance', observed.instanceId, 'It no longer exists: it was terminated outside Recode.', observe),
    ];
  }
  const { id, state, publicIpAddress } = serving;
  if (observed?.instanceId !== id) return stale(`The record has ${observed ? observed.instanceId : 'no instance'}, EC2 has ${id}.`);
  if (observed.state !== state) return stale(`The record says ${observed.state}, EC2 says ${state}.`);
  if (observed.publicIpAddress !== publicIpAddress)
    return stale(`The record has the address ${observed.publicIpAddress ?? 'none'}, EC2 has ${publicIpAddress ?? 'none'}.`);
  const stopAt = stopTimeOf(observed.state, wanted, { ...settings, at: new Date(now).toISOString() });
  if ((stopAt === undefined) !== (wanted.stopAt === undefined))
    return stale(stopAt === undefined ? 'It is stopped, and still has a time to stop.' : 'It runs, and has no time to stop.');
  if (stopAt !== undefined && state === 'running' && now - Date.parse(stopAt) > lateMilliseconds)
    return stale(`It was to stop at ${stopAt}, and still runs.`, { advice: 'stop' });
  return [];
}

/** By then, twelve sweeps have tried to stop it. */
const lateMilliseconds = 60 * 60_000;

/** Compares what a live instance uses with the record. */
function servedFindings({ wanted, observed, changing }: Environment, belonging: Belonging, own: Seen, serving: SeenInstance): Finding[] {
  const finding = (kind: Finding['kind'], subject: FindingSubject, id: string, problem: string, rest: Rest = byHand) =>
    about(belonging, kind, subject, id, problem, rest);
  const named = (resource: EnvironmentResource) => resourceName(belonging.name, resource);
  const { id, instanceType, troubles, rootVolumeId, interfaceId, groupIds } = serving;
  const found: Finding[] = troubles.map((trouble) => finding('differs', 'instance', id, trouble, { advice: 'restart' }));
  // A change that a start has begun is still wanted: the next start finishes it.
  const changed = (known: boolean): Rest => (changing ? { advice: 'start' } : known ? { fix: 'adopt' } : byHand);
  const recorded = changing ? 'An unfinished change makes it' : 'The record says';
  if (instanceType !== wanted.instanceType)
    found.push(finding('differs', 'instance', id, `It is a ${instanceType}. ${recorded} ${wanted.instanceType}.`, changed(true)));

  const volume = own.volumes.find((each) => each.id === rootVolumeId);
  if (!volume) found.push(finding('missing', 'volume', rootVolumeId ?? named('volume'), 'The instance has lost its root volume.'));
  else if (volume.size !== wanted.volumeSize || volume.type !== wanted.volumeType) {
    const problem = `It is ${volume.type} of ${volume.size} GiB. ${recorded} ${wanted.volumeType} of ${wanted.volumeSize} GiB.`;
    const { options } = EnvironmentRequest.entries.volumeType;
    found.push(finding('differs', 'volume', volume.id, problem, changed(options.some((each) => each === volume.type))));
  }

  const group = own.groups.find(({ name }) => name === named('security-group'));
  if (!group) found.push(finding('missing', 'security group', named('security-group'), 'No group has this name and the tags.'));
  else {
    if (!groupIds.includes(group.id)) found.push(finding('differs', 'security group', group.id, `The instance ${id} is not in it.`));
    const wrong = ruleProblem(group, wanted.allowCidrs);
    if (wrong !== undefined) found.push(finding('differs', 'security group', group.id, wrong, { fix: 'allow-ssh' }));
  }

  const keyPair = own.keyPairs.find(({ name }) => name === named('key-pair'));
  // One that accepts no key yet gets its key pair with its next launch.
  if (!keyPair && wanted.publicKey !== undefined)
    found.push(finding('missing', 'key pair', named('key-pair'), 'It no longer exists.', { fix: 'import-key' }));

  const networkInterface = own.interfaces.find((each) => each.id === interfaceId);
  const hostKey = observed?.instanceId === id ? observed.hostKey : undefined;
  const hostKeyTag = hostKey === undefined ? [] : [{ Key: tagKey.sshHostKey, Value: hostKey }];
  const used: [FindingSubject, SeenResource | undefined, Tag[]][] = [
    ['instance', serving, hostKeyTag],
    ['volume', volume, []],
    ['network interface', networkInterface, []],
    ['security group', group, []],
    ['key pair', keyPair, []],
  ];
  for (const [subject, resource, more] of used) {
    if (!resource || hasTags(resource.tags, [...belongingTags(belonging), ...more])) continue;
    const lost = [...belongingTags(belonging), ...more].filter((each) => !hasTags(resource.tags, [each]));
    const tags = lost.map(({ Key, Value }) => `${Key}=${Value}`).join(', ');
    found.push(finding('differs', subject, resource.id, lostTag(tags)));
  }
  return found;
}

/** What is the matter with a resource that has lost tags. */
export const lostTag = (tags: string): string => `It has lost the tag ${tags}. Add it in EC2: functions may tag only what they create.`;

function ruleProblem({ blocks, admitsOthers }: SeenGroup, wanted: readonly string[]): string | undefined {
  const missing = wanted.filter((block) => !blocks.includes(block));
  const surplus = blocks.filter((block) => !wanted.includes(block));
  if (missing.length > 0) return `It does not allow SSH from ${missing.slice(0, 3).join(', ')}.`;
  if (surplus.length > 0) return `It also allows SSH from ${surplus.slice(0, 3).join(', ')}.`;
  return admitsOthers ? 'It allows SSH from more than IPv4 blocks.' : undefined;
}

/** What an environment has twice, or what its instance does not use. */
function surplusFindings(belonging: Belonging, own: Seen, serving: SeenInstance | undefined, now: number): Finding[] {
  const live = own.instances.map(({ id }) => id);
  const old = <Resource extends SeenResource>(resources: readonly Resource[]) =>
    resources.filter(({ createdAt, tags }) => !isYoung(createdAt, now) && hasTags(tags, belongingTags(belonging)));
  const named = (resource: EnvironmentResource) => resourceName(belonging.name, resource);
  const surplus = (kind: 'orphan' | 'duplicate', subject: FindingSubject, problem: string) => (resource: SeenResource) =>
    about(belonging, kind, subject, resource.id, problem, { deletable: true });
  const free = old(own.interfaces).filter(({ instanceId }) => instanceId === undefined);
  return [
    ...old(own.instances)
      .filter(({ id }) => id !== serving?.id)
      .map(surplus('duplicate', 'instance', `The environment uses ${serving?.id}.`)),
    ...old(own.volumes)
      .filter(({ instanceId }) => instanceId === undefined || !live.includes(instanceId))
      .map(surplus('orphan', 'volume', 'No instance of the environment uses it. It may have the disk of one that was terminated.')),
    // A start uses one that is free.
    ...free.slice(serving ? 0 : 1).map(surplus('duplicate', 'network interface', 'No instance uses it.')),
    ...old(own.groups)
      .filter(({ name }) => name !== named('security-group'))
      .map(surplus('duplicate', 'security group', `The environment uses ${named('security-group')}.`)),
    ...old(own.keyPairs)
      .filter(({ name }) => name !== named('key-pair'))
      .map(surplus('duplicate', 'key pair', `The environment uses ${named('key-pair')}.`)),
  ];
}

interface Rest {
  readonly fix?: Fix;
  readonly deletable?: true;
  readonly advice?: string;
}

const byHand: Rest = { advice: 'by hand' };

const about = (
  { owner, repository }: Belonging,
  kind: Finding['kind'],
  subject: FindingSubject,
  id: string,
  problem: string,
  rest: Rest,
): Finding => ({ kind, subject, id, owner, repository, problem, ...rest });
