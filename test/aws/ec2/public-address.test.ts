import {
  DescribeNetworkInterfaceAttributeCommand,
  DescribeNetworkInterfacesCommand,
  type EC2Client,
  ModifyNetworkInterfaceAttributeCommand,
  type NetworkInterface,
} from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { ensurePublicAddress } from '../../../aws/ec2/public-address.ts';
import { Nothing } from '../../../core/document.ts';
import { type TestAccount, testAccount } from '../../functions/account.ts';
import { instanceOf, launchByHand, launched, running, untilState, withoutAddress } from '../../functions/launched.ts';

/** As a step runs it, so that what AWS refuses is an error of the catalog. */
const ensuring = {
  input: v.object({ instanceId: v.string() }),
  output: Nothing,
  run: ({ instanceId }: { instanceId: string }, { ec2 }: { ec2: EC2Client }) => ensurePublicAddress(ec2, instanceId),
};

// That an instance's interface decides, and may be changed at any time:
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyNetworkInterfaceAttribute.html
describe('ensurePublicAddress', () => {
  it('gives a running instance an address, once', async () => {
    await using account = await testAccount();
    const instanceId = await withoutAddress(account);
    expect(await account.run(ensuring, { instanceId })).toBeUndefined();
    await expect.poll(async () => (await instanceOf(account.ec2, instanceId)).PublicIpAddress).toMatch(/^127\./);
    const { PublicIpAddress } = await instanceOf(account.ec2, instanceId);
    await account.run(ensuring, { instanceId });
    expect((await instanceOf(account.ec2, instanceId)).PublicIpAddress).toBe(PublicIpAddress);
  });

  it('asks for none where there is one', async () => {
    await using account = await testAccount();
    const instanceId = await running(account);
    await account.refuse('ModifyNetworkInterfaceAttribute', 'InvalidParameterCombination');
    expect(await account.run(ensuring, { instanceId })).toBeUndefined();
  });

  // An association as DescribeNetworkInterfaces shows that of an Elastic IP address:
  // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkInterfaceAssociation.html
  it('keeps an Elastic IP address of the team’s', async () => {
    await using account = await testAccount();
    const instanceId = await withoutAddress(account);
    const Association = { AllocationId: 'eipalloc-1', AssociationId: 'eipassoc-1', IpOwnerId: '000000000000', PublicIp: '203.0.113.9' };
    account.amendAnswers('DescribeNetworkInterfacesCommand', ({ NetworkInterfaces }) => ({
      NetworkInterfaces: (NetworkInterfaces as NetworkInterface[]).map((one) => ({ ...one, Association })),
    }));
    await account.refuse('ModifyNetworkInterfaceAttribute', 'UnauthorizedOperation');
    expect(await account.run(ensuring, { instanceId })).toBeUndefined();
  });

  it('leaves an interface alone that is not ours', async () => {
    await using account = await testAccount();
    const { document } = await launched(account);
    const instanceId = await launchByHand(account, document);
    const NetworkInterfaceId = await interfaceOf(account, instanceId);
    await account.ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, AssociatePublicIpAddress: false }));
    await untilState(account, instanceId, 'running');
    await account.run(ensuring, { instanceId });
    const attribute = new DescribeNetworkInterfaceAttributeCommand({ NetworkInterfaceId, Attribute: 'associatePublicIpAddress' });
    expect(await account.ec2.send(attribute)).toMatchObject({ AssociatePublicIpAddress: false });
  });

  it('does nothing where the instance has no interface any more', async () => {
    await using account = await testAccount();
    expect(await account.run(ensuring, { instanceId: 'i-00000000000000000' })).toBeUndefined();
  });

  it.each([
    ['ModifyNetworkInterfaceAttribute', 'UnauthorizedOperation', 'PermissionMissing'],
    ['ModifyNetworkInterfaceAttribute', 'RequestLimitExceeded', 'RequestThrottled'],
    ['DescribeNetworkInterfaces', 'UnauthorizedOperation', 'PermissionMissing'],
  ])('ends where %s answers %s with %s', async (action, code, name) => {
    await using account = await testAccount();
    const instanceId = await withoutAddress(account);
    await account.refuse(action, code);
    expect((await account.refusal(ensuring, { instanceId })).name).toBe(name);
  });
});

async function interfaceOf({ ec2 }: TestAccount, instanceId: string): Promise<string | undefined> {
  const Filters = [{ Name: 'attachment.instance-id', Values: [instanceId] }];
  const { NetworkInterfaces = [] } = await ec2.send(new DescribeNetworkInterfacesCommand({ Filters }));
  return NetworkInterfaces[0]?.NetworkInterfaceId;
}
