import {
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  type DescribeInstancesCommandOutput,
  DescribeKeyPairsCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupsCommand,
  DescribeVolumesCommand,
  type EC2Client,
  type Filter,
  type Instance,
  type InstanceStatus,
  type KeyPairInfo,
  type NetworkInterface,
  type SecurityGroup,
  type Volume,
} from '@aws-sdk/client-ec2';
import type { Seen, SeenGroup, SeenInstance, SeenInterface, SeenKeyPair, SeenVolume, Tagged } from '../../core/environment-drift.ts';
import type { InstanceState } from '../../core/plan.ts';
import { managedBy, tagKey } from '../../core/tags.ts';
import { unless } from '../errors.ts';
import { literally, liveStates, tagFilters } from './resources.ts';
import { sshRules } from './security-group.ts';

/** What EC2 shows, as core/environment-drift.ts compares it with records. Each Describe asks for a page at a time, one after another. */

/** How many values a filter may have: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html */
export const mostNames = 100;

/** What belongs to up to `mostNames` environments: by the tag with their name, by the ID of a recorded instance, or because an instance uses it. */
export async function seenOf(
  ec2: EC2Client,
  { names, instanceIds }: { readonly names: readonly string[]; readonly instanceIds: readonly string[] },
): Promise<Seen> {
  const ofNames = [...tagFilters([managedBy]), ...anyOf(`tag:${tagKey.environment}`, names.map(literally))];
  const instances = await byTagOrId(names, ofNames, instanceIds, 'instance-id', (Filters) => instancesBy(ec2, Filters));
  const used = instances.flatMap(({ interfaceId, rootVolumeId, groupIds }) => [interfaceId ?? [], rootVolumeId ?? [], groupIds].flat());
  const ids = (prefix: string) => [...new Set(used.filter((id) => id.startsWith(`${prefix}-`)))];
  const volumes = await byTagOrId(names, ofNames, ids('vol'), 'volume-id', (Filters) => volumesBy(ec2, Filters));
  const interfaces = await byTagOrId(names, ofNames, ids('eni'), 'network-interface-id', (Filters) => interfacesBy(ec2, Filters));
  const groups = await byTagOrId(names, ofNames, ids('sg'), 'group-id', (Filters) => groupsBy(ec2, Filters));
  const keyPairs = names.length === 0 ? [] : await keyPairsBy(ec2, ofNames);
  const troubled = await troubles(ec2, instances);
  return {
    instances: instances.map((each) => ({ ...each, troubles: troubled.get(each.id) ?? [] })),
    volumes,
    interfaces,
    groups,
    keyPairs,
  };
}

/** The subjects of a pass over all resources with our tag, in the order of the pass. */
export const taggedSubjects = ['instance', 'volume', 'network interface', 'security group', 'key pair'] as const;
export type TaggedSubject = (typeof taggedSubjects)[number];

/** A page of all resources of a kind with our tag. EC2 has no pages of key pairs. */
export async function taggedPage(
  ec2: EC2Client,
  subject: TaggedSubject,
  NextToken: string | undefined,
): Promise<{ readonly resources: readonly Tagged[]; readonly next: string | undefined }> {
  const page = { Filters: tagFilters([managedBy]), MaxResults: 500, NextToken };
  switch (subject) {
    case 'instance': {
      const answer = await ec2.send(new DescribeInstancesCommand({ ...page, Filters: [...page.Filters, ...live] }));
      return pageOf(subject, instancesIn(answer).map(seenInstance), answer.NextToken);
    }
    case 'volume': {
      const answer = await ec2.send(new DescribeVolumesCommand({ ...page, Filters: [...page.Filters, ...staying] }));
      return pageOf(subject, (answer.Volumes ?? []).map(seenVolume), answer.NextToken);
    }
    case 'network interface': {
      const answer = await ec2.send(new DescribeNetworkInterfacesCommand(page));
      return pageOf(subject, (answer.NetworkInterfaces ?? []).map(seenInterface), answer.NextToken);
    }
    case 'security group': {
      const answer = await ec2.send(new DescribeSecurityGroupsCommand(page));
      return pageOf(subject, (answer.SecurityGroups ?? []).map(seenGroup), answer.NextToken);
    }
    case 'key pair':
      return pageOf(subject, await keyPairsBy(ec2, page.Filters), undefined);
  }
}

