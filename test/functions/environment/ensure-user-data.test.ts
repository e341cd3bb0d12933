import {
  DescribeInstanceAttributeCommand,
  ModifyInstanceAttributeCommand,
  StartInstancesCommand,
  StopInstancesCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { putItem } from '../../../aws/records/hold/table.ts';
import { keyPairFrom } from '../../../core/openssh-key.ts';
import { userData } from '../../../core/user-data.ts';
import { ensureUserData } from '../../../functions/environment/ensure-user-data.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { environment, foundPlan, publicKey } from '../documents.ts';
import { environmentKey, recordOf } from '../installed.ts';
import { bringTo, launched, untilState } from '../launched.ts';

const document = (instanceId: string) => ({ environment, plan: foundPlan(instanceId) });
const settings = { repository: 'acme/api', idleStop: 'off' } as const;
const added = { publicKey: publicKey(2), addedAt: '2026-01-01T00:00:00.000Z' };

describe('ensureUserData', () => {
  it('puts the keys that are recorded by now into the user data, and keeps the host key', async () => {
    await using account = await testAccount();
    const instanceId = await stopped(account);
    const before = await userDataOf(account, instanceId);
    await record(account, [added]);
    expect(await account.run(ensureUserData, document(instanceId))).toBeUndefined();
    const after = await userDataOf(account, instanceId);
    const material = (number: number) => `'${publicKey(number).replace(/ alice$/, '')}'`;
    expect(after).toContain(`${material(1)} ${material(2)} >`);
    expect(after.replace(` ${material(2)}`, '')).toBe(before);
    await record(account, []);
    await account.run(ensureUserData, document(instanceId));
    expect(await userDataOf(account, instanceId)).toBe(before);
  });

  it('puts the idle time into the user data: the one that was chosen, or that of the team', async () => {
    await using account = await testAccount();
    const instanceId = await stopped(account);
    account.choose({ idleStop: 90 });
    await account.run(ensureUserData, document(instanceId));
    expect(await userDataOf(account, instanceId)).toContain("'90' > /run/recode/idle-stop");
    const chosen = { ...environment, request: { ...environment.request, idleStop: 30 } };
    await account.run(ensureUserData, { ...document(instanceId), environment: chosen });
    expect(await userDataOf(account, instanceId)).toContain("'30' > /run/recode/idle-stop");
  });

  it('changes nothing where the user data has the keys', async () => {
    await using account = await testAccount();
    const instanceId = await stopped(account);
    await account.refuse('ModifyInstanceAttribute', 'UnauthorizedOperation');
    expect(await account.run(ensureUserData, document(instanceId))).toBeUndefined();
  });

  it('is content with a change that was not answered', async () => {
    await using account = await testAccount();
    const instanceId = await stopped(account);
    await record(account, [added]);
    await account.loseAnswer('ModifyInstanceAttribute');
    expect((await account.refusal(ensureUserData, document(instanceId))).name).toBe('AwsUnavailable');
    await account.refuse('ModifyInstanceAttribute', 'UnauthorizedOperation');
    expect(await account.run(ensureUserData, document(instanceId))).toBeUndefined();
  });

  // The user data of the version before keys were written by a boot command.
  it('moves the keys of an older user data to where each boot reads them, and keeps its host key', async () => {
    await using account = await testAccount();
    const instanceId = await stopped(account);
    const hostKey = keyPairFrom(Buffer.alloc(32, 9), 'recode-acme-api-instance');
    const old = userData({ ...settings, publicKeys: [publicKey()], hostKey, homeKeys: true }).replace(
      /bootcmd:[\s\S]*?ssh_keys:/,
      'bootcmd: # at every boot\n  - |\n    mkdir -p /etc/ssh/sshd_config.d\nssh_keys:',
    );
    await replaceUserData(account, instanceId, `${old}    ssh_authorized_keys: ["${publicKey()}"]\n`);
    await account.run(ensureUserData, document(instanceId));
    expect(await userDataOf(account, instanceId)).toBe(userData({ ...settings, publicKeys: [publicKey()], hostKey, homeKeys: true }));
  });

  it('lets the keys in although somebody has replaced the user data', async () => {
    await using account = await testAccount();
    const instanceId = await stopped(account);
    await replaceUserData(account, instanceId, '#!/bin/sh\ntrue\n');
    await account.run(ensureUserData, document(instanceId));
    expect(await userDataOf(account, instanceId)).toBe(
      userData({ ...settings, publicKeys: [publicKey()], hostKey: undefined, homeKeys: true }),
    );
  });

  it('waits until the instance has stopped', async () => {
    await using account = await testAccount();
    const { instanceId } = await launched(account);
    await untilState(account, instanceId, 'running');
    await record(account, [added]);
    await account.ec2.send(new StopInstancesCommand({ InstanceIds: [instanceId] }));
    expect(await account.refusal(ensureUserData, document(instanceId))).toMatchObject({
      name: 'InstanceStillStopping',
      message: `The instance ${instanceId} is stopping, and its user data cannot be changed yet.`,
    });
  });

  it('leaves an instance alone that somebody has started meanwhile', async () => {
    await using account = await testAccount();
    const instanceId = await stopped(account);
    const before = await userDataOf(account, instanceId);
    await record(account, [added]);
    await account.ec2.send(new StartInstancesCommand({ InstanceIds: [instanceId] }));
    expect(await account.run(ensureUserData, document(instanceId))).toBeUndefined();
    expect(await userDataOf(account, instanceId)).toBe(before);
  });

  it('refuses to work for an environment whose record is gone', async () => {
    await using account = await testAccount();
    const instanceId = await stopped(account);
    const other = { ...environment, repository: 'acme/other' };
    expect((await account.refusal(ensureUserData, { ...document(instanceId), environment: other })).name).toBe('LockLost');
  });
});

async function stopped(account: TestAccount): Promise<string> {
  const { instanceId } = await launched(account);
  await bringTo(account, instanceId, 'stopped');
  return instanceId;
}

/** Records the environment with these keys besides its first one. */
async function record({ dynamodb }: TestAccount, moreKeys: object[]): Promise<void> {
  const { wanted, ...rest } = recordOf({ name: 'acme-api' });
  await putItem(dynamodb, environmentKey, { ...rest, wanted: { ...wanted, moreKeys } }, { when: 'attribute_exists(#kind)', values: {} });
}

async function userDataOf({ ec2 }: TestAccount, InstanceId: string): Promise<string> {
  const { UserData } = await ec2.send(new DescribeInstanceAttributeCommand({ InstanceId, Attribute: 'userData' }));
  return Buffer.from(UserData?.Value ?? '', 'base64').toString('utf8');
}

async function replaceUserData({ ec2 }: TestAccount, InstanceId: string, text: string): Promise<void> {
  await ec2.send(new ModifyInstanceAttributeCommand({ InstanceId, UserData: { Value: Buffer.from(text) } }));
}
