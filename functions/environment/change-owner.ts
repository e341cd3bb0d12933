import { CreateTagsCommand, type EC2Client, type Tag } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { describeImages, describeSnapshots, keptFilters } from '../../aws/ec2/kept.ts';
import {
  findKeyPairs,
  findNetworkInterfaces,
  findRemainingInstances,
  findSecurityGroups,
  findVolumes,
  tagFilters,
} from '../../aws/ec2/resources.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { FormerOwner, HeldEnvironment, Nothing } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import { hasTags, managedBy, ownerTag, tagKey } from '../../core/tags.ts';

/**
 * Ensures that what belongs to an environment has the tag of its new owner: also an image with which a move takes its disk to another zone, but no
 * disk that is kept of an environment that the former owner has removed.
 */
export const changeOwner = step({
  input: v.object({ environment: HeldEnvironment, formerOwner: FormerOwner }),
  output: Nothing,
  uses: { ec2 },
  async run({ environment, formerOwner }, { ec2 }) {
    const owner = ownerTag(environment);
    const lacking = async () => {
      const found = await ofFormerOwner(ec2, { ...environment, owner: formerOwner });
      return found.flatMap(({ id, tags }) => (id === undefined || !hasTags(tags, [managedBy]) || hasTags(tags, [owner]) ? [] : [id]));
    };
    const resources = await lacking();
    if (resources.length === 0) return;
    await ec2.send(new CreateTagsCommand({ Resources: resources, Tags: [owner] }));
    // The next start finds them by this tag, which EC2 may show late.
    const left = await lacking();
    if (left.length > 0) throw new RecodeError('NotVisibleYet', `EC2 does not show the new owner of ${left.join(', ')} yet.`);
  },
});

export const handler = lambdaHandler(changeOwner);

interface Found {
  readonly id: string | undefined;
  readonly tags: Tag[] | undefined;
}

async function ofFormerOwner(ec2: EC2Client, former: HeldEnvironment): Promise<Found[]> {
  const moved = [...keptFilters(former), ...tagFilters([{ Key: tagKey.moved, Value: former.uid }])];
  const [instances, volumes, interfaces, groups, keyPairs, images, snapshots] = await Promise.all([
    findRemainingInstances(ec2, former, former.recorded.instanceId ?? undefined),
    findVolumes(ec2, former),
    findNetworkInterfaces(ec2, former),
    findSecurityGroups(ec2, former),
    findKeyPairs(ec2, former),
    describeImages(ec2, moved),
    describeSnapshots(ec2, moved),
  ]);
  return [
    ...instances.map(({ InstanceId, Tags }) => ({ id: InstanceId, tags: Tags })),
    ...volumes.map(({ VolumeId, Tags }) => ({ id: VolumeId, tags: Tags })),
    ...interfaces.map(({ NetworkInterfaceId, TagSet }) => ({ id: NetworkInterfaceId, tags: TagSet })),
    ...groups.map(({ GroupId, Tags }) => ({ id: GroupId, tags: Tags })),
    ...keyPairs.map(({ KeyPairId, Tags }) => ({ id: KeyPairId, tags: Tags })),
    ...images.map(({ ImageId, Tags }) => ({ id: ImageId, tags: Tags })),
    ...snapshots.map(({ SnapshotId, Tags }) => ({ id: SnapshotId, tags: Tags })),
  ];
}
