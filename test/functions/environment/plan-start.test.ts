import { CreateTagsCommand, DeleteTagsCommand, StopInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { launchInstance } from '../../../functions/environment/launch-instance.ts';
import { planStart } from '../../../functions/environment/plan-start.ts';
import { testAccount } from '../account.ts';
import { environment, operationOf, request } from '../documents.ts';
import { launched, readyToLaunch, untilState } from '../launched.ts';

const document = (instanceId: string | null = null) => ({ environment: { ...environment, instanceId } });
const create = { action: 'create', created: true, checkSsh: true };

describe('planStart', () => {
  it('creates an instance where there is none', async () => {
    await using account = await testAccount();
    expect(await account.run(planStart, document())).toEqual(create);
  });

  it('waits for a pending instance', async () => {
    await using account = await testAccount();
    const { instanceId } = await launched(account);
    expect(await account.run(planStart, document())).toEqual({ action: 'wait', instanceId, created: false, checkSsh: true });
  });

  it('does nothing about a running instance, recorded or not', async () => {
    await using account = await testAccount();
    const { instanceId } = await launched(account);
    await untilState(account, instanceId, 'running');
    const plan = { action: 'nothing', instanceId, created: false, checkSsh: true };
    expect(await account.run(planStart, document())).toEqual(plan);
    expect(await account.run(planStart, document(instanceId))).toEqual(plan);
  });

  it('decides about a stopping instance once it has stopped: starts it', async () => {
    await using account = await testAccount();
    const { instanceId } = await launched(account);
    await untilState(account, instanceId, 'running');
    await account.ec2.send(new StopInstancesCommand({ InstanceIds: [instanceId] }));
    expect(await account.refusal(planStart, document(instanceId))).toMatchObject({
      name: 'InstanceStillStopping',
      message: `The instance ${instanceId} is still stopping.`,
    });
    await untilState(account, instanceId, 'stopped');
    expect(await account.run(planStart, document(instanceId))).toEqual({ action: 'start', instanceId, created: false, checkSsh: true });
  });

  it('creates another instance where the recorded one is shutting down or terminated', async () => {
    await using account = await testAccount();
    const { instanceId } = await launched(account);
    await account.ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
    expect(await account.run(planStart, document(instanceId))).toEqual(create);
    await untilState(account, instanceId, 'terminated');
    expect(await account.run(planStart, document(instanceId))).toEqual(create);
  });

  it('finds the instance that replaced the recorded one', async () => {
    await using account = await testAccount();
    const first = await launched(account);
    await account.ec2.send(new TerminateInstancesCommand({ InstanceIds: [first.instanceId] }));
    await untilState(account, first.instanceId, 'terminated');
    const { instanceId } = await account.run(launchInstance, { ...first.document, operation: operationOf('two') });
    expect(await account.run(planStart, document(first.instanceId))).toMatchObject({ action: 'wait', instanceId });
  });

  it('finds the recorded instance although somebody took its tags', async () => {
    await using account = await testAccount();
    const { instanceId } = await launched(account);
    await account.ec2.send(new DeleteTagsCommand({ Resources: [instanceId] }));
    expect(await account.run(planStart, document(instanceId))).toMatchObject({ action: 'wait', instanceId });
    expect(await account.run(planStart, document())).toEqual(create);
  });

  it.each(['recode:managed-by', 'recode:environment', 'recode:owner', 'recode:repository'])(
    'takes no instance with another %s for its own',
    async (Key) => {
      await using account = await testAccount();
      const { instanceId } = await launched(account);
      await account.ec2.send(new CreateTagsCommand({ Resources: [instanceId], Tags: [{ Key, Value: 'other' }] }));
      expect(await account.run(planStart, document())).toEqual(create);
    },
  );

  it('leaves SSH unchecked where not everybody may reach it', async () => {
    await using account = await testAccount();
    const narrow = { ...environment, request: { ...request, allowCidrs: ['203.0.113.7/32'] }, instanceId: null };
    expect(await account.run(planStart, { environment: narrow })).toEqual({ ...create, checkSsh: false });
  });

  it('refuses an instance of another type than the one that is asked for by now', async () => {
    await using account = await testAccount();
    await launched(account, await readyToLaunch(account));
    const asked = { ...environment, request: { ...request, instanceType: 't3.large' }, instanceId: null };
    expect(await account.refusal(planStart, { environment: asked })).toMatchObject({
      name: 'OptionDiffers',
      message: 'The environment acme/api exists with --instance-type t2.medium, not t3.large.',
    });
  });

  it('ends with what RequestLimitExceeded means', async () => {
    await using account = await testAccount();
    await account.refuse('DescribeInstances', 'RequestLimitExceeded');
    expect((await account.refusal(planStart, document())).name).toBe('RequestThrottled');
  });

  it('refuses a document that does not say whether an instance is recorded', async () => {
    await using account = await testAccount();
    expect(await account.refusal(planStart, { environment })).toMatchObject({
      name: 'InputNotValid',
      message: expect.stringContaining('environment.instanceId'),
    });
  });
});
