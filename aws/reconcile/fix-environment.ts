import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { EC2Client } from '@aws-sdk/client-ec2';
import { type Environment, keyed } from '../../core/environment.ts';
import { type Seen, servingOf } from '../../core/environment-drift.ts';
import { RecodeError } from '../../core/errors.ts';
import type { Finding } from '../../core/finding.ts';
import type { Settings } from '../../core/settings.ts';
import type { Belonging } from '../../core/tags.ts';
import { importKey } from '../ec2/key-pair.ts';
import { findInstancesAlsoEnded, findSecurityGroups } from '../ec2/resources.ts';
import { allowSshFrom } from '../ec2/security-group.ts';
import { changeUnheld, endQuiet, keepQuiet } from '../records/hold/environment.ts';
import { countSeen } from '../records/hold/hours.ts';
import { claim } from '../records/hold/names.ts';
import { readEnvironment } from '../records/read/environment.ts';

export interface Fixing {
  readonly dynamodb: DynamoDBClient;
  readonly ec2: EC2Client;
  readonly settings: Settings;
  readonly now: number;
  /** What EC2 has shown of the environment. */
  readonly seen: Seen;
}

type Named = Environment & Belonging;

/**
 * Fixes a finding about an environment that no operation holds. It reads the record again, so that an operation that has begun meanwhile, or
 * begins, is not met.
 *
 * @throws RecodeError OperationSettling if an operation has changed the record meanwhile, NameOwnedElsewhere, and what AWS refuses
 */
export async function fixEnvironment({ fix }: Finding, subject: Environment, fixing: Fixing): Promise<void> {
  const environment = await readEnvironment(fixing.dynamodb, subject);
  if (!environment || environment.uid !== subject.uid || !isNamed(environment)) throw changedMeanwhile(subject);
  switch (fix) {
    case 'observe':
      return observe(environment, fixing);
    case 'adopt':
      return adopt(environment, fixing);
    case 'claim':
      if (!(await claim(fixing.dynamodb, environment))) {
        throw new RecodeError('NameOwnedElsewhere', `Another environment has claimed the name ${environment.name}.`);
      }
      return;
    case 'allow-ssh':
      return quietly(environment, fixing, () => allowSsh(environment, fixing));
    case 'import-key':
      return quietly(environment, fixing, () => importKeyAgain(environment, fixing));
    default:
      throw new RecodeError('Unexpected', `Nothing fixes ${fix} of an environment.`);
  }
}

const isNamed = (environment: Environment): environment is Named => environment.name !== undefined;

const changedMeanwhile = ({ repository }: Pick<Environment, 'repository'>) =>
  new RecodeError('OperationSettling', `An operation has begun on the environment ${repository} meanwhile.`);

async function observe(environment: Named, { dynamodb, ec2, settings, now }: Fixing): Promise<void> {
  const instances = await findInstancesAlsoEnded(ec2, environment, environment.observed?.instanceId);
  const { set, remove } = await countSeen(dynamodb, environment, instances, { settings, now });
  await changeUnheld(dynamodb, environment, { set: { ...set, updatedAt: new Date(now).toISOString() }, remove });
}

/** The record follows what somebody has changed in EC2: the type of the instance, the size and type of its volume. */
async function adopt(environment: Named, { dynamodb, seen, now }: Fixing): Promise<void> {
  const serving = servingOf(seen.instances.filter(({ id }) => id === environment.observed?.instanceId));
  const volume = seen.volumes.find(({ id }) => id === serving?.rootVolumeId);
  if (!serving) throw changedMeanwhile(environment);
  await changeUnheld(dynamodb, environment, {
    set: {
      'wanted.instanceType': serving.instanceType,
      'observed.instanceType': serving.instanceType,
      ...(volume && { 'wanted.volumeSize': volume.size, 'wanted.volumeType': volume.type }),
      updatedAt: new Date(now).toISOString(),
    },
  });
}

/** Calls EC2 while no operation may take the environment: its own calls would meet these. */
async function quietly(environment: Named, { dynamodb, now }: Fixing, call: () => Promise<unknown>): Promise<void> {
  const quiet = await keepQuiet(dynamodb, environment, now);
  if (!quiet) throw changedMeanwhile(environment);
  await call();
  await endQuiet(dynamodb, quiet);
}

async function allowSsh(environment: Named, { ec2 }: Fixing): Promise<void> {
  const [group] = await findSecurityGroups(ec2, environment);
  if (!group) throw new RecodeError('ResourceDiffers', `The environment ${environment.repository} has no security group anymore.`);
  await allowSshFrom(ec2, group, environment.wanted.allowCidrs);
}

async function importKeyAgain(environment: Named, { ec2, settings }: Fixing): Promise<void> {
  if (await importKey(ec2, environment, keyed(environment.wanted, environment).publicKey, settings)) return;
  throw new RecodeError('NameOwnedElsewhere', `Another key pair has the name of that of ${environment.repository}.`);
}