/** The same by their IDs, whichever kind they are. Those that do not exist, or do not have our tag, are left out. */
export async function taggedByIds(ec2: EC2Client, ids: readonly string[]): Promise<Tagged[]> {
  const found: Tagged[] = [];
  for (const { subject, prefix, filter, by } of describers(ec2)) {
    const own = ids.filter((id) => id.startsWith(`${prefix}-`));
    if (own.length === 0) continue;
    const resources = await by([...tagFilters([managedBy]), ...anyOf(filter, own)]);
    found.push(...resources.map((each) => ({ ...each, subject })));
  }
  return found;
}

const describers = (ec2: EC2Client) =>
  [
    { subject: 'instance', prefix: 'i', filter: 'instance-id', by: (filters: Filter[]) => instancesBy(ec2, filters) },
    { subject: 'volume', prefix: 'vol', filter: 'volume-id', by: (filters: Filter[]) => volumesBy(ec2, filters) },
    { subject: 'network interface', prefix: 'eni', filter: 'network-interface-id', by: (filters: Filter[]) => interfacesBy(ec2, filters) },
    { subject: 'security group', prefix: 'sg', filter: 'group-id', by: (filters: Filter[]) => groupsBy(ec2, filters) },
    { subject: 'key pair', prefix: 'key', filter: 'key-pair-id', by: (filters: Filter[]) => keyPairsBy(ec2, filters) },
  ] as const;

const anyOf = (name: string, values: readonly string[]): Filter[] => [{ Name: name, Values: [...values] }];
const live = anyOf('instance-state-name', [...liveStates, 'shutting-down']);
const staying = anyOf('status', ['creating', 'available', 'in-use', 'error']);

function pageOf(subject: TaggedSubject, resources: readonly Omit<Tagged, 'subject'>[], next: string | undefined) {
  return { resources: resources.map((each) => ({ ...each, subject })), next };
}

/** Those of some names by their tags, and those of these IDs that are not among them. */
async function byTagOrId<Resource extends { readonly id: string }>(
  names: readonly string[],
  ofNames: Filter[],
  ids: readonly string[],
  idFilter: string,
  describe: (filters: Filter[]) => Promise<Resource[]>,
): Promise<Resource[]> {
  const tagged = names.length === 0 ? [] : await describe(ofNames);
  const others = ids.filter((id) => !tagged.some((each) => each.id === id));
  return others.length === 0 ? tagged : [...tagged, ...(await describe(anyOf(idFilter, others)))];
}

/** All pages of an answer. */
async function all<Answer extends { NextToken?: string | undefined }, Item>(
  ask: (page: { MaxResults: number; NextToken: string | undefined }) => Promise<Answer>,
  itemsIn: (answer: Answer) => readonly Item[],
): Promise<Item[]> {
  const items: Item[] = [];
  let token: string | undefined;
  do {
    const answer = await ask({ MaxResults: 1000, NextToken: token });
    items.push(...itemsIn(answer));
    token = answer.NextToken;
  } while (token !== undefined);
  return items;
}

const instancesIn = ({ Reservations = [] }: DescribeInstancesCommandOutput) => Reservations.flatMap(({ Instances = [] }) => Instances);

async function instancesBy(ec2: EC2Client, filters: Filter[]): Promise<SeenInstance[]> {
  const Filters = [...filters, ...live];
  return (await all((page) => ec2.send(new DescribeInstancesCommand({ Filters, ...page })), instancesIn)).map(seenInstance);
}

async function volumesBy(ec2: EC2Client, filters: Filter[]): Promise<SeenVolume[]> {
  const Filters = [...filters, ...staying];
  const volumes = await all(
    (page) => ec2.send(new DescribeVolumesCommand({ Filters, ...page })),
    ({ Volumes = [] }) => Volumes,
  );
  return volumes.map(seenVolume);
}

async function interfacesBy(ec2: EC2Client, Filters: Filter[]): Promise<SeenInterface[]> {
  const interfaces = await all(
    (page) => ec2.send(new DescribeNetworkInterfacesCommand({ Filters, ...page })),
    ({ NetworkInterfaces = [] }) => NetworkInterfaces,
  );
  return interfaces.map(seenInterface);
}

