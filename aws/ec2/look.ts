import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { EC2Client, Subnet } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { refuseOtherArchitecture } from '../../core/changes.ts';
import type { Environment, GivenChanges } from '../../core/environment.ts';
import { EnvironmentName } from '../../core/environment-name.ts';
import { RecodeError } from '../../core/errors.ts';
import type { InstanceType } from '../../core/instance-type.ts';
import type { Settings } from '../../core/settings.ts';
import { belongingOf } from '../../core/tags.ts';
import { type EnvironmentSubject, readEnvironment } from '../records/read/environment.ts';
import { readNetwork } from '../records/read/network.ts';
import { ifInstalled } from '../records/read/table.ts';
import { resolveInstanceType } from './instance-type.ts';
import { findInstances, tagsOfResources } from './resources.ts';
import { availableZones } from './subnet.ts';

/** What a start has to know before it changes anything. */
export interface Looked {
  /** The type that an instance of the environment has. */
  readonly instanceType: InstanceType;
  /** Whether neither a record nor EC2 shows anything of the environment. */
  readonly untouched: boolean;
  /** The name of an environment without a record that EC2 shows resources of. */
  readonly name?: string | undefined;
  /** The subnets of Recode. None for an environment that has an instance. */
  readonly subnets: readonly Subnet[];
}

/** Looks at what there is of an environment, in the table and in EC2. Throws RecodeError as `resolveInstanceType` and `lookAtChange` do. */
export async function look(
  subject: EnvironmentSubject,
  given: GivenChanges,
  { dynamodb, ec2, settings }: { readonly dynamodb: DynamoDBClient; readonly ec2: EC2Client; readonly settings: Settings },
): Promise<Looked> {
  // Before the first start in a region there is no table, so there is no record.
  const [recorded, network] = await Promise.all([ifInstalled(readEnvironment(dynamodb, subject)), ifInstalled(readNetwork(dynamodb))]);
  const { observed } = recorded ?? {};
  if (recorded && observed && observed.state !== 'gone') {
    const changed = await lookAtChange(ec2, recorded, given, settings);
    if (changed) return { ...changed, untouched: false };
    // An existing instance proves that its type works.
    const { instanceType: name, architecture } = observed;
    return { instanceType: { name, architecture, zones: [], nitro: false, bootModes: [] }, untouched: false, subnets: [] };
  }
  const [resolved, found] = await Promise.all([
    resolveInstanceType(ec2, given.instanceType ?? recorded?.wanted.instanceType, settings, { newNetwork: network?.status !== 'ready' }),
    recorded ? [] : tagsOfResources(ec2, subject),
  ]);
  const name = found.map((tags) => belongingOf(tags)?.name).find((each) => v.is(EnvironmentName, each));
  return { ...resolved, untouched: !recorded && found.length === 0, name };
}

/**
 * Looks at the type that an existing instance is to get: the one that is given, or one that an earlier start may not have got to.
 *
 * @returns undefined if its record has that type
 * @throws RecodeError ArchitectureDiffers, and as `resolveInstanceType` does
 */
export async function lookAtChange(
  ec2: EC2Client,
  { repository, wanted, observed, changing }: Environment,
  { instanceType }: GivenChanges,
  settings: Settings,
): Promise<Pick<Looked, 'instanceType' | 'subnets'> | undefined> {
  const asked = instanceType ?? (changing ? wanted.instanceType : undefined);
  if (!observed || asked === undefined || asked === observed.instanceType) return undefined;
  const resolved = await resolveInstanceType(ec2, asked, settings);
  refuseOtherArchitecture(repository, observed, resolved.instanceType);
  return resolved;
}

/**
 * Looks at where an environment can move: at the type of its instance, with the zones that it may move to.
 *
 * @param zone the one that is asked for; undefined for any other than its own
 * @throws RecodeError ZoneNotPossible, InstanceGone if there is no disk to move, and as `resolveInstanceType` does
 */
export async function lookAtMove(
  ec2: EC2Client,
  { owner, repository, observed, wanted }: Environment,
  zone: string | undefined,
  settings: Settings,
): Promise<Pick<Looked, 'instanceType' | 'subnets'>> {
  const [instances, available] = await Promise.all([findInstances(ec2, { owner, repository }, observed?.instanceId), availableZones(ec2)]);
  const [instance] = instances;
  // A move that failed may have left the disk alone.
  if (!instance && observed && !wanted.restore) throw nothingToMove(repository, observed.instanceId);
  const typeName = instance?.InstanceType ?? observed?.instanceType ?? wanted.instanceType;
  const { instanceType, subnets } = await resolveInstanceType(ec2, typeName, settings);
  const current = instance?.Placement?.AvailabilityZone;
  const offering = available.filter((each) => instanceType.zones.includes(each));
  const zones = offering.filter((each) => each !== current && (zone === undefined || each === zone));
  if (zones.length > 0) return { instanceType: { ...instanceType, zones }, subnets };
  if (wanted.restore && zone !== undefined && zone === current) {
    throw new RecodeError('ZoneNotPossible', `${repository} is in ${zone} already, but its move has not ended: the next start ends it.`);
  }
  throw zoneNotPossible(repository, { zone, current, available, others: offering.filter((each) => each !== current), typeName });
}

function nothingToMove(repository: string, instanceId: string): RecodeError {
  const message = `The instance ${instanceId} of ${repository} was terminated outside Recode. There is no disk to move.`;
  return new RecodeError('InstanceGone', message);
}

function zoneNotPossible(
  repository: string,
  asked: {
    readonly zone: string | undefined;
    readonly current: string | undefined;
    readonly available: readonly string[];
    /** The zones that would do. */
    readonly others: readonly string[];
    readonly typeName: string;
  },
): RecodeError {
  const { zone, current, available, others, typeName } = asked;
  const elsewhere = others.length === 0 ? `No other zone offers ${typeName}.` : `It can move to ${others.join(', ')}.`;
  if (zone === undefined) return new RecodeError('ZoneNotPossible', `${repository} cannot move. ${elsewhere}`);
  if (zone === current) return new RecodeError('ZoneNotPossible', `${repository} is in ${zone} already. ${elsewhere}`);
  const problem = available.includes(zone)
    ? `${typeName} is not available in ${zone}.`
    : `${zone} is no availability zone here, or not available now.`;
  return new RecodeError('ZoneNotPossible', `${problem} ${elsewhere}`);
}
