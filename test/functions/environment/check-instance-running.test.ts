import { DeleteTagsCommand, StopInstancesCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { checkInstanceRunning } from '../../../functions/environment/check-instance-running.ts';
import { startInstance } from '../../../functions/environment/start-instance.ts';
import { testAccount } from '../account.ts';
import { environment, foundPlan, launchPlan, request } from '../documents.ts';
import { bringTo, instanceOf, launched, readyToLaunch, running, untilState, withoutAddress } from '../launched.ts';

const document = (instanceId: string, created = true) =>
  created ? { plan: launchPlan, launch: { instanceId } } : { plan: foundPlan(instanceId) };

describe('checkInstanceRunning', () => {
  it('waits for a pending instance', async () => {
    await using account = await testAccount();
    const { instanceId } = await launched(account);
    expect(await account.refusal(checkInstanceRunning, document(instanceId))).toMatchObject({
      name: 'InstanceNotRunning',
      message: `The instance ${instanceId} is pending.`,
    });
  });

  it('tells what a running instance is, where it is and which host key it has', async () => {
    await using account = await testAccount();
    const instanceId = await running(account);
    const { PublicIpAddress, LaunchTime, Tags = [] } = await untilState(account, instanceId, 'running');
    expect(await account.run(checkInstanceRunning, document(instanceId))).toEqual({
      instanceId,
      instanceType: 't2.medium',
      architecture: 'x86_64',
      hostKey: Tags.find(({ Key }) => Key === 'recode:ssh-host-key')?.Value,
      publicIpAddress: PublicIpAddress,
      launchedAt: LaunchTime?.toISOString(),
    });
    expect(PublicIpAddress).toMatch(/^127\./);
  });

  it('tells the architecture of an arm64 instance', async () => {
    await using account = await testAccount();
    const arm = { ...environment, request: { ...request, instanceType: 't4g.medium' } };
    const prepared = await readyToLaunch(account, arm, { name: 't4g.medium', architecture: 'arm64', zones: [] });
    const { instanceId } = await launched(account, prepared);
    await untilState(account, instanceId, 'running');
    expect(await account.run(checkInstanceRunning, document(instanceId))).toMatchObject({
      instanceType: 't4g.medium',
      architecture: 'arm64',
    });
  });

  it('waits for an instance that is not visible yet', async () => {
    await using account = await testAccount();
    const prepared = await readyToLaunch(account);
    await account.hideNew(100);
    const { instanceId } = await launched(account, prepared);
    expect((await account.refusal(checkInstanceRunning, document(instanceId))).name).toBe('InstanceNotVisibleYet');
    account.aws.clock.advance(100);
    expect((await account.refusal(checkInstanceRunning, document(instanceId))).name).toBe('InstanceNotRunning');
  });

  it('gives a running instance a public address that it lacks, and waits for it', async () => {
    await using account = await testAccount();
    const instanceId = await withoutAddress(account);
    expect(await account.refusal(checkInstanceRunning, document(instanceId))).toMatchObject({
      name: 'NoPublicAddress',
      message: `The instance ${instanceId} runs without a public address.`,
    });
    await expect.poll(async () => (await instanceOf(account.ec2, instanceId)).PublicIpAddress).toMatch(/^127\./);
    const { PublicIpAddress } = await instanceOf(account.ec2, instanceId);
    expect(await account.run(checkInstanceRunning, document(instanceId))).toMatchObject({ publicIpAddress: PublicIpAddress });
  });

  it('gives one that was started again an address, too', async () => {
    await using account = await testAccount();
    const instanceId = await withoutAddress(account);
    await bringTo(account, instanceId, 'stopped');
    await account.run(startInstance, { plan: foundPlan(instanceId) });
    expect((await untilState(account, instanceId, 'running')).PublicIpAddress).toBeUndefined();
    expect((await account.refusal(checkInstanceRunning, document(instanceId, false))).name).toBe('NoPublicAddress');
    await expect.poll(async () => (await instanceOf(account.ec2, instanceId)).PublicIpAddress).toMatch(/^127\./);
  });

  it('changes no interface before the instance runs, nor where there is an address', async () => {
    await using account = await testAccount();
    const { instanceId } = await launched(account);
    await account.refuse('ModifyNetworkInterfaceAttribute', 'UnauthorizedOperation');
    expect((await account.refusal(checkInstanceRunning, document(instanceId))).name).toBe('InstanceNotRunning');
    await untilState(account, instanceId, 'running');
    await account.run(checkInstanceRunning, document(instanceId));
  });

  it.each([
    ['DescribeNetworkInterfaces', 'RequestLimitExceeded', 'RequestThrottled'],
    ['ModifyNetworkInterfaceAttribute', 'UnauthorizedOperation', 'PermissionMissing'],
  ])('ends where %s answers %s with %s', async (action, code, name) => {
    await using account = await testAccount();
    const instanceId = await withoutAddress(account);
    await account.refuse(action, code);
    expect((await account.refusal(checkInstanceRunning, document(instanceId))).name).toBe(name);
  });

  it('tells at once why a launch failed', async () => {
    await using account = await testAccount();
    const reason = 'Client.InternalError: Client error on launch';
    await account.aws.post('ec2', { launches: [{ outcome: 'terminated', reason }] });
    const { instanceId } = await launched(account);
    await untilState(account, instanceId, 'terminated');
    expect(await account.refusal(checkInstanceRunning, document(instanceId))).toMatchObject({
      name: 'VolumeKeyNotUsable',
      message: `The instance ${instanceId} is terminated: ${reason}.`,
    });
  });

  it.each([
    ['launched', true],
    ['found', false],
  ])('has a launch without capacity go on elsewhere, whether this start has %s it', async (_, created) => {
    await using account = await testAccount();
    await account.aws.post('ec2', { withoutCapacity: [{ zone: 'us-east-1b', accepts: true }] });
    const { instanceId } = await launched(account);
    await untilState(account, instanceId, 'terminated');
    expect(await account.refusal(checkInstanceRunning, document(instanceId, created))).toMatchObject({
      name: 'NoCapacity',
      message: expect.stringContaining(`The instance ${instanceId} is terminated: Server.InsufficientInstanceCapacity: `),
    });
  });

  it('says that there is no capacity to start an instance, and how to get its former type back', async () => {
    await using account = await testAccount();
    const instanceId = await running(account);
    await bringTo(account, instanceId, 'stopped');
    await account.aws.post('ec2', { withoutCapacity: [{ zone: 'us-east-1b', accepts: true }] });
    await account.run(startInstance, { plan: foundPlan(instanceId) });
    await untilState(account, instanceId, 'stopped');
    const stopped = `The instance ${instanceId} is stopped: Server.InsufficientInstanceCapacity: `;
    const { name, message } = await account.refusal(checkInstanceRunning, document(instanceId, false));
    expect([name, message]).toEqual(['NoCapacityToStart', expect.stringContaining(stopped)]);
    expect(message).not.toContain('--instance-type');
    const changed = { plan: { ...foundPlan(instanceId), formerType: 't3.medium' } };
    expect(await account.refusal(checkInstanceRunning, changed)).toMatchObject({
      name: 'NoCapacityToStart',
      message: `${message} It was a t3.medium until now: --instance-type t3.medium changes it back.`,
    });
  });

  it('tells at once that a new instance has shut itself down', async () => {
    await using account = await testAccount();
    await account.aws.post('ec2', { launches: [{ outcome: 'dies-booting' }] });
    const { instanceId } = await launched(account);
    await untilState(account, instanceId, 'stopping');
    expect(await account.refusal(checkInstanceRunning, document(instanceId))).toMatchObject({
      name: 'InstanceFailedToLaunch',
      message: expect.stringContaining('Instance initiated shutdown'),
    });
  });

  it('tells at once why a start failed', async () => {
    await using account = await testAccount();
    const reason = 'Client.InvalidKMSKey.InvalidState: The KMS key provided is in an incorrect state';
    await account.aws.post('ec2', { starts: [{ outcome: 'stopped', reason }] });
    const instanceId = await running(account);
    await account.ec2.send(new StopInstancesCommand({ InstanceIds: [instanceId] }));
    await untilState(account, instanceId, 'stopped');
    await account.run(startInstance, { plan: foundPlan(instanceId) });
    await untilState(account, instanceId, 'stopped');
    expect(await account.refusal(checkInstanceRunning, document(instanceId, false))).toMatchObject({
      name: 'VolumeKeyNotUsable',
      message: `The instance ${instanceId} is stopped: ${reason}.`,
    });
  });

  it('waits where EC2 still shows the stop before the start', async () => {
    await using account = await testAccount();
    const instanceId = await running(account);
    await account.ec2.send(new StopInstancesCommand({ InstanceIds: [instanceId] }));
    expect((await account.refusal(checkInstanceRunning, document(instanceId, false))).name).toBe('InstanceNotRunning');
    await untilState(account, instanceId, 'stopped');
    expect(await account.refusal(checkInstanceRunning, document(instanceId, false))).toMatchObject({
      name: 'InstanceNotRunning',
      message: `The instance ${instanceId} is stopped.`,
    });
  });

  it('waits where EC2 still shows that the instance had been shut down from inside before the start', async () => {
    await using account = await testAccount();
    await account.aws.post('ec2', { launches: [{ outcome: 'dies-booting' }] });
    const { instanceId } = await launched(account);
    await untilState(account, instanceId, 'stopped');
    expect(await account.refusal(checkInstanceRunning, document(instanceId, false))).toMatchObject({
      name: 'InstanceNotRunning',
      message: `The instance ${instanceId} is stopped.`,
    });
  });

  it('misses the host key’s tag where somebody took it', async () => {
    await using account = await testAccount();
    const instanceId = await running(account);
    await account.ec2.send(new DeleteTagsCommand({ Resources: [instanceId], Tags: [{ Key: 'recode:ssh-host-key' }] }));
    expect(await account.refusal(checkInstanceRunning, document(instanceId))).toMatchObject({
      name: 'ResourceDiffers',
      message: `The instance ${instanceId} has lost its tag recode:ssh-host-key.`,
    });
  });

  it('ends with what UnauthorizedOperation means', async () => {
    await using account = await testAccount();
    await account.refuse('DescribeInstances', 'UnauthorizedOperation');
    expect((await account.refusal(checkInstanceRunning, document('i-1'))).name).toBe('PermissionMissing');
  });

  it('refuses a plan without an instance', async () => {
    await using account = await testAccount();
    expect((await account.refusal(checkInstanceRunning, { ...document('i-1'), launch: undefined })).name).toBe('InputNotValid');
  });
});
