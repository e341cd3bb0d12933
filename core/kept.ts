import * as v from 'valibot';
import { RecodeError } from './errors.ts';
import { belongingOf, tagKey } from './tags.ts';

/** For how many days the disk of a removed environment can be kept. */
export const longestKept = 365;

/** For how many days the disk of a removed environment is kept. False if it is deleted with its instance. */
export const Keep = v.union([v.literal(false), v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(longestKept))]);
export type Keep = v.InferOutput<typeof Keep>;

/**
 * Reads for how many days a disk is kept, such as `30d`.
 *
 * @throws RecodeError KeepNotValid
 */
export function parseKeep(text: string): number {
  const days = Number(/^([1-9]\d{0,2})d$/.exec(text)?.[1] ?? Number.NaN);
  if (days <= longestKept) return days;
  throw new RecodeError('KeepNotValid', `Invalid --keep '${text}'. Use a number of days from 1d to ${longestKept}d, for example 30d.`);
}

const day = 86_400_000;

/** Until when a disk is kept (ISO 8601) whose removal began at a time (ISO 8601). */
export const keptUntil = (startedAt: string, days: number): string => new Date(Date.parse(startedAt) + days * day).toISOString();

/** The disk of a removed environment, which a snapshot has. */
export interface KeptDisk {
  readonly owner: string;
  readonly repository: string;
  /** The name that the environment had. */
  readonly name: string;
  readonly snapshotId: string;
  /** Whether it can be restored already. */
  readonly completed: boolean;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly keptUntil: string;
  /** GiB. */
  readonly volumeSize: number;
  readonly volumeType: string;
  readonly instanceType: string;
  /** How much of it was written, in bytes: at most what AWS charges for. Undefined where EC2 does not tell. */
  readonly bytes: number | undefined;
}

/** What EC2 shows of a snapshot. */
interface Snapshot {
  readonly SnapshotId?: string | undefined;
  readonly State?: string | undefined;
  readonly StartTime?: Date | undefined;
  readonly VolumeSize?: number | undefined;
  readonly FullSnapshotSizeInBytes?: number | undefined;
  readonly Tags?: readonly { Key?: string | undefined; Value?: string | undefined }[] | undefined;
}

/** The kept disk that a snapshot has; undefined if its tags do not say so. */
export function keptDiskOf({ SnapshotId, State, StartTime, VolumeSize, FullSnapshotSizeInBytes, Tags }: Snapshot): KeptDisk | undefined {
  const belonging = belongingOf(Tags);
  const tagged = (key: string) => Tags?.find(({ Key }) => Key === key)?.Value;
  const until = tagged(tagKey.keptUntil);
  if (!belonging || until === undefined || SnapshotId === undefined || VolumeSize === undefined) return undefined;
  return {
    ...belonging,
    snapshotId: SnapshotId,
    completed: State === 'completed',
    createdAt: StartTime?.toISOString() ?? '',
    keptUntil: until,
    volumeSize: VolumeSize,
    volumeType: tagged(tagKey.volumeType) ?? '',
    instanceType: tagged(tagKey.instanceType) ?? '',
    bytes: FullSnapshotSizeInBytes,
  };
}

// A longer list is not read to its end.
const mostNamed = 20;

/** The refusal of an uninstall while disks of removed environments are kept, naming them. */
export function keptDisksStillExist(disks: readonly Pick<KeptDisk, 'owner' | 'repository' | 'keptUntil'>[]): RecodeError {
  const named = disks
    .slice(0, mostNamed)
    .map(({ repository, owner, keptUntil }) => `${repository} of ${owner} until ${keptUntil.slice(0, 10)}`);
  const more = disks.length > mostNamed ? [`${disks.length - mostNamed} more`] : [];
  return new RecodeError(
    'KeptDisksStillExist',
    `Disks of removed environments are kept in this region: ${[...named, ...more].join(', ')}.`,
  );
}

/** Whether the time is over for which something with these tags was to be kept. False if they do not say. */
export function isOver(tags: Snapshot['Tags'], now: number): boolean {
  const until = tags?.find(({ Key }) => Key === tagKey.keptUntil)?.Value;
  return until !== undefined && Date.parse(until) <= now;
}
