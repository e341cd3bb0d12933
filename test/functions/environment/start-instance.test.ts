import { StopInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { startInstance } from '../../../functions/environment/start-instance.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { foundPlan, launchPlan } from '../documents.ts';
import { instanceOf, launched, untilState } from '../launched.ts';

const document = (instanceId: string) => ({ plan: foundPlan(instanceId) });
const stateOf = async ({ ec2 }: TestAccount, instanceId: string) => (await instanceOf(ec2, instanceId)).State?.Name;

describe('startInstance', () => {
  it('starts a stopped instance, once', async () => {
    await using account = await testAccount();
    const instanceId = await stopped(account);
    expect(await account.run(startInstance, document(instanceId))).toBeUndefined();
    expect(await stateOf(account, instanceId)).toBe('pending');
    expect(await account.run(startInstance, document(instanceId))).toBeUndefined();
    await untilState(account, instanceId, 'running');
    expect(await account.run(startInstance, document(instanceId))).toBeUndefined();
    expect(await stateOf(account, instanceId)).toBe('running');
  });

  it('is content with a start that was not answered', async () => {
    await using account = await testAccount();
    const instanceId = await stopped(account);
    await account.loseAnswer('StartInstances');
    expect((await account.refusal(startInstance, document(instanceId))).name).toBe('AwsUnavailable');
    expect(await account.run(startInstance, document(instanceId))).toBeUndefined();
    expect(await stateOf(account, instanceId)).toBe('pending');
  });

  it('waits for an instance that is still stopping', async () => {
    await using account = await testAccount();
    const { instanceId } = await launched(account);
    await untilState(account, instanceId, 'running');
    await account.ec2.send(new StopInstancesCommand({ InstanceIds: [instanceId] }));
    expect(await account.refusal(startInstance, document(instanceId))).toMatchObject({
      name: 'InstanceStillStopping',
      message: `The instance ${instanceId} is stopping.`,
    });
  });

  it('comes back where EC2 refuses a state that is over by now', async () => {
    await using account = await testAccount();
    const instanceId = await stopped(account);
    await account.refuse('StartInstances', 'IncorrectInstanceState');
    expect((await account.refusal(startInstance, document(instanceId))).name).toBe('InstanceStillStopping');
    expect(await account.run(startInstance, document(instanceId))).toBeUndefined();
  });

  it.each(['pending', 'running'])('is content where EC2 refuses because the instance is %s', async (state) => {
    await using account = await testAccount();
    const { instanceId } = await launched(account);
    await untilState(account, instanceId, state);
    await account.refuse('StartInstances', 'IncorrectInstanceState');
    expect(await account.run(startInstance, document(instanceId))).toBeUndefined();
  });

  it('says that a terminated instance cannot be started', async () => {
    await using account = await testAccount();
    const { instanceId } = await launched(account);
    await account.ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
    await untilState(account, instanceId, 'terminated');
    expect(await account.refusal(startInstance, document(instanceId))).toMatchObject({
      name: 'InstanceFailedToStart',
      message: `The instance ${instanceId} cannot be started: it is terminated.`,
    });
  });

  it.each([
    ['InsufficientInstanceCapacity', 'NoCapacityToStart'],
    ['Unsupported', 'NoCapacityToStart'],
    ['VcpuLimitExceeded', 'QuotaReached'],
    ['UnauthorizedOperation', 'PermissionMissing'],
    ['InvalidInstanceID.NotFound', 'NotVisibleYet'],
  ])('ends with what %s means, leaving the instance stopped', async (code, name) => {
    await using account = await testAccount();
    const instanceId = await stopped(account);
    await account.refuse('StartInstances', code);
    expect((await account.refusal(startInstance, document(instanceId))).name).toBe(name);
    expect(await stateOf(account, instanceId)).toBe('stopped');
  });

  it('says which type it had before this start if EC2 has no capacity for the new one', async () => {
    await using account = await testAccount();
    const instanceId = await stopped(account);
    await account.refuse('StartInstances', 'InsufficientInstanceCapacity');
    const plan = { ...foundPlan(instanceId), formerType: 't2.medium' };
    expect((await account.refusal(startInstance, { plan })).message).toMatch(
      /It was a t2\.medium until now: --instance-type t2\.medium changes it back\.$/,
    );
  });

  it('refuses a plan without an instance', async () => {
    await using account = await testAccount();
    expect((await account.refusal(startInstance, { plan: launchPlan })).name).toBe('InputNotValid');
  });
});

async function stopped(account: TestAccount): Promise<string> {
  const { instanceId } = await launched(account);
  await untilState(account, instanceId, 'running');
  await account.ec2.send(new StopInstancesCommand({ InstanceIds: [instanceId] }));
  await untilState(account, instanceId, 'stopped');
  return instanceId;
}
