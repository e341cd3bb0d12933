import {
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupsCommand,
  type EC2Client,
  type IpPermission,
  ModifyNetworkInterfaceAttributeCommand,
  RevokeSecurityGroupEgressCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { replaceSecurityGroup } from '../../../functions/environment/replace-security-group.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { environment } from '../documents.ts';
import { launched } from '../launched.ts';
import { environmentTagsOf, groupsOf, idOf, makeGroup, makeInterface } from '../resources.ts';

const allowCidrs = ['203.0.113.7/32'];
const renamed = {
  environment: { ...environment, name: 'billing', formerNames: ['acme-api'], request: { ...environment.request, allowCidrs } },
};
const web: IpPermission = {
  IpProtocol: 'tcp',
  FromPort: 8080,
  ToPort: 8080,
  IpRanges: [{ CidrIp: '198.51.100.0/24', Description: 'web' }],
};
const everything: IpPermission = { IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] };
const https: IpPermission = { IpProtocol: 'tcp', FromPort: 443, ToPort: 443, IpRanges: [{ CidrIp: '192.0.2.0/24' }] };
const ssh = { protocol: 'tcp', from: 2200, to: 2200, blocks: allowCidrs };
const mutating = [
  'CreateSecurityGroup',
  'AuthorizeSecurityGroupIngress',
  'ModifyNetworkInterfaceAttribute',
  'DeleteSecurityGroup',
] as const;

