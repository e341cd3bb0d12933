import { EC2Client } from '@aws-sdk/client-ec2';
import { findVolumes } from '../aws/ec2/resources.ts';
import { type Environment, type GivenRequest, isReplaceable, statusOf } from '../core/environment.ts';
import { RecodeError } from '../core/errors.ts';
import type { KeptDisk } from '../core/kept.ts';
import { policies } from '../core/names.ts';
import { canAsk, confirm } from './confirm.ts';
import { ago } from './duration.ts';
import { environmentCommand, type OpenedEnvironment } from './environment.ts';
import { orNotAllowed } from './execution/allowed.ts';
import { readKept } from './kept.ts';
import { line, type Output, warn } from './output.ts';
import { stopWordsInZone } from './stop-time.ts';

/** What is left of an environment whose instance was terminated outside Recode. */
export interface Left {
  readonly instanceId: string;
  /** When that was noticed (ISO 8601). */
  readonly noticedAt: string;
  /** The newest disk that is kept of it, which can be restored. */
  readonly kept: KeptDisk | undefined;
  /** The volumes that were not deleted with the instance. */
  readonly volumes: readonly LeftVolume[];
  /** Whether the next start goes on with the disk that is kept: a move or a restore has failed after it. */
  readonly goesOn: boolean;
}

interface LeftVolume {
  readonly volumeId: string;
  /** GiB. */
  readonly size: number;
  readonly zone: string;
}

/** Whether a start would launch an instance with an empty disk in place of one that is gone, and nobody has agreed to that. */
export function isLost(record: Environment): boolean {
  const { observed, wanted } = record;
  return statusOf(record) === 'gone' && observed !== undefined && !isReplaceable(observed.instanceId, wanted);
}

/** What is left of an environment whose instance is gone; undefined for any other. What this person may not look at is a warning. */
export async function findLeft({ account }: OpenedEnvironment, record: Environment, output: Output): Promise<Left | undefined> {
  const { owner, repository, observed, wanted } = record;
  if (statusOf(record) !== 'gone' || !observed) return undefined;
  const ec2 = new EC2Client(account.clientConfig('ec2'));
  const orWarned = <Found>(finding: Promise<Found[]>) =>
    finding.catch((error: unknown): Found[] => {
      if (!(error instanceof RecodeError) || error.name !== 'CallerNotAllowed') throw error;
      warn(output, line`What is left of ${repository} cannot be looked up: ${error.message}`);
      return [];
    });
  const [disks, volumes] = await Promise.all([
    orWarned(readKept(account, { owner, repository })),
    orWarned(orNotAllowed(account, policies.user, findVolumes(ec2, { owner, repository }))),
  ]);
  return {
    instanceId: observed.instanceId,
    noticedAt: observed.at,
    goesOn: wanted.restore === true,
    kept: disks.find(({ completed }) => completed),
    volumes: volumes.map(({ VolumeId = '', Size = 0, AvailabilityZone = '' }) => ({
      volumeId: VolumeId,
      size: Size,
      zone: AvailabilityZone,
    })),
  };
}

/** What was lost with an instance, and what is left of it, as sentences. */
export function leftWords(environment: OpenedEnvironment, { instanceId, noticedAt, kept, volumes, goesOn }: Left): string[] {
  const { repository } = environment.subject;
  if (goesOn) {
    const until = kept ? ` until ${stopWordsInZone(kept.keptUntil)}` : '';
    return [line`The instance ${instanceId} of ${repository} is gone. Its disk is kept${until}, and the next start goes on with it.`];
  }
  return [
    line`The instance ${instanceId} of ${repository} was terminated outside Recode, noticed ${ago(noticedAt)}.`,
    ...(volumes.length === 0
      ? ['Its disk is lost, with everything that was not pushed.']
      : [`${volumes.map(volumeWords).join(', ')} still exists, but a new instance does not use it. ${rescue(volumes)}`]),
    ...(kept
      ? [
          `An earlier disk of it, from ${ago(kept.createdAt)}, is kept until ${stopWordsInZone(kept.keptUntil)}. ` +
            `"${environmentCommand(environment, 'restore')}" brings it back.`,
        ]
      : []),
  ];
}

/** A volume that an instance left, for a person. */
export const volumeWords = ({ volumeId, size, zone }: LeftVolume): string => `The volume ${volumeId} (${size} GiB, ${zone})`;

const rescue = ([first]: readonly LeftVolume[]) =>
  `Copy what you need before you remove the environment: "aws ec2 create-snapshot --volume-id ${first?.volumeId}" backs it up.`;

/** The refusal of a start that nobody has agreed to. */
export async function instanceGone(environment: OpenedEnvironment, record: Environment, output: Output): Promise<RecodeError> {
  return new RecodeError('InstanceGone', (await lossOf(environment, record, output)).join('\n'));
}

/**
 * What a start gets so that an instance with an empty disk may take the place of one that is gone. A person is asked. Undefined if they say no,
 * which is told them.
 *
 * @param newInstance whether they have agreed already, with --new-instance
 * @throws RecodeError InstanceGone where there is nobody to ask
 */
export async function agreedReplacement(
  environment: OpenedEnvironment,
  record: Environment,
  { newInstance }: { readonly newInstance: boolean },
  output: Output,
): Promise<Pick<GivenRequest, 'replaces'> | undefined> {
  const { observed } = record;
  if (!observed) return {};
  const agreed = { replaces: observed.instanceId };
  if (newInstance) return agreed;
  if (!isLost(record)) return {};
  if (!canAsk(output)) throw await instanceGone(environment, record, output);
  const question = [...(await lossOf(environment, record, output)), 'Start it with a new instance and an empty disk?'];
  return (await confirm(question.join('\n'), output)) ? agreed : undefined;
}

async function lossOf(environment: OpenedEnvironment, record: Environment, output: Output): Promise<string[]> {
  const left = await findLeft(environment, record, output);
  return left ? leftWords(environment, left) : [];
}
