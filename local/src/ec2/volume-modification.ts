import type { VolumeModification as DescribedModification } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { AwsFailure } from '../service.ts';
import type { Region } from './operation.ts';
import type { Stored } from './resource.ts';
import { profileOf } from './settings.ts';

export const volumeTypes = ['gp2', 'gp3', 'standard'] as const;

/** What a modification can change of a volume. */
export const VolumeShape = v.strictObject({ sizeGiB: v.number(), volumeType: v.picklist(volumeTypes) });
export type VolumeShape = v.InferOutput<typeof VolumeShape>;

/** The latest modification of a volume. All times are milliseconds since the epoch. */
export const Modification = v.strictObject({
  original: VolumeShape,
  target: VolumeShape,
  startedAt: v.number(),
  optimizingAt: v.number(),
  completedAt: v.number(),
  /** When the modifications before it started, as far back as they count. */
  earlier: v.array(v.number()),
});
export type Modification = Stored<v.InferOutput<typeof Modification>>;

/** A volume, as far as its modifications depend on it. */
interface Modifiable extends VolumeShape {
  readonly id: string;
  readonly modification?: Modification | undefined;
}

// "You can modify a volume up to four times within a rolling 24-hour period."
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVolume.html
const most = 4;
const period = 24 * 60 * 60 * 1000;

/**
 * The modification of a volume that begins now.
 *
 * @throws AwsFailure as AWS refuses a smaller size, a modification before the last one is completed, and one too many in 24 hours
 */
export function modificationOf(
  volume: Modifiable,
  target: VolumeShape,
  { clock, settings }: Pick<Region, 'clock' | 'settings'>,
): Modification {
  const now = clock.now();
  const { id, modification: last } = volume;
  if (target.sizeGiB < volume.sizeGiB) throw new AwsFailure('InvalidParameterValue', 'New size cannot be smaller than existing size');
  refuseSize(target);
  const state = last ? stateOf(last, now) : 'completed';
  if (state !== 'completed')
    throw new AwsFailure('IncorrectModificationState', `Volume ${id} cannot be modified in modification state ${state.toUpperCase()}`);
  const earlier = last ? [...last.earlier, last.startedAt].filter((at) => at > now - period) : [];
  if (earlier.length >= most) {
    throw new AwsFailure(
      'VolumeModificationRateExceeded',
      "You've reached the maximum modification rate per volume limit. You can modify a volume up to 4 times within a rolling 24-hour period.",
    );
  }
  const { modifying, optimizingPerGiB } = profileOf(settings);
  const optimizingAt = now + modifying;
  const completedAt = optimizingAt + optimizingPerGiB * target.sizeGiB;
  const { sizeGiB, volumeType } = volume;
  return { original: { sizeGiB, volumeType }, target, startedAt: now, optimizingAt, completedAt, earlier };
}

const largestGiB: Record<VolumeShape['volumeType'], number> = { gp2: 16_384, gp3: 65_536, standard: 1024 };

/** Refuses a size that no volume of the type can have. */
export function refuseSize({ sizeGiB, volumeType }: VolumeShape): void {
  const largest = largestGiB[volumeType];
  if (sizeGiB >= 1 && sizeGiB <= largest) return;
  throw new AwsFailure(
    'InvalidParameterValue',
    `Volume of ${sizeGiB}GiB is invalid for volume type ${volumeType}. It must be 1 to ${largest}GiB.`,
  );
}

/** What a volume shows: a modification takes effect once it is optimizing. */
export function shapeOf({ modification, sizeGiB, volumeType }: Modifiable, now: number): VolumeShape {
  return modification && stateOf(modification, now) === 'modifying' ? modification.original : { sizeGiB, volumeType };
}

/** The state of a modification, as its description and filters have it. */
export function stateOf({ optimizingAt, completedAt }: Modification, now: number): 'modifying' | 'optimizing' | 'completed' {
  if (now < optimizingAt) return 'modifying';
  return now < completedAt ? 'optimizing' : 'completed';
}

export function describedModification(id: string, modification: Modification, now: number): DescribedModification {
  const { original, target, startedAt, completedAt } = modification;
  const state = stateOf(modification, now);
  return {
    VolumeId: id,
    ModificationState: state,
    OriginalSize: original.sizeGiB,
    OriginalVolumeType: original.volumeType,
    OriginalIops: iopsOf(original),
    OriginalThroughput: throughputOf(original),
    OriginalMultiAttachEnabled: false,
    TargetSize: target.sizeGiB,
    TargetVolumeType: target.volumeType,
    TargetIops: iopsOf(target),
    TargetThroughput: throughputOf(target),
    TargetMultiAttachEnabled: false,
    Progress: state === 'completed' ? 100 : Math.floor((100 * (now - startedAt)) / (completedAt - startedAt)),
    StartTime: new Date(startedAt),
    EndTime: state === 'completed' ? new Date(completedAt) : undefined,
  };
}

/** gp2 has 3 operations per second and GiB, between 100 and 16,000. gp3 starts at 3,000. */
export function iopsOf({ volumeType, sizeGiB }: VolumeShape): number | undefined {
  if (volumeType === 'standard') return undefined;
  return volumeType === 'gp3' ? 3000 : Math.min(16_000, Math.max(100, 3 * sizeGiB));
}

/** In MiB/s. Only gp3 has one of its own. */
export const throughputOf = ({ volumeType }: VolumeShape): number | undefined => (volumeType === 'gp3' ? 125 : undefined);
