import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { EC2Client, Subnet } from '@aws-sdk/client-ec2';
import { refuseOtherArchitecture } from '../../core/changes.ts';
import type { Environment, GivenChanges } from '../../core/environment.ts';
import type { InstanceType } from '../../core/instance-type.ts';
import type { Settings } from '../../core/settings.ts';
import { type EnvironmentSubject, readEnvironment } from '../records/read/environment.ts';
import { readNetwork } from '../records/read/network.ts';
import { ifInstalled } from '../records/read/table.ts';
import { resolveInstanceType } from './instance-type.ts';
import { hasResources } from './resources.ts';

/** What a start has to know before it changes anything. */
export interface Looked {
  /** The type that an instance of the environment has. */
  readonly instanceType: InstanceType;
  /** Whether neither a record nor EC2 shows anything of the environment. */
  readonly untouched: boolean;
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
  const [resolved, inUse] = await Promise.all([
    resolveInstanceType(ec2, given.instanceType ?? recorded?.wanted.instanceType, settings, { newNetwork: network?.status !== 'ready' }),
    recorded !== undefined || hasResources(ec2, subject),
  ]);
  return { ...resolved, untouched: !inUse };
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
