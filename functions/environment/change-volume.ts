import { ModifyVolumeCommand } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { describeVolume, type ShownVolume } from '../../aws/ec2/volume.ts';
import { isFinal, meaningOf, translate } from '../../aws/errors.ts';
import { change } from '../../aws/records/hold/environment.ts';
import { dynamodb, ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { volumeCannotShrink } from '../../core/changes.ts';
import { FoundPlan, HeldEnvironment, VolumePlan } from '../../core/document.ts';
import { GivenChanges } from '../../core/environment.ts';
import { RecodeError } from '../../core/errors.ts';
import { Operation } from '../../core/operation.ts';

/**
 * Gives the root volume the size and type that are wanted, which PlanStart has recorded, and waits until it has its new size: EBS then goes
 * on optimizing it, during which it can be used. If EC2 refuses the change, what the volume has is wanted again: the next start works
 * without it.
 */
export const changeVolume = step({
  input: v.object({
    environment: HeldEnvironment,
    operation: Operation,
    request: v.optional(GivenChanges, {}),
    plan: VolumePlan,
  }),
  output: FoundPlan,
  uses: { dynamodb, ec2 },
  // It usually takes a few seconds.
  pause: 1_000,
  async run({ environment, operation, request: given, plan: { volumeId, ...plan } }, { dynamodb, ec2 }) {
    const { repository, request } = environment;
    const want = ({ size, type = request.volumeType }: Shape) =>
      change(dynamodb, environment, operation, { set: { 'wanted.volumeSize': size, 'wanted.volumeType': type } });
    const volume = await describeVolume(ec2, volumeId);
    if (volume.modification?.state === 'modifying') throw stillModifying(volumeId);
    // What nobody asks for stays as EC2 shows it. Somebody may have grown the volume outside of Recode.
    const asked = environment.recorded.changing ? request : given;
    const size = given.volumeSize ?? Math.max(asked.volumeSize ?? 0, volume.size);
    const target: Shape = { size, type: asked.volumeType ?? volume.type };
    if (target.size < volume.size) {
      await want(volume);
      throw volumeCannotShrink(repository, volume.size, target.size);
    }
    if (!same(volume, target)) {
      await ec2
        .send(new ModifyVolumeCommand({ VolumeId: volumeId, Size: target.size, VolumeType: target.type }))
        .catch(async (error: unknown) => {
          // An earlier attempt may have begun the change, which EC2 did not show yet.
          const now = await describeVolume(ec2, volumeId);
          if (same(now, target)) return;
          if (isFinal(error)) await want(now);
          throw meaningOf(error) === 'volume-changed' ? changedRecently(repository, now, error) : error;
        });
      throw stillModifying(volumeId);
    }
    // An attempt that was refused before this one has wanted the former volume again.
    await want(target);
    return plan;
  },
});

export const handler = lambdaHandler(changeVolume);

type Shape = Pick<ShownVolume, 'size' | 'type'>;
const same = (one: Shape, other: Shape) => one.size === other.size && one.type === other.type;

const stillModifying = (volumeId: string) => new RecodeError('VolumeStillModifying', `The volume ${volumeId} is still being changed.`);

const hours = 60 * 60 * 1000;

/**
 * AWS allows the next change of a volume when the last one is completed, and four within 24 hours. It only tells when the last one started.
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVolume.html
 */
function changedRecently(repository: string, { modification }: ShownVolume, cause: unknown): RecodeError {
  const { message } = translate(cause);
  if (modification?.state === 'optimizing')
    return new RecodeError(
      'VolumeChangedRecently',
      `EBS is still optimizing the volume of ${repository} after its last change (${modification.progress}% done). ${message}`,
      { cause },
    );
  const until = modification && ` It can change again at ${new Date(modification.startedAt + 24 * hours).toISOString()} at the latest.`;
  return new RecodeError('VolumeChangedRecently', `AWS lets a volume change four times in 24 hours.${until ?? ''} ${message}`, { cause });
}
