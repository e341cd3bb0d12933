import { DeleteTagsCommand, StopInstancesCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { checkInstanceStopped } from '../../../functions/environment/check-instance-stopped.ts';
import { testAccount } from '../account.ts';
import { bringTo, launchByHand, launched, running, untilState } from '../launched.ts';

const document = (...instanceIds: string[]) => ({ instances: { instanceIds, changed: true } });

describe('checkInstanceStopped', () => {
  it('waits until the instance is stopped, and tells what it is, without an address', async () => {
    await using account = await testAccount();
    const { instanceId } = await launched(account);
    const { Tags = [] } = await bringTo(account, instanceId, 'stopping');
    expect(await account.refusal(checkInstanceStopped, document(instanceId))).toMatchObject({
      name: 'InstanceStillStopping',
      message: `The instance ${instanceId} is stopping.`,
    });
    const { StateTransitionReason = '' } = await untilState(account, instanceId, 'stopped');
    const [, date, time] = /^User initiated \((\S+) (\S+) GMT\)$/.exec(StateTransitionReason) ?? [];
    const stopped = {
      instanceId,
      instanceType: 't2.medium',
      architecture: 'x86_64',
      hostKey: Tags.find(({ Key }) => Key === 'recode:ssh-host-key')?.Value,
      stoppedAt: `${date}T${time}.000Z`,
    };
    expect(await account.run(checkInstanceStopped, document(instanceId))).toEqual(stopped);
    expect(await account.run(checkInstanceStopped, document(instanceId))).toEqual(stopped);
  });

  it('needs no host key of an instance that is stopped', async () => {
    await using account = await testAccount();
    const instanceId = await running(account);
    await account.ec2.send(new DeleteTagsCommand({ Resources: [instanceId], Tags: [{ Key: 'recode:ssh-host-key' }] }));
    await account.ec2.send(new StopInstancesCommand({ InstanceIds: [instanceId] }));
    await untilState(account, instanceId, 'stopped');
    expect(await account.run(checkInstanceStopped, document(instanceId))).toBeNull();
  });

  it('waits where EC2 does not show yet that the instance is stopping', async () => {
    await using account = await testAccount();
    const instanceId = await running(account);
    expect(await account.refusal(checkInstanceStopped, document(instanceId))).toMatchObject({
      name: 'InstanceStillStopping',
      message: `The instance ${instanceId} is running.`,
    });
  });

  it('says that the instance was terminated once it is', async () => {
    await using account = await testAccount();
    const { instanceId } = await launched(account);
    await bringTo(account, instanceId, 'shutting-down');
    expect((await account.refusal(checkInstanceStopped, document(instanceId))).name).toBe('InstanceStillStopping');
    await untilState(account, instanceId, 'terminated');
    expect(await account.refusal(checkInstanceStopped, document(instanceId))).toMatchObject({
      name: 'InstanceGone',
      message: `The instance ${instanceId} was terminated instead of stopped.`,
    });
  });

  it('says so of an instance that EC2 has forgotten', async () => {
    await using account = await testAccount();
    expect((await account.refusal(checkInstanceStopped, document('i-00000000000000000'))).name).toBe('InstanceGone');
  });

  it('waits for each of several, and tells of one that is left', async () => {
    await using account = await testAccount();
    const { document: launch, instanceId } = await launched(account);
    const other = await launchByHand(account, launch);
    await bringTo(account, instanceId, 'stopped');
    expect((await account.refusal(checkInstanceStopped, document(instanceId, other))).name).toBe('InstanceStillStopping');
    await bringTo(account, other, 'terminated');
    expect(await account.run(checkInstanceStopped, document(instanceId, other))).toMatchObject({ instanceId });
  });

  it.each([
    ['UnauthorizedOperation', 'PermissionMissing'],
    ['RequestLimitExceeded', 'RequestThrottled'],
  ])('ends with what %s means', async (code, name) => {
    await using account = await testAccount();
    await account.refuse('DescribeInstances', code);
    expect((await account.refusal(checkInstanceStopped, document('i-1'))).name).toBe(name);
  });

  it('refuses a document without instances', async () => {
    await using account = await testAccount();
    expect((await account.refusal(checkInstanceStopped, { instances: {} })).name).toBe('InputNotValid');
  });
});
