import { StartInstancesCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { change } from '../../../aws/records/hold/environment.ts';
import { putItem } from '../../../aws/records/hold/table.ts';
import { readEnvironment } from '../../../aws/records/read/environment.ts';
import { changeInstanceType } from '../../../functions/environment/change-instance-type.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { environment, foundPlan, operation } from '../documents.ts';
import { environmentKey, recordOf } from '../installed.ts';
import { bringTo, instanceOf, launched } from '../launched.ts';

describe('changeInstanceType', () => {
  it('changes the type of a stopped instance, also when it runs again', async () => {
    await using account = await testAccount();
    const { instanceId, document } = await asking(account);
    const plan = { ...foundPlan(instanceId), userDataCurrent: false, formerType: 't2.medium' };
    expect(await account.run(changeInstanceType, document)).toEqual(plan);
    expect(await account.run(changeInstanceType, document)).toEqual(plan);
    expect([await typeOf(account, instanceId), await wanted(account)]).toEqual(['m5.large', 'm5.large']);
  });

  it('is content with a change that was not answered, and with an instance that somebody has started since', async () => {
    await using account = await testAccount();
    const { instanceId, document } = await asking(account);
    await account.loseAnswer('ModifyInstanceAttribute');
    expect((await account.refusal(changeInstanceType, document)).name).toBe('AwsUnavailable');
    expect(await wanted(account)).toBe('m5.large');
    await account.ec2.send(new StartInstancesCommand({ InstanceIds: [instanceId] }));
    await account.run(changeInstanceType, document);
    expect(await wanted(account)).toBe('m5.large');
  });

  it('refuses an instance that somebody has started before, which keeps its type', async () => {
    await using account = await testAccount();
    const { instanceId, document } = await asking(account);
    await account.ec2.send(new StartInstancesCommand({ InstanceIds: [instanceId] }));
    expect((await account.refusal(changeInstanceType, document)).name).toBe('InstanceNotStopped');
    expect([await typeOf(account, instanceId), await wanted(account)]).toEqual(['t2.medium', 't2.medium']);
  });

  it('waits for an instance that is still stopping', async () => {
    await using account = await testAccount();
    const { document } = await asking(account, 'stopping');
    expect((await account.refusal(changeInstanceType, document)).name).toBe('InstanceStillStopping');
    expect(await wanted(account)).toBe('m5.large');
  });

  it.each([
    ['UnauthorizedOperation', 'PermissionMissing', 't2.medium'],
    ['InvalidInstanceAttributeValue', 'InstanceTypeNotSupported', 't2.medium'],
    ['RequestLimitExceeded', 'RequestThrottled', 'm5.large'],
  ])('ends with what %s means, and wants the former type again if that is final', async (code, name, type) => {
    await using account = await testAccount();
    const { document } = await asking(account);
    await account.refuse('ModifyInstanceAttribute', code);
    expect((await account.refusal(changeInstanceType, document)).name).toBe(name);
    expect(await wanted(account)).toBe(type);
    await account.run(changeInstanceType, document);
    expect(await wanted(account)).toBe('m5.large');
  });
});

/** The document of a start that changes the type of an instance, as PlanStart leaves it and the record. */
async function asking(account: TestAccount, state: 'stopping' | 'stopped' = 'stopped') {
  const { instanceId } = await launched(account);
  await bringTo(account, instanceId, state);
  const record = recordOf({ name: 'acme-api', lock: operation });
  await putItem(account.dynamodb, environmentKey, record, { when: 'attribute_exists(#kind)', values: {} });
  await change(account.dynamodb, environment, operation, { set: { 'wanted.instanceType': 'm5.large', changing: true } });
  const plan = { ...foundPlan(instanceId), typeChange: { from: 't2.medium', to: 'm5.large' } };
  return { instanceId, document: { environment, operation, plan } };
}

const typeOf = async ({ ec2 }: TestAccount, instanceId: string) => (await instanceOf(ec2, instanceId)).InstanceType;
const wanted = async ({ dynamodb }: TestAccount) => (await readEnvironment(dynamodb, environment))?.wanted.instanceType;
