import {
  AuthorizeSecurityGroupIngressCommand,
  DeleteSecurityGroupCommand,
  DescribeNetworkInterfacesCommand,
  ModifyNetworkInterfaceAttributeCommand,
  type RevokeSecurityGroupIngressCommandInput,
  type SecurityGroup,
} from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { allowSsh } from '../../../functions/environment/allow-ssh.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { environment, foundPlan, launchPlan, request } from '../documents.ts';
import { bringTo, launched, readyToLaunch } from '../launched.ts';
import { environmentTagsOf, groupsOf, makeGroup } from '../resources.ts';

describe('allowSsh', () => {
  it('opens the group for SSH on port 2200 only', async () => {
    await using account = await testAccount();
    const { document } = await booting(account);
    expect(await account.run(allowSsh, document)).toBeUndefined();
    expect(await groupsOf(account.ec2)).toMatchObject([{ ingress: [{ protocol: 'tcp', from: 2200, to: 2200, blocks: ['0.0.0.0/0'] }] }]);
  });

  it('admits each of the allowed blocks and nobody else', async () => {
    await using account = await testAccount();
    const { document } = await booting(account, ['203.0.113.7/32', '198.51.100.0/24']);
    await account.run(allowSsh, document);
    expect((await groupsOf(account.ec2))[0]?.ingress).toEqual([
      { protocol: 'tcp', from: 2200, to: 2200, blocks: ['203.0.113.7/32', '198.51.100.0/24'] },
    ]);
  });

  it('changes nothing when it runs again', async () => {
    await using account = await testAccount();
    const { document } = await booting(account);
    await account.run(allowSsh, document);
    const before = await groupsOf(account.ec2);
    expect(before).toMatchObject([{ name: 'recode-acme-api-security-group', tags: environmentTagsOf('security-group') }]);
    await account.aws.delete('calls');
    await account.run(allowSsh, document);
    expect(await groupsOf(account.ec2)).toEqual(before);
    expect(await changes(account)).toEqual([]);
  });

  it.each(['wait', 'nothing', 'start'] as const)('does the same for an instance that was found, with the plan %s', async (action) => {
    await using account = await testAccount();
    const { document, instanceId } = await booting(account, ['203.0.113.7/32']);
    const { launch: _, ...found } = document;
    await account.run(allowSsh, { ...found, plan: foundPlan(instanceId, action) });
    expect(await groupsOf(account.ec2)).toMatchObject([{ ingress: [{ from: 2200, to: 2200, blocks: ['203.0.113.7/32'] }] }]);
  });

  it('goes on where a rule was not answered', async () => {
    await using account = await testAccount();
    const { document } = await booting(account);
    await account.loseAnswer('AuthorizeSecurityGroupIngress');
    expect((await account.refusal(allowSsh, document)).name).toBe('AwsUnavailable');
    await account.run(allowSsh, document);
    expect(await groupsOf(account.ec2)).toMatchObject([{ ingress: [{ from: 2200, blocks: ['0.0.0.0/0'] }] }]);
  });

  it('adds the blocks that are missing to those that are there', async () => {
    await using account = await testAccount();
    const { document, groupId } = await booting(account, ['203.0.113.7/32', '198.51.100.0/24', '192.0.2.0/24']);
    await account.ec2.send(
      new AuthorizeSecurityGroupIngressCommand({
        GroupId: groupId,
        IpPermissions: [{ IpProtocol: 'tcp', FromPort: 2200, ToPort: 2200, IpRanges: [{ CidrIp: '198.51.100.0/24' }] }],
      }),
    );
    await account.run(allowSsh, document);
    expect((await groupsOf(account.ec2))[0]?.ingress).toEqual([
      { protocol: 'tcp', from: 2200, to: 2200, blocks: ['198.51.100.0/24', '203.0.113.7/32', '192.0.2.0/24'] },
    ]);
  });

  it.each([
    [2201, 2201],
    [22, 2200],
    [2200, 2201],
  ])('does not take the block of ports %d to %d for ours', async (FromPort, ToPort) => {
    await using account = await testAccount();
    const { document, groupId } = await booting(account);
    const others = { IpProtocol: 'tcp', FromPort, ToPort, IpRanges: [{ CidrIp: '0.0.0.0/0' }] };
    await account.ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: groupId, IpPermissions: [others] }));
    await account.run(allowSsh, document);
    expect((await groupsOf(account.ec2))[0]?.ingress).toContainEqual({ protocol: 'tcp', from: 2200, to: 2200, blocks: ['0.0.0.0/0'] });
  });

  it('comes back until a rule that turns out to be there can be seen, and lets it keep none of the others out', async () => {
    await using account = await testAccount();
    const { document } = await booting(account, ['203.0.113.7/32', '198.51.100.0/24']);
    await account.refuse('AuthorizeSecurityGroupIngress', 'InvalidPermission.Duplicate', 0, { effect: true });
    expect((await account.refusal(allowSsh, document)).name).toBe('NotVisibleYet');
    await account.run(allowSsh, document);
    const [group] = await groupsOf(account.ec2);
    expect(group?.ingress?.[0]?.blocks?.toSorted()).toEqual(['198.51.100.0/24', '203.0.113.7/32']);
  });

  it.each([['203.0.113.7/32'], ['198.51.100.0/24', '203.0.113.7/32']])(
    'closes to whom an attempt before was to let in, where that is %s now',
    async (...allowCidrs) => {
      await using account = await testAccount();
      const { document } = await booting(account, ['0.0.0.0/0', '203.0.113.7/32']);
      await account.run(allowSsh, document);
      await account.run(allowSsh, asking(document, allowCidrs));
      const [group] = await groupsOf(account.ec2);
      expect(group?.ingress).toMatchObject([{ from: 2200, to: 2200 }]);
      expect(group?.ingress?.[0]?.blocks?.toSorted()).toEqual(allowCidrs);
    },
  );

  it('has room for sixty blocks where sixty others were let in before', async () => {
    await using account = await testAccount();
    const blocks = (second: number) => Array.from({ length: 60 }, (_, third) => `10.${second}.${third}.0/24`);
    const { document } = await booting(account, blocks(1));
    await account.run(allowSsh, document);
    await account.run(allowSsh, asking(document, blocks(2)));
    expect((await groupsOf(account.ec2))[0]?.ingress).toMatchObject([{ blocks: blocks(2) }]);
  });

  it('lets the new block in before the old one goes', async () => {
    await using account = await testAccount();
    const { document } = await booting(account, ['203.0.113.7/32']);
    await account.run(allowSsh, document);
    await account.refuse('RevokeSecurityGroupIngress', 'RequestLimitExceeded');
    const moved = asking(document, ['198.51.100.7/32']);
    expect((await account.refusal(allowSsh, moved)).name).toBe('RequestThrottled');
    expect((await groupsOf(account.ec2))[0]?.ingress).toMatchObject([{ blocks: ['203.0.113.7/32', '198.51.100.7/32'] }]);
    await account.run(allowSsh, moved);
    expect((await groupsOf(account.ec2))[0]?.ingress).toMatchObject([{ blocks: ['198.51.100.7/32'] }]);
  });

  // The forms of a rule's source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html
  it('closes to IPv6 blocks, prefix lists and security groups that were let in on the port of SSH', async () => {
    await using account = await testAccount();
    const { document } = await booting(account, ['203.0.113.7/32']);
    await account.run(allowSsh, document);
    const sources = {
      Ipv6Ranges: [{ CidrIpv6: '::/0' }],
      PrefixListIds: [{ PrefixListId: 'pl-1' }],
      UserIdGroupPairs: [{ GroupId: 'sg-1', UserId: '000000000000' }],
    };
    account.amendAnswers('DescribeSecurityGroupsCommand', ({ SecurityGroups }) => ({
      SecurityGroups: (SecurityGroups as SecurityGroup[]).map((group) => ({
        ...group,
        IpPermissions: group.IpPermissions?.map((rule) => ({ ...rule, ...sources })),
      })),
    }));
    const asked: unknown[] = [];
    account.ec2.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName !== 'RevokeSecurityGroupIngressCommand') return next(args);
          asked.push((args.input as RevokeSecurityGroupIngressCommandInput).IpPermissions);
          return { output: { $metadata: {} }, response: undefined };
        },
      { step: 'initialize' },
    );
    await account.run(allowSsh, document);
    expect(asked).toEqual([[{ IpProtocol: 'tcp', FromPort: 2200, ToPort: 2200, ...sources }]]);
  });

  it('closes where the answer was lost, and where EC2 showed too late that it had', async () => {
    await using account = await testAccount();
    const { document } = await booting(account, ['203.0.113.7/32', '198.51.100.0/24']);
    await account.run(allowSsh, document);
    const narrow = asking(document, ['203.0.113.7/32']);
    await account.loseAnswer('RevokeSecurityGroupIngress');
    expect((await account.refusal(allowSsh, narrow)).name).toBe('AwsUnavailable');
    await account.run(allowSsh, narrow);
    const narrower = asking(document, ['192.0.2.0/24']);
    await account.refuse('RevokeSecurityGroupIngress', 'InvalidPermission.NotFound');
    expect((await account.refusal(allowSsh, narrower)).name).toBe('NotVisibleYet');
    await account.run(allowSsh, narrower);
    expect((await groupsOf(account.ec2))[0]?.ingress).toMatchObject([{ blocks: ['192.0.2.0/24'] }]);
  });

  it('leaves what somebody let in on another port', async () => {
    await using account = await testAccount();
    const { document, groupId: GroupId } = await booting(account);
    await account.run(allowSsh, document);
    const web = { IpProtocol: 'tcp', FromPort: 443, ToPort: 443, IpRanges: [{ CidrIp: '0.0.0.0/0' }] };
    await account.ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: [web] }));
    await account.run(allowSsh, asking(document, ['203.0.113.7/32']));
    const ingress = (await groupsOf(account.ec2))[0]?.ingress ?? [];
    expect(ingress.toSorted((one, other) => Number(one.from) - Number(other.from))).toEqual([
      { protocol: 'tcp', from: 443, to: 443, blocks: ['0.0.0.0/0'] },
      { protocol: 'tcp', from: 2200, to: 2200, blocks: ['203.0.113.7/32'] },
    ]);
  });

  it('says that the instance is not in the security group that lets people in', async () => {
    await using account = await testAccount();
    const { document, instanceId, groupId, vpcId } = await booting(account);
    const other = await moveToGroup(account, instanceId, await makeGroup(account.ec2, vpcId, [], 'web'));
    expect(await account.refusal(allowSsh, document)).toMatchObject({
      name: 'ResourceDiffers',
      message: `The network interface of the instance ${instanceId} is in the security groups ${other}, not in ${groupId}.`,
    });
  });

  it('is content with an instance that is in other groups too', async () => {
    await using account = await testAccount();
    const { document, instanceId, groupId, vpcId } = await booting(account);
    await moveToGroup(account, instanceId, await makeGroup(account.ec2, vpcId, [], 'web'), groupId);
    expect(await account.run(allowSsh, document)).toBeUndefined();
  });

  it('makes the missing group of an instance again, and says that the instance is not in it', async () => {
    await using account = await testAccount();
    const { document, instanceId, groupId, vpcId } = await booting(account);
    const other = await moveToGroup(account, instanceId, await makeGroup(account.ec2, vpcId, [], 'web'));
    await account.ec2.send(new DeleteSecurityGroupCommand({ GroupId: groupId }));
    const { launch: _, ...rest } = document;
    const found = { ...rest, plan: foundPlan(instanceId, 'nothing') };
    const { message, name } = await account.refusal(allowSsh, found);
    const made = (await groupsOf(account.ec2)).find(({ id }) => id !== other);
    expect(made).toMatchObject({
      name: 'recode-acme-api-security-group',
      vpcId,
      ingress: [{ from: 2200, to: 2200, blocks: ['0.0.0.0/0'] }],
      tags: environmentTagsOf('security-group'),
    });
    expect(made?.id).not.toBe(groupId);
    expect({ name, message }).toEqual({
      name: 'ResourceDiffers',
      message: `The network interface of the instance ${instanceId} is in the security groups ${other}, not in ${made?.id}.`,
    });
    // The next start finds it, and the instance that somebody has put into it.
    await moveToGroup(account, instanceId, made?.id ?? '');
    expect(await account.run(allowSsh, found)).toBeUndefined();
  });

  it('opens no group of our name that is not the environment’s', async () => {
    await using account = await testAccount();
    const { document, instanceId, groupId, vpcId } = await booting(account);
    await moveToGroup(account, instanceId, await makeGroup(account.ec2, vpcId, [], 'web'));
    await account.ec2.send(new DeleteSecurityGroupCommand({ GroupId: groupId }));
    const foreign = await makeGroup(account.ec2, vpcId, []);
    expect((await account.refusal(allowSsh, document)).name).toBe('NameOwnedElsewhere');
    expect((await groupsOf(account.ec2)).find(({ id }) => id === foreign)).toMatchObject({ ingress: [] });
  });

  it('waits for a group that is not visible yet, and makes no second one', async () => {
    await using account = await testAccount();
    const { document, instanceId, groupId, vpcId } = await booting(account);
    await moveToGroup(account, instanceId, await makeGroup(account.ec2, vpcId, [], 'web'));
    await account.ec2.send(new DeleteSecurityGroupCommand({ GroupId: groupId }));
    await account.hideNew(3_000);
    const attempts = [await account.refusal(allowSsh, document), await account.refusal(allowSsh, document)];
    expect(attempts.map(({ name }) => name)).toEqual(['NotVisibleYet', 'NotVisibleYet']);
    account.aws.clock.advance(3_000);
    expect((await account.refusal(allowSsh, document)).name).toBe('ResourceDiffers');
    expect((await groupsOf(account.ec2)).map(({ name }) => name).toSorted()).toEqual(['recode-acme-api-security-group', 'web']);
  });

  it('waits for an instance that is not visible yet', async () => {
    await using account = await testAccount();
    const prepared = await readyToLaunch(account);
    await account.hideNew(3_000);
    const { instanceId } = await launched(account, prepared);
    const document = { environment, network: prepared.network, launch: { instanceId } };
    expect(await account.refusal(allowSsh, document)).toMatchObject({
      name: 'InstanceNotVisibleYet',
      message: `EC2 does not show the instance ${instanceId} yet.`,
    });
    account.aws.clock.advance(3_000);
    expect(await account.run(allowSsh, document)).toBeUndefined();
  });

  it('leaves it to the next step to say why an instance is terminated', async () => {
    await using account = await testAccount();
    const { document, instanceId } = await booting(account);
    await bringTo(account, instanceId, 'terminated');
    expect(await account.run(allowSsh, document)).toBeUndefined();
  });

  it.each([
    ['DescribeSecurityGroups', 'UnauthorizedOperation', 'PermissionMissing'],
    ['DescribeInstances', 'RequestLimitExceeded', 'RequestThrottled'],
    ['AuthorizeSecurityGroupIngress', 'RulesPerSecurityGroupLimitExceeded', 'QuotaReached'],
    ['AuthorizeSecurityGroupIngress', 'RequestLimitExceeded', 'RequestThrottled'],
  ])('ends where %s answers %s with %s', async (action, code, name) => {
    await using account = await testAccount();
    const { document } = await booting(account);
    await account.refuse(action, code);
    expect((await account.refusal(allowSsh, document)).name).toBe(name);
  });

  it.each([
    ['network is not ready', { network: { format: 2, installation: 'installation-1', status: 'creating' } }],
    ['plan has no instance', { launch: undefined, plan: launchPlan }],
  ])('refuses a document whose %s', async (_, change) => {
    await using account = await testAccount();
    const { document } = await booting(account);
    expect((await account.refusal(allowSsh, { ...document, ...change })).name).toBe('InputNotValid');
  });
});