async function groupsBy(ec2: EC2Client, Filters: Filter[]): Promise<SeenGroup[]> {
  const groups = await all(
    (page) => ec2.send(new DescribeSecurityGroupsCommand({ Filters, ...page })),
    ({ SecurityGroups = [] }) => SecurityGroups,
  );
  return groups.map(seenGroup);
}

async function keyPairsBy(ec2: EC2Client, Filters: Filter[]): Promise<SeenKeyPair[]> {
  const { KeyPairs = [] } = await ec2.send(new DescribeKeyPairsCommand({ Filters }));
  return KeyPairs.map(seenKeyPair);
}

function seenInstance(instance: Instance): SeenInstance {
  const { InstanceId = '', InstanceType = '', State, PublicIpAddress, NetworkInterfaces = [], BlockDeviceMappings = [] } = instance;
  const primary = NetworkInterfaces.find(({ Attachment }) => Attachment?.DeviceIndex === 0);
  const root = BlockDeviceMappings.find(({ DeviceName }) => DeviceName === instance.RootDeviceName);
  return {
    id: InstanceId,
    tags: instance.Tags ?? [],
    createdAt: instance.LaunchTime?.getTime(),
    state: State?.Name as InstanceState,
    instanceType: InstanceType,
    publicIpAddress: PublicIpAddress,
    groupIds: (instance.SecurityGroups ?? []).flatMap(({ GroupId }) => GroupId ?? []),
    interfaceId: primary?.NetworkInterfaceId,
    rootVolumeId: root?.Ebs?.VolumeId,
    troubles: [],
  };
}

const seenVolume = ({ VolumeId = '', Tags = [], Size = 0, VolumeType, Attachments = [], CreateTime }: Volume): SeenVolume => ({
  id: VolumeId,
  tags: Tags,
  createdAt: CreateTime?.getTime(),
  size: Size,
  type: VolumeType ?? '',
  instanceId: Attachments[0]?.InstanceId,
});

const seenInterface = ({ NetworkInterfaceId = '', TagSet = [], Attachment }: NetworkInterface): SeenInterface => ({
  id: NetworkInterfaceId,
  tags: TagSet,
  createdAt: Attachment?.AttachTime?.getTime(),
  instanceId: Attachment?.InstanceId,
});

const seenGroup = (group: SecurityGroup): SeenGroup => ({
  id: group.GroupId ?? '',
  tags: group.Tags ?? [],
  name: group.GroupName ?? '',
  ...sshRules(group),
});

const seenKeyPair = ({ KeyPairId = '', KeyName = '', Tags = [], CreateTime }: KeyPairInfo): SeenKeyPair => ({
  id: KeyPairId,
  tags: Tags,
  createdAt: CreateTime?.getTime(),
  name: KeyName,
});

/** What AWS says is wrong with running instances, or planned for them. */
async function troubles(ec2: EC2Client, instances: readonly SeenInstance[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const InstanceIds = instances.flatMap(({ id, state }) => (state === 'running' ? [id] : []));
  const found = new Map<string, readonly string[]>();
  // A call with IDs has no pages, and may have this many: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceStatus.html
  for (let at = 0; at < InstanceIds.length; at += mostNames) {
    const asked = ec2.send(new DescribeInstanceStatusCommand({ InstanceIds: InstanceIds.slice(at, at + mostNames) }));
    const { InstanceStatuses = [] } = (await unless('not-found', asked)) ?? {};
    for (const status of InstanceStatuses) found.set(status.InstanceId ?? '', troublesIn(status));
  }
  return found;
}

// AWS leaves an event in the list for a week after it, with one of these at the beginning of its description.
const over = /^\[(Completed|Canceled)\]/i;

function troublesIn({ Events = [], SystemStatus, InstanceStatus }: InstanceStatus): string[] {
  const planned = Events.filter(({ Description = '' }) => !over.test(Description)).map(
    ({ Code = '', NotBefore }) => `AWS plans ${Code.replaceAll('-', ' ')}${NotBefore ? ` at ${NotBefore.toISOString()}` : ''}.`,
  );
  return [
    ...planned,
    ...(SystemStatus?.Status === 'impaired' ? ['AWS says that its host is impaired.'] : []),
    ...(InstanceStatus?.Status === 'impaired' ? ['AWS says that its operating system does not answer.'] : []),
  ];
}
