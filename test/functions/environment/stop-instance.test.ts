import { DeleteTagsCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { stopInstance } from '../../../functions/environment/stop-instance.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { environmentLookalikes } from '../deletion.ts';
import { environment } from '../documents.ts';
import { bringTo, instanceOf, launchByHand, launched, readyToLaunch, untilState } from '../launched.ts';

const document = (instanceId: string | null = null) => ({
  environment: { ...environment, recorded: { ...environment.recorded, status: 'started', instanceId } },
});
const stateOf = async ({ ec2 }: TestAccount, instanceId: string) => (await instanceOf(ec2, instanceId)).State?.Name;
const gone = {
  name: 'InstanceGone',
  message: 'EC2 shows no instance of the environment acme/api: someone terminated it.',
};

describe('stopInstance', () => {
  it('stops a running instance, once', async () => {
    await using account = await testAccount();
    const instanceId = await running(account);
    expect(await account.run(stopInstance, document(instanceId))).toEqual({ instanceIds: [instanceId], changed: true });
    const { StateTransitionReason } = await untilState(account, instanceId, 'stopping');
    expect(await account.run(stopInstance, document(instanceId))).toEqual({ instanceIds: [instanceId], changed: true });
    expect((await instanceOf(account.ec2, instanceId)).StateTransitionReason).toBe(StateTransitionReason);
  });

  it('leaves a stopped instance alone', async () => {
    await using account = await testAccount();
    const { instanceId } = await launched(account);
    await bringTo(account, instanceId, 'stopped');
    const { StateTransitionReason } = await instanceOf(account.ec2, instanceId);
    expect(await account.run(stopInstance, document(instanceId))).toEqual({ instanceIds: [instanceId], changed: false });
    expect(await instanceOf(account.ec2, instanceId)).toMatchObject({ State: { Name: 'stopped' }, StateTransitionReason });
    await account.refuse('StopInstances', 'UnauthorizedOperation');
    expect(await account.run(stopInstance, document())).toEqual({ instanceIds: [instanceId], changed: false });
  });

  it('looks for the recorded instance only where EC2 refuses to stop it', async () => {
    await using account = await testAccount();
    const instanceId = await running(account);
    await account.aws.delete('calls');
    await account.run(stopInstance, document(instanceId));
    expect(await actions(account)).toEqual(['StopInstances']);
    await bringTo(account, instanceId, 'terminated');
    await account.aws.delete('calls');
    await account.refusal(stopInstance, document(instanceId));
    expect(new Set(await actions(account))).toEqual(new Set(['StopInstances', 'DescribeInstances']));
  });

  it('stops the recorded instance although somebody took its tags', async () => {
    await using account = await testAccount();
    const instanceId = await running(account);
    await account.ec2.send(new DeleteTagsCommand({ Resources: [instanceId] }));
    expect(await account.run(stopInstance, document(instanceId))).toEqual({ instanceIds: [instanceId], changed: true });
    expect(await stateOf(account, instanceId)).toBe('stopping');
  });

  it('says that there is nothing to stop where EC2 refuses for want of tags what is terminated', async () => {
    await using account = await testAccount();
    const { instanceId } = await launched(account);
    await bringTo(account, instanceId, 'terminated');
    await account.refuse('StopInstances', 'UnauthorizedOperation');
    expect(await account.refusal(stopInstance, document(instanceId))).toMatchObject(gone);
  });

  it('says that there is nothing to stop where EC2 has forgotten the recorded instance', async () => {
    await using account = await testAccount();
    expect(await account.refusal(stopInstance, document('i-00000000000000000'))).toMatchObject(gone);
  });

  it('is content with a stop that was not answered', async () => {
    await using account = await testAccount();
    const instanceId = await running(account);
    await account.loseAnswer('StopInstances');
    expect((await account.refusal(stopInstance, document(instanceId))).name).toBe('AwsUnavailable');
    expect(await stateOf(account, instanceId)).toBe('stopping');
    expect(await account.run(stopInstance, document(instanceId))).toEqual({ instanceIds: [instanceId], changed: true });
  });

  it('waits until a pending instance can be stopped', async () => {
    await using account = await testAccount();
    const { instanceId } = await launched(account);
    expect(await account.refusal(stopInstance, document(instanceId))).toMatchObject({
      name: 'InstanceNotRunning',
      message: `The instance ${instanceId} cannot be stopped yet.`,
    });
    expect(await stateOf(account, instanceId)).toBe('pending');
    await untilState(account, instanceId, 'running');
    expect(await account.run(stopInstance, document(instanceId))).toEqual({ instanceIds: [instanceId], changed: true });
  });

  it.each(['shutting-down', 'terminated'] as const)('says that there is nothing to stop where the instance is %s', async (state) => {
    await using account = await testAccount();
    const { instanceId } = await launched(account);
    await bringTo(account, instanceId, state);
    expect(await account.refusal(stopInstance, document(instanceId))).toMatchObject(gone);
  });

  it('comes back to say so where somebody terminates the instance meanwhile', async () => {
    await using account = await testAccount();
    const instanceId = await running(account);
    account.amendAnswers('DescribeInstancesCommand', async () => {
      await account.ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
      return {};
    });
    expect((await account.refusal(stopInstance, document())).name).toBe('InstanceNotRunning');
    expect(await account.refusal(stopInstance, document())).toMatchObject(gone);
    expect(await account.refusal(stopInstance, document(instanceId))).toMatchObject(gone);
  });

  it('stops the recorded instance, not another one that bears the same tags', async () => {
    await using account = await testAccount();
    const { document: launch, instanceId } = await launched(account);
    const twin = await launchByHand(account, launch);
    await untilState(account, instanceId, 'running');
    await untilState(account, twin, 'running');
    expect(await account.run(stopInstance, document(instanceId))).toEqual({ instanceIds: [instanceId], changed: true });
    expect(await stateOf(account, twin)).toBe('running');
  });

  it('stops the instance that somebody replaced the recorded one with', async () => {
    await using account = await testAccount();
    const { document: launch, instanceId } = await launched(account);
    const replacement = await launchByHand(account, launch);
    await bringTo(account, instanceId, 'terminated');
    await untilState(account, replacement, 'running');
    expect(await account.run(stopInstance, document(instanceId))).toEqual({ instanceIds: [replacement], changed: true });
    expect(await stateOf(account, replacement)).toBe('stopping');
  });

  it('stops all that bear the environment’s tags where none is recorded', async () => {
    await using account = await testAccount();
    const { document: launch, instanceId } = await launched(account);
    const twin = await launchByHand(account, launch);
    await bringTo(account, instanceId, 'stopped');
    await untilState(account, twin, 'running');
    expect(await account.run(stopInstance, document())).toEqual({ instanceIds: [instanceId, twin].toSorted(), changed: true });
    expect([await stateOf(account, instanceId), await stateOf(account, twin)]).toEqual(['stopped', 'stopping']);
  });

  it('leaves what does not bear all of the environment’s tags', async () => {
    await using account = await testAccount();
    account.stopClock();
    const launch = await readyToLaunch(account);
    const foreign: string[] = [];
    for (const tags of environmentLookalikes('instance')) foreign.push(await launchByHand(account, launch, { tags }));
    for (const id of foreign) await untilState(account, id, 'running');
    expect(await account.refusal(stopInstance, document())).toMatchObject(gone);
    for (const id of foreign) expect(await stateOf(account, id)).toBe('running');
  });

  it.each([
    ['RequestLimitExceeded', 'RequestThrottled'],
    ['InternalError', 'AwsUnavailable'],
    ['OperationNotPermitted', 'AwsRefused'],
  ])('ends with what %s means, leaving the instance running', async (code, name) => {
    await using account = await testAccount();
    const instanceId = await running(account);
    await account.refuse('StopInstances', code);
    expect((await account.refusal(stopInstance, document(instanceId))).name).toBe(name);
    expect(await stateOf(account, instanceId)).toBe('running');
    expect(await account.run(stopInstance, document(instanceId))).toEqual({ instanceIds: [instanceId], changed: true });
  });

  it.each(['IncorrectInstanceState', 'InvalidInstanceID.NotFound', 'UnauthorizedOperation'])(
    'stops an instance of which EC2 said %s only at first',
    async (code) => {
      await using account = await testAccount();
      const instanceId = await running(account);
      await account.refuse('StopInstances', code);
      expect(await account.run(stopInstance, document(instanceId))).toEqual({ instanceIds: [instanceId], changed: true });
      expect(await stateOf(account, instanceId)).toBe('stopping');
    },
  );

  it.each([
    ['IncorrectInstanceState', 'InstanceNotRunning'],
    ['InvalidInstanceID.NotFound', 'NotVisibleYet'],
    // What EC2 says of an instance that is gone, too, where permissions go by tags.
    ['UnauthorizedOperation', 'PermissionMissing'],
  ])('ends with what %s means where EC2 shows the instance, leaving it running', async (code, name) => {
    await using account = await testAccount();
    const instanceId = await running(account);
    for (let time = 0; time < 2; time += 1) await account.refuse('StopInstances', code);
    expect((await account.refusal(stopInstance, document(instanceId))).name).toBe(name);
    expect(await stateOf(account, instanceId)).toBe('running');
    expect(await account.run(stopInstance, document(instanceId))).toEqual({ instanceIds: [instanceId], changed: true });
  });

  it('takes no instance for gone where it may not look', async () => {
    await using account = await testAccount();
    const instanceId = await running(account);
    await account.refuse('DescribeInstances', 'UnauthorizedOperation');
    expect((await account.refusal(stopInstance, document())).name).toBe('PermissionMissing');
    await account.refuse('StopInstances', 'IncorrectInstanceState');
    await account.refuse('DescribeInstances', 'UnauthorizedOperation');
    expect((await account.refusal(stopInstance, document(instanceId))).name).toBe('PermissionMissing');
  });

  it('refuses an environment without its record', async () => {
    await using account = await testAccount();
    expect(await account.refusal(stopInstance, { environment: { ...environment, recorded: null } })).toMatchObject({
      name: 'InputNotValid',
      message: expect.stringContaining('environment.recorded'),
    });
  });
});

async function running(account: TestAccount): Promise<string> {
  const { instanceId } = await launched(account);
  await untilState(account, instanceId, 'running');
  return instanceId;
}

async function actions({ aws }: TestAccount): Promise<string[]> {
  const { calls } = (await aws.get('calls')) as { calls: { action: string }[] };
  return calls.map(({ action }) => action);
}
