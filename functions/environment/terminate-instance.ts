import { type EC2Client, type Instance, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { allEnded } from '../../aws/all-ended.ts';
import { findNetworkInterfaces, findRemainingInstances, findSecurityGroups, liveStates } from '../../aws/ec2/resources.ts';
import { unless } from '../../aws/errors.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { HeldEnvironment, KeepUntil, KeptImage, TerminatingInstances } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import { hasTags, ownerTags } from '../../core/tags.ts';

/**
 * Terminates the environment's instance. Returns every instance to wait for, including those that were terminating already.
 *
 * @throws RecodeError DiskNotKept while there is a disk that is to be kept first
 */
export const terminateInstance = step({
  input: v.object({ environment: HeldEnvironment, keep: v.optional(KeepUntil), kept: v.optional(KeptImage) }),
  output: TerminatingInstances,
  uses: { ec2 },
  async run({ environment, keep, kept }, { ec2 }) {
    const terminating = terminateAll(ec2, environment, { unlessLive: keep !== undefined && kept === undefined });
    const [instanceIds, leftovers] = await allEnded([terminating, findLeftovers(ec2, environment)]);
    return { instanceIds, ...leftovers };
  },
});

export const handler = lambdaHandler(terminateInstance);

/** Terminates what still lives. Returns every instance that is not gone yet. */
async function terminateAll(ec2: EC2Client, environment: HeldEnvironment, { unlessLive }: { unlessLive: boolean }): Promise<string[]> {
  const remaining = await findRemainingInstances(ec2, environment, environment.recorded.instanceId ?? undefined);
  const live = remaining.filter(({ State }) => liveStates.some((state) => state === State?.Name));
  if (live.length === 0) return idsOf(remaining);
  if (unlessLive) throw new RecodeError('DiskNotKept', `The disk of ${idsOf(live).join(', ')} is to be kept.`);
  const stranger = live.find(({ Tags }) => !hasTags(Tags, ownerTags(environment)));
  if (stranger) throw new RecodeError('ResourceDiffers', `The instance ${stranger.InstanceId} no longer has the tags of its environment.`);
  const terminated = await unless('not-found', ec2.send(new TerminateInstancesCommand({ InstanceIds: idsOf(live) })));
  // One instance that is gone makes EC2 refuse the whole call. The next attempt finds only the others.
  if (!terminated) throw new RecodeError('InstanceNotVisibleYet', `EC2 no longer knows one of the instances ${idsOf(live).join(', ')}.`);
  return idsOf(remaining);
}

/** What outlives the instances. It is found beside them, so that it can be deleted at once afterwards. */
async function findLeftovers(ec2: EC2Client, environment: HeldEnvironment) {
  const [interfaces, groups] = await Promise.all([findNetworkInterfaces(ec2, environment), findSecurityGroups(ec2, environment)]);
  return {
    networkInterfaceIds: interfaces.flatMap(({ NetworkInterfaceId }) => NetworkInterfaceId ?? []),
    securityGroupIds: groups.flatMap(({ GroupId }) => GroupId ?? []),
  };
}

const idsOf = (instances: readonly Instance[]) => instances.flatMap(({ InstanceId }) => InstanceId ?? []);
