import { AuthorizeSecurityGroupIngressCommand, DescribeSecurityGroupsCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { createSecurityGroup } from '../../../functions/environment/create-security-group.ts';
import { deleteSecurityGroup } from '../../../functions/environment/delete-security-group.ts';
import { testAccount } from '../account.ts';
import { describeDeletion, ofEnvironment } from '../deletion.ts';
import { environment, readyNetwork } from '../documents.ts';
import { idOf, makeGroup, makeInterface, makeNetwork, makeVpc } from '../resources.ts';

const document = { environment, instances: { instanceIds: [] } };

describe('deleteSecurityGroup', () => {
  describeDeletion({
    ...ofEnvironment('security-group'),
    run: (account) => account.run(deleteSecurityGroup, document),
    runKnowing: (account, ids) => account.run(deleteSecurityGroup, { environment, instances: { instanceIds: [], securityGroupIds: ids } }),
    describes: 'DescribeSecurityGroups',
    deletes: 'DeleteSecurityGroup',
    notFound: 'InvalidGroup.NotFound',
    inUse: ['DependencyViolation', 'InvalidGroup.InUse'],
    async prepare({ ec2 }) {
      const vpcId = await makeVpc(ec2);
      // The first, which is somebody else's in the one case, has our very name.
      return (tags, number) => makeGroup(ec2, vpcId, tags, `recode-acme-api-security-group${number === 0 ? '' : `-${number}`}`);
    },
    list: async (ec2) => (await groups(ec2)).map(({ GroupId }) => GroupId),
  });

  it('deletes groups of ours in twin VPCs', async () => {
    await using account = await testAccount();
    await makeGroup(account.ec2, await makeVpc(account.ec2));
    await makeGroup(account.ec2, await makeVpc(account.ec2));
    await account.run(deleteSecurityGroup, document);
    expect(await groups(account.ec2)).toEqual([]);
  });

  it('waits while a network interface is in it, and leaves its rules', async () => {
    await using account = await testAccount();
    const ids = await makeNetwork(account.ec2);
    const { securityGroupId } = await account.run(createSecurityGroup, { environment, network: readyNetwork(ids) });
    const groupId = idOf(securityGroupId);
    const ssh = { IpProtocol: 'tcp', FromPort: 2200, ToPort: 2200, IpRanges: [{ CidrIp: '0.0.0.0/0' }] };
    await account.ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: groupId, IpPermissions: [ssh] }));
    await makeInterface(account.ec2, ids.subnetId, [groupId], []);
    const before = await groups(account.ec2);
    expect(before).toMatchObject([{ GroupId: groupId, IpPermissions: [{ FromPort: 2200 }] }]);
    expect(await account.refusal(deleteSecurityGroup, document)).toMatchObject({
      name: 'DependencyStillInUse',
      message: `AWS says: resource ${groupId} has a dependent object (DependencyViolation).`,
    });
    expect(await groups(account.ec2)).toEqual(before);
  });

  it('refuses an environment without an owner', async () => {
    await using account = await testAccount();
    const { owner: _, ...others } = environment;
    expect((await account.refusal(deleteSecurityGroup, { ...document, environment: others })).name).toBe('InputNotValid');
  });
});

/** The security groups besides the default ones that come with each VPC. */
async function groups(ec2: EC2Client) {
  const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({}));
  return SecurityGroups.filter(({ GroupName }) => GroupName !== 'default');
}