/** The document of a start whose instance boots, in its security group, which lets nobody in yet. */
async function booting(account: TestAccount, allowCidrs = ['0.0.0.0/0']) {
  const { document: launch, instanceId } = await launched(account);
  const document = {
    environment: { ...environment, request: { ...request, allowCidrs } },
    network: launch.network,
    launch: { instanceId },
  };
  return { document, instanceId, groupId: launch.securityGroup.securityGroupId, vpcId: launch.network.ids.vpcId };
}

/** The document of a later start, which asks for other blocks. */
const asking = <Document extends { environment: typeof environment }>(document: Document, allowCidrs: string[]): Document => ({
  ...document,
  environment: { ...document.environment, request: { ...document.environment.request, allowCidrs } },
});

/** Puts an instance into these groups only. Resolves to the first. */
async function moveToGroup({ ec2 }: TestAccount, instanceId: string, ...Groups: [string, ...string[]]): Promise<string> {
  const Filters = [{ Name: 'attachment.instance-id', Values: [instanceId] }];
  const { NetworkInterfaces = [] } = await ec2.send(new DescribeNetworkInterfacesCommand({ Filters }));
  const NetworkInterfaceId = NetworkInterfaces[0]?.NetworkInterfaceId;
  await ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, Groups }));
  return Groups[0];
}

/** The calls that change something. */
async function changes({ aws }: TestAccount): Promise<string[]> {
  const { calls } = (await aws.get('calls')) as { calls: { action: string }[] };
  return calls.map(({ action }) => action).filter((action) => !action.startsWith('Describe'));
}
