import { describe, expect, it } from 'vitest';
import { createSecurityGroup } from '../../../functions/environment/create-security-group.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { environment, readyNetwork } from '../documents.ts';
import { environmentTagsOf, groupsOf, makeGroup, makeNetwork, makeVpc } from '../resources.ts';

const GroupName = 'recode-acme-api-security-group';

describe('createSecurityGroup', () => {
  it('creates the group with our name and tags, which lets nobody in yet', async () => {
    await using account = await testAccount();
    const { document, vpcId } = await network(account);
    const { securityGroupId } = await account.run(createSecurityGroup, document);
    expect(await groupsOf(account.ec2)).toEqual([
      {
        id: securityGroupId,
        name: GroupName,
        description: 'SSH into the development environment of acme/api',
        vpcId,
        ingress: [],
        tags: environmentTagsOf('security-group'),
      },
    ]);
  });

  it('looks for no group before it creates one', async () => {
    await using account = await testAccount();
    const { document } = await network(account);
    await account.aws.delete('calls');
    await account.run(createSecurityGroup, document);
    const { calls } = (await account.aws.get('calls')) as { calls: { action: string }[] };
    expect(calls.map(({ action }) => action)).toEqual(['CreateSecurityGroup']);
  });

  it('finds its own group when it runs again', async () => {
    await using account = await testAccount();
    const { document } = await network(account);
    const first = await account.run(createSecurityGroup, document);
    const before = await groupsOf(account.ec2);
    expect(await account.run(createSecurityGroup, document)).toEqual(first);
    expect(await groupsOf(account.ec2)).toEqual(before);
  });

  it('goes on where the creation was not answered', async () => {
    await using account = await testAccount();
    const { document } = await network(account);
    await account.loseAnswer('CreateSecurityGroup');
    expect((await account.refusal(createSecurityGroup, document)).name).toBe('AwsUnavailable');
    const { securityGroupId } = await account.run(createSecurityGroup, document);
    expect(await groupsOf(account.ec2)).toMatchObject([{ id: securityGroupId }]);
  });

  it('adopts the group that another attempt left, and leaves its rules', async () => {
    await using account = await testAccount();
    const { document, vpcId } = await network(account);
    const groupId = await makeGroup(account.ec2, vpcId);
    const before = await groupsOf(account.ec2);
    expect(await account.run(createSecurityGroup, document)).toEqual({ securityGroupId: groupId });
    expect(await groupsOf(account.ec2)).toEqual(before);
  });

  it('adopts no group of this name in another VPC', async () => {
    await using account = await testAccount();
    const { document, vpcId } = await network(account);
    const other = await makeGroup(account.ec2, await makeVpc(account.ec2));
    const { securityGroupId } = await account.run(createSecurityGroup, document);
    expect(securityGroupId).not.toBe(other);
    expect(await account.run(createSecurityGroup, document)).toEqual({ securityGroupId });
    expect((await groupsOf(account.ec2)).find(({ id }) => id === securityGroupId)).toMatchObject({ vpcId });
  });

  it.each([
    ['no tags', []],
    [
      'another environment’s tags',
      environmentTagsOf('security-group').map((tag) => (tag.Key === 'recode:owner' ? { ...tag, Value: 'bob' } : tag)),
    ],
  ])('refuses a group of our name with %s, and leaves it closed', async (_, tags) => {
    await using account = await testAccount();
    const { document, vpcId } = await network(account);
    const groupId = await makeGroup(account.ec2, vpcId, tags);
    expect(await account.refusal(createSecurityGroup, document)).toMatchObject({
      name: 'NameOwnedElsewhere',
      message: `The security group ${GroupName} (${groupId}) does not have the tags of this environment.`,
    });
    expect(await groupsOf(account.ec2)).toMatchObject([{ id: groupId, ingress: [] }]);
  });

  it('makes no second group while the first is not visible', async () => {
    await using account = await testAccount();
    account.stopClock();
    const { document } = await network(account);
    await account.hideNew(3_000);
    const first = await account.run(createSecurityGroup, document);
    expect(await account.refusal(createSecurityGroup, document)).toMatchObject({
      name: 'NotVisibleYet',
      message: `The security group ${GroupName} exists, but was not visible yet.`,
    });
    account.aws.clock.advance(3_000);
    expect(await account.run(createSecurityGroup, document)).toEqual(first);
    expect(await groupsOf(account.ec2)).toMatchObject([{ id: first.securityGroupId }]);
  });

  it.each([
    ['CreateSecurityGroup', 'SecurityGroupLimitExceeded', 'QuotaReached'],
    ['CreateSecurityGroup', 'UnauthorizedOperation', 'PermissionMissing'],
    ['CreateSecurityGroup', 'RequestLimitExceeded', 'RequestThrottled'],
    ['DescribeSecurityGroups', 'UnauthorizedOperation', 'PermissionMissing'],
  ])('ends where %s answers %s with %s', async (action, code, name) => {
    await using account = await testAccount();
    const { document, vpcId } = await network(account);
    if (action === 'DescribeSecurityGroups') await makeGroup(account.ec2, vpcId);
    await account.refuse(action, code);
    expect((await account.refusal(createSecurityGroup, document)).name).toBe(name);
  });

  it('refuses a document whose network is being deleted', async () => {
    await using account = await testAccount();
    const { document } = await network(account);
    expect(await account.refusal(createSecurityGroup, { ...document, network: { ...document.network, status: 'deleting' } })).toMatchObject(
      {
        name: 'InputNotValid',
        message: expect.stringContaining('network.status'),
      },
    );
  });
});

async function network({ ec2 }: TestAccount) {
  const { vpcId, subnetId } = await makeNetwork(ec2);
  return { document: { environment, network: readyNetwork({ vpcId, subnetId }) }, vpcId };
}
