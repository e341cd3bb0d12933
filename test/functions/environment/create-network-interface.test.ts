import { DescribeNetworkInterfacesCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { createNetworkInterface } from '../../../functions/environment/create-network-interface.ts';
import { createSecurityGroup } from '../../../functions/environment/create-security-group.ts';
import { resolveImage } from '../../../functions/environment/resolve-image.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { environment, foundPlan, instanceType, launchPlan, operation, operationOf, readyNetwork } from '../documents.ts';
import { launchWithInterface } from '../launched.ts';
import { environmentTagsOf, idOf, makeInterface, makeNetwork, makeSubnet, networkTagsOf } from '../resources.ts';

const newPlan = { ...launchPlan, nothingExists: true };

describe('createNetworkInterface', () => {
  it('creates the interface with our name and tags, in the subnet and the security group', async () => {
    await using account = await testAccount();
    const { document, subnetId, groupId } = await prepared(account);
    const { networkInterfaceId } = await account.run(createNetworkInterface, document);
    expect(await interfaces(account.ec2)).toEqual([
      {
        id: networkInterfaceId,
        description: 'recode-acme-api-network-interface',
        subnetId,
        groups: [groupId],
        tags: environmentTagsOf('network-interface'),
      },
    ]);
  });

  it('finds its own interface when it runs again, also in another execution', async () => {
    await using account = await testAccount();
    const { document } = await prepared(account);
    const first = await account.run(createNetworkInterface, document);
    expect(await account.run(createNetworkInterface, document)).toEqual(first);
    expect(await account.run(createNetworkInterface, { ...document, operation: operationOf('two') })).toEqual(first);
    expect(await interfaces(account.ec2)).toHaveLength(1);
  });

  it('adopts the interface whose creation was not answered', async () => {
    await using account = await testAccount();
    const { document } = await prepared(account);
    await account.loseAnswer('CreateNetworkInterface');
    expect((await account.refusal(createNetworkInterface, document)).name).toBe('AwsUnavailable');
    const { networkInterfaceId } = await account.run(createNetworkInterface, document);
    expect(await interfaces(account.ec2)).toMatchObject([{ id: networkInterfaceId }]);
  });

  it('makes no second interface while the first is not visible, by the execution’s client token', async () => {
    await using account = await testAccount();
    account.stopClock();
    const { document } = await prepared(account);
    await account.hideNew(3_000);
    const first = await account.run(createNetworkInterface, document);
    expect(await account.run(createNetworkInterface, document)).toEqual(first);
    account.aws.clock.advance(3_000);
    expect(await account.run(createNetworkInterface, document)).toEqual(first);
    expect(await interfaces(account.ec2)).toMatchObject([{ id: first.networkInterfaceId }]);
  });

  it('looks for none where nothing exists, and creates one all the same', async () => {
    await using account = await testAccount();
    const { document, subnetId, groupId } = await prepared(account);
    await account.aws.delete('calls');
    const { networkInterfaceId } = await account.run(createNetworkInterface, { ...document, plan: newPlan });
    expect(await actions(account)).toEqual(['CreateNetworkInterface']);
    expect(await interfaces(account.ec2)).toMatchObject([{ id: networkInterfaceId, subnetId, groups: [groupId] }]);
  });

  it('makes no second one where nothing existed before an earlier attempt, by the execution’s client token', async () => {
    await using account = await testAccount();
    const { document } = await prepared(account);
    const again = { ...document, plan: newPlan };
    await account.loseAnswer('CreateNetworkInterface');
    expect((await account.refusal(createNetworkInterface, again)).name).toBe('AwsUnavailable');
    const { networkInterfaceId, zone } = await account.run(createNetworkInterface, again);
    expect(await account.run(createNetworkInterface, again)).toEqual({ networkInterfaceId, zone });
    expect(await interfaces(account.ec2)).toMatchObject([{ id: networkInterfaceId }]);
  });

  it('creates the interface in the subnet that was chosen, and hands on its zone', async () => {
    await using account = await testAccount();
    const { document, other } = await withOtherSubnet(account);
    const output = await account.run(createNetworkInterface, { ...document, subnet: { subnetId: other } });
    expect(output).toEqual({ networkInterfaceId: expect.any(String), zone: 'us-east-1d' });
    expect(await interfaces(account.ec2)).toMatchObject([{ subnetId: other }]);
  });

  it('replaces an interface that an earlier start left in another subnet', async () => {
    await using account = await testAccount();
    const { document, subnetId, groupId, other } = await withOtherSubnet(account);
    const id = await makeInterface(account.ec2, other, [groupId]);
    const { networkInterfaceId } = await account.run(createNetworkInterface, document);
    expect(networkInterfaceId).not.toBe(id);
    expect(await account.run(createNetworkInterface, document)).toMatchObject({ networkInterfaceId });
    expect(await interfaces(account.ec2)).toMatchObject([{ id: networkInterfaceId, subnetId }]);
  });

  it('replaces it where it is deleted already, and still shown', async () => {
    await using account = await testAccount();
    const { document, subnetId, groupId, other } = await withOtherSubnet(account);
    await makeInterface(account.ec2, other, [groupId]);
    await account.refuse('DeleteNetworkInterface', 'InvalidNetworkInterfaceID.NotFound', 0, { effect: true });
    await account.run(createNetworkInterface, document);
    expect(await interfaces(account.ec2)).toMatchObject([{ subnetId }]);
  });

  it('keeps an interface in another subnet that an instance has: the launch finds out whose it is', async () => {
    await using account = await testAccount();
    const { document, groupId, other } = await withOtherSubnet(account);
    const id = await makeInterface(account.ec2, other, [groupId]);
    const image = await account.run(resolveImage, document);
    await launchWithInterface(account, image, id);
    expect(await account.run(createNetworkInterface, document)).toEqual({ networkInterfaceId: id, zone: 'us-east-1d' });
    expect(await interfaces(account.ec2)).toMatchObject([{ id, subnetId: other }]);
  });

  it('refuses an interface of ours without our security group', async () => {
    await using account = await testAccount();
    const { document, subnetId } = await prepared(account);
    await makeInterface(account.ec2, subnetId);
    expect((await account.refusal(createNetworkInterface, document)).name).toBe('ResourceDiffers');
  });

  it('leaves another owner’s interface of that name alone', async () => {
    await using account = await testAccount();
    const { document, subnetId, groupId } = await prepared(account);
    const tags = environmentTagsOf('network-interface').map((tag) => (tag.Key === 'recode:owner' ? { ...tag, Value: 'bob' } : tag));
    const foreign = await makeInterface(account.ec2, subnetId, [groupId], tags);
    const { networkInterfaceId } = await account.run(createNetworkInterface, document);
    expect(networkInterfaceId).not.toBe(foreign);
  });

  it('waits for a security group that is not visible yet', async () => {
    await using account = await testAccount();
    const { document } = await prepared(account);
    const missing = { ...document, securityGroup: { securityGroupId: 'sg-00000000000000000' } };
    expect((await account.refusal(createNetworkInterface, missing)).name).toBe('NotVisibleYet');
  });

  it.each([
    ['InsufficientFreeAddressesInSubnet', 'SubnetFull'],
    ['NetworkInterfaceLimitExceeded', 'QuotaReached'],
    ['RequestLimitExceeded', 'RequestThrottled'],
    ['UnauthorizedOperation', 'PermissionMissing'],
  ])('ends with what %s means', async (code, name) => {
    await using account = await testAccount();
    const { document } = await prepared(account);
    await account.refuse('CreateNetworkInterface', code);
    expect((await account.refusal(createNetworkInterface, document)).name).toBe(name);
    expect(await interfaces(account.ec2)).toEqual([]);
  });

  it('takes the network as an older version has handed it on', async () => {
    await using account = await testAccount();
    const { document, vpcId, subnetId } = await prepared(account);
    const network = { installation: 'installation-1', status: 'ready', ids: { vpcId, subnetId } };
    await account.run(createNetworkInterface, { ...document, network });
    expect(await interfaces(account.ec2)).toMatchObject([{ subnetId }]);
  });

  it('refuses a plan of an instance that exists', async () => {
    await using account = await testAccount();
    const { document } = await prepared(account);
    expect((await account.refusal(createNetworkInterface, { ...document, plan: foundPlan('i-1') })).name).toBe('InputNotValid');
  });

  it('refuses a document without the security group', async () => {
    await using account = await testAccount();
    const { document } = await prepared(account);
    expect(await account.refusal(createNetworkInterface, { ...document, securityGroup: null })).toMatchObject({
      name: 'InputNotValid',
      message: expect.stringContaining('securityGroup'),
    });
  });
});

async function actions({ aws }: TestAccount): Promise<string[]> {
  const { calls } = (await aws.get('calls')) as { calls: { action: string }[] };
  return calls.map(({ action }) => action);
}

async function withOtherSubnet(account: TestAccount) {
  const ready = await prepared(account);
  const tags = networkTagsOf('recode-public-subnet-2');
  return { ...ready, other: await makeSubnet(account.ec2, ready.vpcId, { tags, cidr: '10.0.1.0/24', zone: 'us-east-1d' }) };
}

async function prepared(account: TestAccount) {
  const ids = await makeNetwork(account.ec2);
  const document = { environment, operation, network: readyNetwork(ids), plan: launchPlan, instanceType };
  const securityGroup = await account.run(createSecurityGroup, document);
  return { document: { ...document, securityGroup }, ...ids, groupId: idOf(securityGroup.securityGroupId) };
}

async function interfaces(ec2: EC2Client) {
  const { NetworkInterfaces = [] } = await ec2.send(new DescribeNetworkInterfacesCommand({}));
  return NetworkInterfaces.map((one) => ({
    id: one.NetworkInterfaceId,
    description: one.Description,
    subnetId: one.SubnetId,
    groups: one.Groups?.map(({ GroupId }) => GroupId),
    tags: one.TagSet,
  }));
}
