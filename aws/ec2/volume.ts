import { DescribeVolumesCommand, DescribeVolumesModificationsCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { EnvironmentRequest } from '../../core/environment.ts';
import { RecodeError } from '../../core/errors.ts';

const volumeTypes = EnvironmentRequest.entries.volumeType.options;

/** A volume with its last modification. */
export interface ShownVolume {
  /** GiB. */
  readonly size: number;
  /** Undefined for a type that only others than Recode give a volume. */
  readonly type: (typeof volumeTypes)[number] | undefined;
  /** Undefined if it has not been modified, or not for long. */
  readonly modification?: {
    readonly state: string;
    /** Percent. */
    readonly progress: number;
    /** Milliseconds since the epoch. */
    readonly startedAt: number;
  };
}

/**
 * A volume as its last modification leaves it, because EC2 shows the former size until that has taken effect.
 *
 * @throws RecodeError NotVisibleYet
 */
export async function describeVolume(ec2: EC2Client, volumeId: string): Promise<ShownVolume> {
  // By filters: a volume that was never modified is no error then.
  const Filters = [{ Name: 'volume-id', Values: [volumeId] }];
  const { Volumes = [] } = await ec2.send(new DescribeVolumesCommand({ Filters }));
  const { VolumesModifications = [] } = await ec2.send(new DescribeVolumesModificationsCommand({ Filters }));
  const [[volume], [last]] = [Volumes, VolumesModifications];
  if (volume?.Size === undefined) throw new RecodeError('NotVisibleYet', `EC2 does not show the volume ${volumeId}.`);
  const { ModificationState: state = '', Progress: progress = 0, StartTime } = last ?? {};
  const target = state === 'failed' ? undefined : last;
  const type = target?.TargetVolumeType ?? volume.VolumeType;
  return {
    size: target?.TargetSize ?? volume.Size,
    type: volumeTypes.find((known) => known === type),
    ...(last && { modification: { state, progress, startedAt: StartTime?.getTime() ?? 0 } }),
  };
}