describe('replaceSecurityGroup', () => {
  it('makes a group of the new name that lets the same people in, moves the interface to it, and deletes the former one', async () => {
    await using account = await testAccount();
    const { groupId } = await running(account);
    await account.run(replaceSecurityGroup, renamed);
    const [group, ...others] = await groupsOf(account.ec2);
    expect(others).toEqual([]);
    expect(group).toMatchObject({ name: 'recode-billing-security-group', ingress: [ssh] });
    expect(group?.tags).toEqual(expect.arrayContaining([{ Key: 'recode:environment', Value: 'billing' }]));
    expect(group?.id).not.toBe(groupId);
    expect(await groupIdsOf(account.ec2)).toEqual([group?.id]);
  });

  it('changes nothing when it runs again, or where the group has the name', async () => {
    await using account = await testAccount();
    await running(account);
    await account.run(replaceSecurityGroup, renamed);
    await account.aws.delete('calls');
    await account.run(replaceSecurityGroup, renamed);
    expect(await changes(account)).toEqual([]);
  });

  it('does nothing without a group: the next start creates one', async () => {
    await using account = await testAccount();
    await account.run(replaceSecurityGroup, renamed);
    expect(await changes(account)).toEqual([]);
  });

  it('lets the interface into the new group only when that lets people in', async () => {
    await using account = await testAccount();
    await running(account);
    await account.aws.delete('calls');
    await account.run(replaceSecurityGroup, renamed);
    expect(await changes(account)).toEqual(mutating);
  });

  it('keeps the rules that somebody else has added, inbound and outbound', async () => {
    await using account = await testAccount();
    const { groupId } = await running(account);
    await account.ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: groupId, IpPermissions: [web] }));
    await account.ec2.send(new AuthorizeSecurityGroupEgressCommand({ GroupId: groupId, IpPermissions: [https] }));
    await account.ec2.send(new RevokeSecurityGroupEgressCommand({ GroupId: groupId, IpPermissions: [everything] }));
    await account.run(replaceSecurityGroup, renamed);
    const [group] = await ownGroups(account.ec2);
    expect(group?.IpPermissions).toMatchObject([web, { FromPort: 2200 }]);
    expect(group?.IpPermissionsEgress).toMatchObject([https]);
  });

  it('leaves the interface in the groups of other people', async () => {
    await using account = await testAccount();
    const { groupId, vpcId, networkInterfaceId } = await running(account);
    const theirs = await makeGroup(account.ec2, vpcId, [], 'theirs');
    const both = { NetworkInterfaceId: networkInterfaceId, Groups: [theirs, groupId] };
    await account.ec2.send(new ModifyNetworkInterfaceAttributeCommand(both));
    await account.run(replaceSecurityGroup, renamed);
    const ours = (await groupsOf(account.ec2)).find(({ name }) => name === 'recode-billing-security-group');
    expect((await groupIdsOf(account.ec2)).toSorted()).toEqual([theirs, ours?.id].toSorted());
  });

  it('waits while an interface of somebody else is in the former group', async () => {
    await using account = await testAccount();
    const { groupId, subnetId } = await running(account);
    await makeInterface(account.ec2, subnetId, [groupId], []);
    expect((await account.refusal(replaceSecurityGroup, renamed)).name).toBe('DependencyStillInUse');
    expect(await groupIdsOf(account.ec2)).not.toContain(groupId);
  });

  it.each(mutating)('goes on where the answer of %s was lost', async (action) => {
    await using account = await testAccount();
    const { groupId } = await running(account);
    await account.ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: groupId, IpPermissions: [web] }));
    await account.loseAnswer(action);
    expect((await account.refusal(replaceSecurityGroup, renamed)).name).toBe('AwsUnavailable');
    await account.run(replaceSecurityGroup, renamed);
    const [group, ...others] = await ownGroups(account.ec2);
    expect(others).toEqual([]);
    expect(group?.IpPermissions).toMatchObject([web, { FromPort: 2200, IpRanges: [{ CidrIp: allowCidrs[0] }] }]);
    expect(await groupIdsOf(account.ec2)).toEqual([group?.GroupId]);
  });

  it('does not take the rules of a group that a rename left unfinished, but of the one that the interface is in', async () => {
    await using account = await testAccount();
    const { groupId, vpcId } = await running(account);
    await account.ec2.send(new AuthorizeSecurityGroupEgressCommand({ GroupId: groupId, IpPermissions: [https] }));
    await account.ec2.send(new RevokeSecurityGroupEgressCommand({ GroupId: groupId, IpPermissions: [everything] }));
    // Each name stands for an ID that is lower or higher than that of the group in use.
    for (const name of ['one', 'two', 'three', 'four']) await makeGroup(account.ec2, vpcId, tagsOf(name), `recode-${name}-security-group`);
    await account.run(replaceSecurityGroup, renamed);
    const [group, ...others] = await ownGroups(account.ec2);
    expect(others).toEqual([]);
    expect(group?.IpPermissionsEgress).toMatchObject([https]);
  });

  it('goes back to a former name whose group is still in use, and leaves its rules', async () => {
    await using account = await testAccount();
    const { groupId, vpcId } = await running(account);
    await account.ec2.send(new RevokeSecurityGroupEgressCommand({ GroupId: groupId, IpPermissions: [everything] }));
    await makeGroup(account.ec2, vpcId, tagsOf('billing'), 'recode-billing-security-group');
    await account.run(replaceSecurityGroup, { environment: { ...environment, formerNames: ['billing'] } });
    expect(await ownGroups(account.ec2)).toMatchObject([{ GroupId: groupId, IpPermissionsEgress: [] }]);
  });

  it('refuses a group of the new name that is not the environment’s, and changes nothing', async () => {
    await using account = await testAccount();
    const { groupId, vpcId } = await running(account);
    await makeGroup(account.ec2, vpcId, [], 'recode-billing-security-group');
    expect((await account.refusal(replaceSecurityGroup, renamed)).name).toBe('NameOwnedElsewhere');
    expect(await groupIdsOf(account.ec2)).toEqual([groupId]);
  });
});

const tagsOf = (name: string) =>
  environmentTagsOf('security-group').map((tag) => ({ ...tag, Value: tag.Value?.replace('acme-api', name) }));

/** An account with the environment's instance. */
async function running(account: TestAccount) {
  const { document } = await launched(account);
  const { securityGroup, networkInterface, network } = document;
  const { vpcId, subnets } = network.ids;
  const { networkInterfaceId } = networkInterface;
  return { groupId: idOf(securityGroup.securityGroupId), vpcId, subnetId: subnets[0].subnetId, networkInterfaceId };
}

/** The groups that the environment's interface is in. */
async function groupIdsOf(ec2: EC2Client) {
  const Filters = [{ Name: 'tag:recode:owner', Values: ['alice'] }];
  const { NetworkInterfaces: [networkInterface] = [] } = await ec2.send(new DescribeNetworkInterfacesCommand({ Filters }));
  return (networkInterface?.Groups ?? []).map(({ GroupId }) => GroupId);
}

async function ownGroups(ec2: EC2Client) {
  const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({}));
  return SecurityGroups.filter(({ GroupName }) => GroupName !== 'default');
}

async function changes(account: TestAccount) {
  const { calls } = (await account.aws.get('calls')) as { calls: { action: string }[] };
  return calls.map(({ action }) => action).filter((action) => !action.startsWith('Describe'));
}
