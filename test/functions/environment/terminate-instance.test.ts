import { DeleteTagsCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { terminateInstance } from '../../../functions/environment/terminate-instance.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { environmentLookalikes } from '../deletion.ts';
import { environment } from '../documents.ts';
import { bringTo, instanceOf, launchByHand, launched, readyToLaunch, untilState } from '../launched.ts';
import { makeGroup, makeInterface, makeNetwork } from '../resources.ts';

const document = (instanceId: string | null = null) => ({
  environment: { ...environment, recorded: { ...environment.recorded, status: 'removing', instanceId } },
});
const stateOf = async ({ ec2 }: TestAccount, instanceId: string) => (await instanceOf(ec2, instanceId)).State?.Name;
const hour = 60 * 60 * 1000;

describe('terminateInstance', () => {
  it.each(['pending', 'running', 'stopping', 'stopped'] as const)('terminates an instance that is %s', async (state) => {
    await using account = await testAccount();
    const { instanceId } = await launched(account);
    if (state !== 'pending') await bringTo(account, instanceId, state);
    expect(await account.run(terminateInstance, document(instanceId))).toMatchObject({ instanceIds: [instanceId] });
    expect(await stateOf(account, instanceId)).toBe('shutting-down');
  });

  it('terminates no instance whose disk is to be kept, until it is', async () => {
    await using account = await testAccount();
    const { instanceId } = await launched(account);
    const keep = { until: '2026-12-30T10:00:00.000Z' };
    const keeping = { ...document(instanceId), keep };
    expect(await account.refusal(terminateInstance, keeping)).toMatchObject({
      name: 'DiskNotKept',
      message: `The disk of ${instanceId} is to be kept.`,
    });
    expect(await stateOf(account, instanceId)).toBe('pending');
    const kept = { imageId: 'ami-00000000000000000', ...keep };
    expect(await account.run(terminateInstance, { ...keeping, kept })).toMatchObject({ instanceIds: [instanceId] });
    await untilState(account, instanceId, 'terminated');
    // Nothing is left to be kept.
    expect(await account.run(terminateInstance, keeping)).toMatchObject({ instanceIds: [] });
  });

  it('hands on the interface and the group that outlive the instance', async () => {
    await using account = await testAccount();
    const { document: launch, instanceId } = await launched(account);
    const { networkInterfaceId } = launch.networkInterface;
    const leftovers = { networkInterfaceIds: [networkInterfaceId], securityGroupIds: [launch.securityGroup.securityGroupId] };
    expect(await account.run(terminateInstance, document(instanceId))).toEqual({ instanceIds: [instanceId], ...leftovers });
    await untilState(account, instanceId, 'terminated');
    expect(await account.run(terminateInstance, document(instanceId))).toEqual({ instanceIds: [], ...leftovers });
  });

  it('hands on duplicates too, and nothing without all tags of the environment', async () => {
    await using account = await testAccount();
    const { vpcId, subnetId } = await makeNetwork(account.ec2);
    const ours = await makeGroup(account.ec2, vpcId);
    const twin = await makeGroup(account.ec2, vpcId, undefined, 'twin');
    const interfaces = [await makeInterface(account.ec2, subnetId), await makeInterface(account.ec2, subnetId)];
    for (const [number, tags] of environmentLookalikes('security-group').entries())
      await makeGroup(account.ec2, vpcId, tags, `other-${number}`);
    for (const tags of environmentLookalikes('network-interface')) await makeInterface(account.ec2, subnetId, undefined, tags);
    expect(await account.run(terminateInstance, document())).toEqual({
      instanceIds: [],
      networkInterfaceIds: interfaces.toSorted(),
      securityGroupIds: [ours, twin].toSorted(),
    });
  });

  it.each(['DescribeNetworkInterfaces', 'DescribeSecurityGroups'])(
    'comes back where %s is refused, with the instance going',
    async (action) => {
      await using account = await testAccount();
      const { instanceId } = await launched(account);
      await account.refuse(action, 'RequestLimitExceeded');
      expect((await account.refusal(terminateInstance, document(instanceId))).name).toBe('RequestThrottled');
      expect(await stateOf(account, instanceId)).toBe('shutting-down');
      expect(await account.run(terminateInstance, document(instanceId))).toMatchObject({
        instanceIds: [instanceId],
        networkInterfaceIds: [expect.stringMatching(/^eni-/)],
        securityGroupIds: [expect.stringMatching(/^sg-/)],
      });
      expect(await terminations(account)).toEqual(['ok']);
    },
  );

  it('hands on one that is going already, without terminating it again', async () => {
    await using account = await testAccount();
    const { instanceId } = await launched(account);
    await bringTo(account, instanceId, 'shutting-down');
    await account.aws.delete('calls');
    expect(await account.run(terminateInstance, document(instanceId))).toMatchObject({ instanceIds: [instanceId] });
    expect(await terminations(account)).toEqual([]);
    await untilState(account, instanceId, 'terminated');
    expect(await account.run(terminateInstance, document(instanceId))).toMatchObject({ instanceIds: [] });
    expect(await terminations(account)).toEqual([]);
  });

  it.each([null, 'i-00000000000000000'])('is done where there is no instance and the record names %s', async (recorded) => {
    await using account = await testAccount();
    expect(await account.run(terminateInstance, document(recorded))).toEqual({
      instanceIds: [],
      networkInterfaceIds: [],
      securityGroupIds: [],
    });
    expect(await terminations(account)).toEqual([]);
  });

  it('is content with a termination that was not answered', async () => {
    await using account = await testAccount();
    const { instanceId } = await launched(account);
    await account.loseAnswer('TerminateInstances');
    expect((await account.refusal(terminateInstance, document(instanceId))).name).toBe('AwsUnavailable');
    expect(await account.run(terminateInstance, document(instanceId))).toMatchObject({ instanceIds: [instanceId] });
    expect(await terminations(account)).toEqual(['lost-answer']);
  });

  it('terminates an instance of a start that did not come to record it', async () => {
    await using account = await testAccount();
    const { instanceId } = await launched(account);
    expect(await account.run(terminateInstance, document())).toMatchObject({ instanceIds: [instanceId] });
  });

  it('terminates nothing while the recorded instance has lost its tags: it may be somebody else’s by now', async () => {
    await using account = await testAccount();
    const { document: launch, instanceId } = await launched(account);
    await account.ec2.send(new DeleteTagsCommand({ Resources: [instanceId] }));
    expect(await account.run(terminateInstance, document())).toMatchObject({ instanceIds: [] });
    const twin = await launchByHand(account, launch);
    expect(await account.refusal(terminateInstance, document(instanceId))).toMatchObject({
      name: 'ResourceDiffers',
      message: `The instance ${instanceId} no longer has the tags of its environment.`,
    });
    for (const id of [instanceId, twin]) expect(await stateOf(account, id)).not.toBe('shutting-down');
  });

  it('terminates twins, and hands on the one of them that is going already', async () => {
    await using account = await testAccount();
    const { document: launch, instanceId } = await launched(account);
    const twins = [await launchByHand(account, launch), await launchByHand(account, launch)];
    await bringTo(account, instanceId, 'shutting-down');
    const all = [instanceId, ...twins].toSorted();
    expect(await account.run(terminateInstance, document(instanceId))).toMatchObject({ instanceIds: all });
    for (const id of all) expect(await stateOf(account, id)).toBe('shutting-down');
  });

  it('leaves what does not bear all of the environment’s tags', async () => {
    await using account = await testAccount();
    account.stopClock();
    const launch = await readyToLaunch(account);
    const foreign: string[] = [];
    for (const tags of environmentLookalikes('instance')) foreign.push(await launchByHand(account, launch, { tags }));
    const ours = await launchByHand(account, launch);
    expect(await account.run(terminateInstance, document())).toMatchObject({ instanceIds: [ours] });
    for (const id of foreign) expect(await stateOf(account, id)).toBe('pending');
  });

  it('comes back for the others where EC2 has forgotten one of them meanwhile', async () => {
    await using account = await testAccount();
    const { document: launch, instanceId } = await launched(account);
    const twin = await launchByHand(account, launch);
    let forgotten = false;
    account.amendAnswers('DescribeInstancesCommand', async () => {
      if (forgotten) return {};
      forgotten = true;
      await bringTo(account, instanceId, 'terminated');
      account.aws.clock.advance(hour);
      return {};
    });
    expect((await account.refusal(terminateInstance, document())).name).toBe('InstanceNotVisibleYet');
    expect(await stateOf(account, twin)).toBe('running');
    expect(await account.run(terminateInstance, document())).toMatchObject({ instanceIds: [twin] });
  });

  it.each([
    ['InvalidInstanceID.NotFound', 'InstanceNotVisibleYet'],
    ['UnauthorizedOperation', 'PermissionMissing'],
    ['RequestLimitExceeded', 'RequestThrottled'],
    ['InternalError', 'AwsUnavailable'],
    ['OperationNotPermitted', 'AwsRefused'],
  ])('ends with what %s means, and terminates none', async (code, name) => {
    await using account = await testAccount();
    const { document: launch, instanceId } = await launched(account);
    const twin = await launchByHand(account, launch);
    await account.refuse('TerminateInstances', code);
    expect((await account.refusal(terminateInstance, document(instanceId))).name).toBe(name);
    expect([await stateOf(account, instanceId), await stateOf(account, twin)]).toEqual(['pending', 'pending']);
    expect(await account.run(terminateInstance, document(instanceId))).toMatchObject({ instanceIds: [instanceId, twin].toSorted() });
  });

  it.each([0, 1])('takes no instance for gone where it may not look, %d looks before', async (skip) => {
    await using account = await testAccount();
    const { instanceId } = await launched(account);
    await account.ec2.send(new DeleteTagsCommand({ Resources: [instanceId] }));
    await account.refuse('DescribeInstances', 'UnauthorizedOperation', skip);
    expect((await account.refusal(terminateInstance, document(instanceId))).name).toBe('PermissionMissing');
  });

  it('refuses an environment without its record', async () => {
    await using account = await testAccount();
    expect((await account.refusal(terminateInstance, { environment: { ...environment, recorded: null } })).name).toBe('InputNotValid');
  });
});

async function terminations({ aws }: TestAccount): Promise<string[]> {
  const { calls } = (await aws.get('calls')) as { calls: { action: string; outcome: string }[] };
  return calls.filter(({ action }) => action === 'TerminateInstances').map(({ outcome }) => outcome);
}
