import { describe, expect, it } from 'vitest';
import { checkInstanceTerminated } from '../../../functions/environment/check-instance-terminated.ts';
import { testAccount } from '../account.ts';
import { bringTo, launchByHand, launched, running, untilState } from '../launched.ts';

const document = (...instanceIds: string[]) => ({ instances: { instanceIds } });

describe('checkInstanceTerminated', () => {
  it('waits until the instance is terminated', async () => {
    await using account = await testAccount();
    const instanceId = await running(account);
    // Right after TerminateInstances EC2 may still show what was before.
    expect(await account.refusal(checkInstanceTerminated, document(instanceId))).toMatchObject({
      name: 'InstanceStillTerminating',
      message: `The instance ${instanceId} is running.`,
    });
    await bringTo(account, instanceId, 'shutting-down');
    expect(await account.refusal(checkInstanceTerminated, document(instanceId))).toMatchObject({
      name: 'InstanceStillTerminating',
      message: `The instance ${instanceId} is shutting-down.`,
    });
    await untilState(account, instanceId, 'terminated');
    expect(await account.run(checkInstanceTerminated, document(instanceId))).toBeUndefined();
    expect(await account.run(checkInstanceTerminated, document(instanceId))).toBeUndefined();
  });

  it('is done where there was none, or EC2 has forgotten it', async () => {
    await using account = await testAccount();
    const { instanceId } = await launched(account);
    expect(await account.run(checkInstanceTerminated, document())).toBeUndefined();
    expect(await account.run(checkInstanceTerminated, document('i-00000000000000000'))).toBeUndefined();
    expect((await account.refusal(checkInstanceTerminated, document('i-00000000000000000', instanceId))).name).toBe(
      'InstanceStillTerminating',
    );
  });

  it('waits for each of several', async () => {
    await using account = await testAccount();
    const { document: launch, instanceId } = await launched(account);
    const other = await launchByHand(account, launch);
    await bringTo(account, instanceId, 'terminated');
    expect(await account.refusal(checkInstanceTerminated, document(instanceId, other))).toMatchObject({
      name: 'InstanceStillTerminating',
      message: expect.stringContaining(other),
    });
  });

  it.each([
    ['UnauthorizedOperation', 'PermissionMissing'],
    ['RequestLimitExceeded', 'RequestThrottled'],
  ])('takes no instance for gone where looking is refused with %s', async (code, name) => {
    await using account = await testAccount();
    await account.refuse('DescribeInstances', code);
    expect((await account.refusal(checkInstanceTerminated, document('i-1'))).name).toBe(name);
  });

  it('refuses a document without instances', async () => {
    await using account = await testAccount();
    expect((await account.refusal(checkInstanceTerminated, { instances: {} })).name).toBe('InputNotValid');
  });
});
