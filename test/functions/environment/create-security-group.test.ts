import {
  AuthorizeSecurityGroupIngressCommand,
  DescribeSecurityGroupsCommand,
  type EC2Client,
  type RevokeSecurityGroupIngressCommandInput,
  type SecurityGroup,
} from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { createSecurityGroup } from '../../../functions/environment/create-security-group.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { environment, readyNetwork, request } from '../documents.ts';
import { environmentTagsOf, makeGroup, makeNetwork } from '../resources.ts';

const GroupName = 'recode-acme-api-security-group';

describe('createSecurityGroup', () => {
  it('creates the group with our name and tags, open for SSH on port 2200 only', async () => {
    await using account = await testAccount();
    const { document, vpcId } = await network(account);
    const { securityGroupId } = await account.run(createSecurityGroup, document);
    expect(await groups(account.ec2)).toEqual([
      {
        id: securityGroupId,
        name: GroupName,
        description: 'SSH into the development environment of acme/api',
        vpcId,
        ingress: [{ protocol: 'tcp', from: 2200, to: 2200, blocks: ['0.0.0.0/0'] }],
        tags: environmentTagsOf('security-group'),
      },
    ]);
  });

  it('admits each of the allowed blocks and nobody else', async () => {
    await using account = await testAccount();
    const { document } = await network(account, ['203.0.113.7/32', '198.51.100.0/24']);
    await account.run(createSecurityGroup, document);
    expect((await groups(account.ec2))[0]?.ingress).toEqual([
      { protocol: 'tcp', from: 2200, to: 2200, blocks: ['203.0.113.7/32', '198.51.100.0/24'] },
    ]);
  });

  it('finds its own group when it runs again', async () => {
    await using account = await testAccount();
    const { document } = await network(account);
    const first = await account.run(createSecurityGroup, document);
    const before = await groups(account.ec2);
    expect(await account.run(createSecurityGroup, document)).toEqual(first);
    expect(await groups(account.ec2)).toEqual(before);
  });

  it.each(['CreateSecurityGroup', 'AuthorizeSecurityGroupIngress'])('goes on where %s was not answered', async (action) => {
    await using account = await testAccount();
    const { document } = await network(account);
    await account.loseAnswer(action);
    expect((await account.refusal(createSecurityGroup, document)).name).toBe('AwsUnavailable');
    const { securityGroupId } = await account.run(createSecurityGroup, document);
    expect(await groups(account.ec2)).toMatchObject([{ id: securityGroupId, ingress: [{ from: 2200, blocks: ['0.0.0.0/0'] }] }]);
  });

  it('opens a group that an attempt left without its rules', async () => {
    await using account = await testAccount();
    const { document, vpcId } = await network(account);
    const groupId = await makeGroup(account.ec2, vpcId);
    expect(await account.run(createSecurityGroup, document)).toEqual({ securityGroupId: groupId });
    expect(await groups(account.ec2)).toMatchObject([{ ingress: [{ protocol: 'tcp', from: 2200, to: 2200, blocks: ['0.0.0.0/0'] }] }]);
  });

  it('adds the blocks that are missing to those that are there', async () => {
    await using account = await testAccount();
    const { document, vpcId } = await network(account, ['203.0.113.7/32', '198.51.100.0/24', '192.0.2.0/24']);
    const groupId = await makeGroup(account.ec2, vpcId);
    await account.ec2.send(
      new AuthorizeSecurityGroupIngressCommand({
        GroupId: groupId,
        IpPermissions: [{ IpProtocol: 'tcp', FromPort: 2200, ToPort: 2200, IpRanges: [{ CidrIp: '198.51.100.0/24' }] }],
      }),
    );
    await account.run(createSecurityGroup, document);
    expect((await groups(account.ec2))[0]?.ingress).toEqual([
      { protocol: 'tcp', from: 2200, to: 2200, blocks: ['198.51.100.0/24', '203.0.113.7/32', '192.0.2.0/24'] },
    ]);
  });

  it.each([
    [2201, 2201],
    [22, 2200],
    [2200, 2201],
  ])('does not take the block of ports %d to %d for ours', async (FromPort, ToPort) => {
    await using account = await testAccount();
    const { document, vpcId } = await network(account);
    const groupId = await makeGroup(account.ec2, vpcId);
    const others = { IpProtocol: 'tcp', FromPort, ToPort, IpRanges: [{ CidrIp: '0.0.0.0/0' }] };
    await account.ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: groupId, IpPermissions: [others] }));
    await account.run(createSecurityGroup, document);
    expect((await groups(account.ec2))[0]?.ingress).toContainEqual({ protocol: 'tcp', from: 2200, to: 2200, blocks: ['0.0.0.0/0'] });
  });

  it('comes back until a rule that turns out to be there can be seen, and lets it keep none of the others out', async () => {
    await using account = await testAccount();
    const { document } = await network(account, ['203.0.113.7/32', '198.51.100.0/24']);
    await account.refuse('AuthorizeSecurityGroupIngress', 'InvalidPermission.Duplicate', 0, { effect: true });
    expect((await account.refusal(createSecurityGroup, document)).name).toBe('NotVisibleYet');
    expect(await account.run(createSecurityGroup, document)).toEqual({ securityGroupId: expect.stringMatching(/^sg-/) });
    const [group] = await groups(account.ec2);
    expect(group?.ingress?.[0]?.blocks?.toSorted()).toEqual(['198.51.100.0/24', '203.0.113.7/32']);
  });

  it.each([['203.0.113.7/32'], ['198.51.100.0/24', '203.0.113.7/32']])(
    'closes to whom an attempt before was to let in, where that is %s now',
    async (...allowCidrs) => {
      await using account = await testAccount();
      const { document } = await network(account, ['0.0.0.0/0', '203.0.113.7/32']);
      const first = await account.run(createSecurityGroup, document);
      expect(await account.run(createSecurityGroup, asking(document, allowCidrs))).toEqual(first);
      const [group] = await groups(account.ec2);
      expect(group?.ingress).toMatchObject([{ from: 2200, to: 2200 }]);
      expect(group?.ingress?.[0]?.blocks?.toSorted()).toEqual(allowCidrs);
    },
  );

  it('has room for sixty blocks where sixty others were let in before', async () => {
    await using account = await testAccount();
    const blocks = (second: number) => Array.from({ length: 60 }, (_, third) => `10.${second}.${third}.0/24`);
    const { document } = await network(account, blocks(1));
    await account.run(createSecurityGroup, document);
    await account.run(createSecurityGroup, asking(document, blocks(2)));
    expect((await groups(account.ec2))[0]?.ingress).toMatchObject([{ blocks: blocks(2) }]);
  });

  it('lets the new block in before the old one goes', async () => {
    await using account = await testAccount();
    const { document } = await network(account, ['203.0.113.7/32']);
    await account.run(createSecurityGroup, document);
    await account.refuse('RevokeSecurityGroupIngress', 'RequestLimitExceeded');
    const moved = asking(document, ['198.51.100.7/32']);
    expect((await account.refusal(createSecurityGroup, moved)).name).toBe('RequestThrottled');
    expect((await groups(account.ec2))[0]?.ingress).toMatchObject([{ blocks: ['203.0.113.7/32', '198.51.100.7/32'] }]);
    await account.run(createSecurityGroup, moved);
    expect((await groups(account.ec2))[0]?.ingress).toMatchObject([{ blocks: ['198.51.100.7/32'] }]);
  });

  // The forms of a rule's source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html
  it('closes to IPv6 blocks, prefix lists and security groups that were let in on the port of SSH', async () => {
    await using account = await testAccount();
    const { document } = await network(account, ['203.0.113.7/32']);
    await account.run(createSecurityGroup, document);
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
    await account.run(createSecurityGroup, document);
    expect(asked).toEqual([[{ IpProtocol: 'tcp', FromPort: 2200, ToPort: 2200, ...sources }]]);
  });

  it('closes where the answer was lost, and where EC2 showed too late that it had', async () => {
    await using account = await testAccount();
    const { document } = await network(account, ['203.0.113.7/32', '198.51.100.0/24']);
    await account.run(createSecurityGroup, document);
    const narrow = asking(document, ['203.0.113.7/32']);
    await account.loseAnswer('RevokeSecurityGroupIngress');
    expect((await account.refusal(createSecurityGroup, narrow)).name).toBe('AwsUnavailable');
    await account.run(createSecurityGroup, narrow);
    const narrower = asking(document, ['192.0.2.0/24']);
    await account.refuse('RevokeSecurityGroupIngress', 'InvalidPermission.NotFound');
    expect((await account.refusal(createSecurityGroup, narrower)).name).toBe('NotVisibleYet');
    await account.run(createSecurityGroup, narrower);
    expect((await groups(account.ec2))[0]?.ingress).toMatchObject([{ blocks: ['192.0.2.0/24'] }]);
  });

  it('leaves what somebody let in on another port', async () => {
    await using account = await testAccount();
    const { document } = await network(account);
    const { securityGroupId: GroupId } = await account.run(createSecurityGroup, document);
    const web = { IpProtocol: 'tcp', FromPort: 443, ToPort: 443, IpRanges: [{ CidrIp: '0.0.0.0/0' }] };
    await account.ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: [web] }));
    await account.run(createSecurityGroup, asking(document, ['203.0.113.7/32']));
    const ingress = (await groups(account.ec2))[0]?.ingress ?? [];
    expect(ingress.toSorted((one, other) => Number(one.from) - Number(other.from))).toEqual([
      { protocol: 'tcp', from: 443, to: 443, blocks: ['0.0.0.0/0'] },
      { protocol: 'tcp', from: 2200, to: 2200, blocks: ['203.0.113.7/32'] },
    ]);
  });

  it('takes its own group, which becomes visible meanwhile, for nobody else’s', async () => {
    await using account = await testAccount();
    account.stopClock();
    const { document } = await network(account);
    await account.hideNew(3_000);
    await account.refusal(createSecurityGroup, document);
    // After our group was looked for by its tags, and before it is by its name.
    account.amendAnswers('DescribeSecurityGroupsCommand', () => {
      account.aws.clock.advance(3_000);
      return {};
    });
    expect((await account.refusal(createSecurityGroup, document)).name).toBe('NotVisibleYet');
    await account.run(createSecurityGroup, document);
    expect(await groups(account.ec2)).toMatchObject([{ ingress: [{ blocks: ['0.0.0.0/0'] }] }]);
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
    expect(await groups(account.ec2)).toMatchObject([{ id: groupId, ingress: [] }]);
  });

  it('makes no second group while the first is not visible', async () => {
    await using account = await testAccount();
    const { document } = await network(account);
    await account.hideNew(3_000);
    const attempts = [await account.refusal(createSecurityGroup, document), await account.refusal(createSecurityGroup, document)];
    expect(attempts.map(({ name }) => name)).toEqual(['NotVisibleYet', 'NotVisibleYet']);
    await account.hideNew(0);
    account.aws.clock.advance(3_000);
    const { securityGroupId } = await account.run(createSecurityGroup, document);
    expect(await groups(account.ec2)).toMatchObject([{ id: securityGroupId, ingress: [{ blocks: ['0.0.0.0/0'] }] }]);
  });

  it.each([
    ['CreateSecurityGroup', 'SecurityGroupLimitExceeded', 'QuotaReached'],
    ['CreateSecurityGroup', 'UnauthorizedOperation', 'PermissionMissing'],
    ['AuthorizeSecurityGroupIngress', 'RulesPerSecurityGroupLimitExceeded', 'QuotaReached'],
    ['AuthorizeSecurityGroupIngress', 'RequestLimitExceeded', 'RequestThrottled'],
  ])('ends where %s answers %s with %s', async (action, code, name) => {
    await using account = await testAccount();
    const { document } = await network(account);
    await account.refuse(action, code);
    expect((await account.refusal(createSecurityGroup, document)).name).toBe(name);
  });

  it('refuses a document whose network is not ready', async () => {
    await using account = await testAccount();
    const { document } = await network(account);
    expect(await account.refusal(createSecurityGroup, { ...document, network: { ...document.network, status: 'creating' } })).toMatchObject(
      {
        name: 'InputNotValid',
        message: expect.stringContaining('network.status'),
      },
    );
  });
});

async function network({ ec2 }: TestAccount, allowCidrs = ['0.0.0.0/0']) {
  const { vpcId, subnetId } = await makeNetwork(ec2);
  const document = {
    environment: { ...environment, request: { ...request, allowCidrs } },
    network: readyNetwork({ vpcId, subnetId }),
  };
  return { document, vpcId };
}

/** The document of a later attempt, which other blocks are asked of. */
const asking = <Document extends { environment: typeof environment }>(document: Document, allowCidrs: string[]): Document => ({
  ...document,
  environment: { ...document.environment, request: { ...document.environment.request, allowCidrs } },
});

/** The security groups besides the default ones that come with each VPC. */
async function groups(ec2: EC2Client) {
  const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({}));
  return SecurityGroups.filter((group) => group.GroupName !== 'default').map((group) => ({
    id: group.GroupId,
    name: group.GroupName,
    description: group.Description,
    vpcId: group.VpcId,
    ingress: group.IpPermissions?.map(({ IpProtocol, FromPort, ToPort, IpRanges }) => ({
      protocol: IpProtocol,
      from: FromPort,
      to: ToPort,
      blocks: IpRanges?.map(({ CidrIp }) => CidrIp),
    })),
    tags: group.Tags,
  }));
}
