import {
  DescribeNetworkInterfaceAttributeCommand,
  DescribeNetworkInterfacesCommand,
  ModifyNetworkInterfaceAttributeCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { ensurePublicAddress } from '../../../functions/environment/ensure-public-address.ts';
import { startInstance } from '../../../functions/environment/start-instance.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { foundPlan, launchPlan } from '../documents.ts';
import { bringTo, instanceOf, launchByHand, launched, untilState } from '../launched.ts';

const document = (instanceId: string) => ({ plan: foundPlan(instanceId) });

// That an instance's interface decides, and may be changed at any time:
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyNetworkInterfaceAttribute.html
describe('ensurePublicAddress', () => {
  it('gives a stopped instance an address at its next start', async () => {
    await using account = await testAccount();
    const instanceId = await withoutAddress(account);
    await bringTo(account, instanceId, 'stopped');
    expect(await account.run(ensurePublicAddress, document(instanceId))).toBeUndefined();
    expect(await account.run(ensurePublicAddress, document(instanceId))).toBeUndefined();
    await account.run(startInstance, document(instanceId));
    expect((await untilState(account, instanceId, 'running')).PublicIpAddress).toMatch(/^127\./);
  });

  it('gives a running instance an address', async () => {
    await using account = await testAccount();
    const instanceId = await withoutAddress(account);
    await account.run(ensurePublicAddress, document(instanceId));
    await expect.poll(async () => (await instanceOf(account.ec2, instanceId)).PublicIpAddress).toMatch(/^127\./);
  });

  it('asks for none where there is one', async () => {
    await using account = await testAccount();
    const { instanceId } = await launched(account);
    await untilState(account, instanceId, 'running');
    await account.refuse('ModifyNetworkInterfaceAttribute', 'InvalidParameterCombination');
    expect(await account.run(ensurePublicAddress, document(instanceId))).toBeUndefined();
  });

  it('leaves an interface alone that is not ours', async () => {
    await using account = await testAccount();
    const { document: prepared } = await launched(account);
    const instanceId = await launchByHand(account, prepared);
    const NetworkInterfaceId = await interfaceOf(account, instanceId);
    await account.ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, AssociatePublicIpAddress: false }));
    await account.run(ensurePublicAddress, document(instanceId));
    const attribute = new DescribeNetworkInterfaceAttributeCommand({ NetworkInterfaceId, Attribute: 'associatePublicIpAddress' });
    expect(await account.ec2.send(attribute)).toMatchObject({ AssociatePublicIpAddress: false });
  });

  it.each([
    ['UnauthorizedOperation', 'PermissionMissing'],
    ['RequestLimitExceeded', 'RequestThrottled'],
  ])('ends with what %s means', async (code, name) => {
    await using account = await testAccount();
    const instanceId = await withoutAddress(account);
    await account.refuse('ModifyNetworkInterfaceAttribute', code);
    expect((await account.refusal(ensurePublicAddress, document(instanceId))).name).toBe(name);
  });

  it('refuses a plan without an instance', async () => {
    await using account = await testAccount();
    expect((await account.refusal(ensurePublicAddress, { plan: launchPlan })).name).toBe('InputNotValid');
  });
});

/** A running instance whose interface was made to give it no address. */
async function withoutAddress(account: TestAccount): Promise<string> {
  const { instanceId } = await launched(account);
  const NetworkInterfaceId = await interfaceOf(account, instanceId);
  await account.ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, AssociatePublicIpAddress: false }));
  expect((await untilState(account, instanceId, 'running')).PublicIpAddress).toBeUndefined();
  return instanceId;
}

async function interfaceOf({ ec2 }: TestAccount, instanceId: string): Promise<string | undefined> {
  const Filters = [{ Name: 'attachment.instance-id', Values: [instanceId] }];
  const { NetworkInterfaces = [] } = await ec2.send(new DescribeNetworkInterfacesCommand({ Filters }));
  return NetworkInterfaces[0]?.NetworkInterfaceId;
}
