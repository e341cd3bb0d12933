import {
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  CreateVpcCommand,
  DeleteSecurityGroupCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
  type IpPermission,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCollection, type Kind, type Resource } from '../../src/ec2/resource.ts';
import { admits, type GivenRule, securityGroupRuleKind } from '../../src/ec2/rule.ts';
import { refusal, startEc2, type TestEc2 } from './server.ts';

let test: TestEc2;
let vpc: string;
beforeEach(async () => {
  test = await startEc2();
  vpc = await createVpc();
});
afterEach(() => test.stop());

const createVpc = async () => (await test.client.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }))).Vpc?.VpcId ?? '';
const createGroup = async (GroupName = 'web', Description = 'a', VpcId: string | undefined = vpc) =>
  (await test.client.send(new CreateSecurityGroupCommand({ GroupName, Description, VpcId }))).GroupId ?? '';
const describeGroup = async (id: string) =>
  (await test.client.send(new DescribeSecurityGroupsCommand({ GroupIds: [id] }))).SecurityGroups?.[0];
const tcp = (port: number, ...ranges: string[]): IpPermission => ({
  IpProtocol: 'tcp',
  FromPort: port,
  ToPort: port,
  IpRanges: ranges.map((CidrIp) => ({ CidrIp })),
});
const authorize = (GroupId: string, ...IpPermissions: IpPermission[]) =>
  test.client.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }));

describe('a security group', () => {
  it('allows all outgoing traffic and no incoming traffic', async () => {
    const id = await createGroup('web', 'For the web');
    expect(id).toMatch(/^sg-[0-9a-f]{17}$/);
    expect(await describeGroup(id)).toEqual({
      GroupId: id,
      SecurityGroupArn: `arn:aws:ec2:us-east-1:000000000000:security-group/${id}`,
      GroupName: 'web',
      Description: 'For the web',
      OwnerId: '000000000000',
      VpcId: vpc,
      IpPermissions: [],
      IpPermissionsEgress: [
        { IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }], Ipv6Ranges: [], PrefixListIds: [], UserIdGroupPairs: [] },
      ],
      Tags: [],
    });
  });

  it('has a unique name in its VPC, ignoring case', async () => {
    await createGroup('Web');
    expect(await refusal(createGroup('wEB'))).toEqual({
      code: 'InvalidGroup.Duplicate',
      message: `The security group 'wEB' already exists for VPC '${vpc}'`,
      status: 400,
    });
    expect(await refusal(createGroup('web  '))).toMatchObject({ code: 'InvalidGroup.Duplicate' });
    await createGroup('web', 'a', await createVpc());
  });

  it.each([
    ['default', 'a', 'Cannot use reserved security group name: default'],
    ['sg-web', 'a', 'Value (sg-web) for parameter GroupName is invalid. Group names may not be in the format sg-*.'],
    ['wéb', 'a', 'Value (wéb) for parameter GroupName is invalid. Character sets beyond ASCII are not supported.'],
    [
      'web?',
      'a',
      'Invalid security group name. Valid names are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*',
    ],
    [
      'web',
      "it's",
      'Invalid security group description. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*',
    ],
    ['w'.repeat(256), 'a', expect.stringContaining('Invalid security group name')],
  ])('cannot have the name %s and the description %s', async (name, description, message) => {
    expect(await refusal(createGroup(name, description))).toEqual({ code: 'InvalidParameterValue', message, status: 400 });
  });

  it('needs a VPC, because there is no default VPC', async () => {
    const create = new CreateSecurityGroupCommand({ GroupName: 'web', Description: 'a' });
    expect(await refusal(test.client.send(create))).toMatchObject({ code: 'VPCIdNotSpecified', message: 'No default VPC for this user' });
  });

  it('is deleted with its rules', async () => {
    const id = await createGroup();
    await authorize(id, tcp(22, '0.0.0.0/0'));
    const remove = () => test.client.send(new DeleteSecurityGroupCommand({ GroupId: id }));
    expect(await remove()).toMatchObject({ Return: true, GroupId: id });
    const { SecurityGroupRules } = await test.client.send(
      new DescribeSecurityGroupRulesCommand({ Filters: [{ Name: 'group-id', Values: [id] }] }),
    );
    expect(SecurityGroupRules).toEqual([]);
    expect(await refusal(remove())).toEqual({
      code: 'InvalidGroup.NotFound',
      message: `The security group '${id}' does not exist`,
      status: 400,
    });
    const malformed = test.client.send(new DeleteSecurityGroupCommand({ GroupId: 'web' }));
    expect(await refusal(malformed)).toMatchObject({ code: 'InvalidGroupId.Malformed', message: 'Invalid id: "web" (expecting "sg-...")' });
  });

  it('cannot be deleted if it is the default group', async () => {
    const { SecurityGroups } = await test.client.send(new DescribeSecurityGroupsCommand({}));
    const id = SecurityGroups?.[0]?.GroupId ?? '';
    expect(await refusal(test.client.send(new DeleteSecurityGroupCommand({ GroupId: id })))).toEqual({
      code: 'CannotDelete',
      message: `the specified group: "${id}" name: "default" cannot be deleted by a user`,
      status: 400,
    });
  });
});

describe('an ingress rule', () => {
  it('is returned, described and revoked', async () => {
    const id = await createGroup();
    const { SecurityGroupRules } = await test.client.send(
      new AuthorizeSecurityGroupIngressCommand({
        GroupId: id,
        IpPermissions: [
          { IpProtocol: '6', FromPort: 2200, ToPort: 2300, IpRanges: [{ CidrIp: '203.0.113.77/24', Description: 'office' }] },
        ],
        TagSpecifications: [{ ResourceType: 'security-group-rule', Tags: [{ Key: 'a', Value: 'b' }] }],
      }),
    );
    const rule = SecurityGroupRules?.[0];
    expect(SecurityGroupRules).toEqual([
      {
        SecurityGroupRuleId: expect.stringMatching(/^sgr-[0-9a-f]{17}$/),
        SecurityGroupRuleArn: `arn:aws:ec2:us-east-1:000000000000:security-group-rule/${rule?.SecurityGroupRuleId}`,
        GroupId: id,
        GroupOwnerId: '000000000000',
        IsEgress: false,
        IpProtocol: 'tcp',
        FromPort: 2200,
        ToPort: 2300,
        CidrIpv4: '203.0.113.0/24',
        Description: 'office',
        Tags: [{ Key: 'a', Value: 'b' }],
      },
    ]);
    expect((await describeGroup(id))?.IpPermissions).toEqual([
      {
        IpProtocol: 'tcp',
        FromPort: 2200,
        ToPort: 2300,
        IpRanges: [{ CidrIp: '203.0.113.0/24', Description: 'office' }],
        Ipv6Ranges: [],
        PrefixListIds: [],
        UserIdGroupPairs: [],
      },
    ]);
    const ruleId = rule?.SecurityGroupRuleId ?? '';
    const described = await test.client.send(new DescribeSecurityGroupRulesCommand({ SecurityGroupRuleIds: [ruleId] }));
    expect(described.SecurityGroupRules).toEqual(SecurityGroupRules);
    await test.client.send(new RevokeSecurityGroupIngressCommand({ GroupId: id, SecurityGroupRuleIds: [ruleId] }));
    expect((await describeGroup(id))?.IpPermissions).toEqual([]);
  });

  it('exists once for each range, and is shown with the others', async () => {
    const id = await createGroup();
    const { SecurityGroupRules } = await authorize(id, tcp(22, '10.0.0.0/8', '192.168.0.0/16'), tcp(80, '0.0.0.0/0'));
    expect(SecurityGroupRules).toHaveLength(3);
    expect((await describeGroup(id))?.IpPermissions).toMatchObject([
      { FromPort: 22, IpRanges: [{ CidrIp: '10.0.0.0/8' }, { CidrIp: '192.168.0.0/16' }] },
      { FromPort: 80, IpRanges: [{ CidrIp: '0.0.0.0/0' }] },
    ]);
  });

  it('exists once, however it is written', async () => {
    const id = await createGroup();
    await authorize(id, tcp(22, '10.1.2.3/8'));
    const again = { ...tcp(22, '10.0.0.0/8'), IpProtocol: '6' };
    expect(await refusal(authorize(id, tcp(80, '0.0.0.0/0'), again))).toEqual({
      code: 'InvalidPermission.Duplicate',
      message: 'the specified rule "peer: 10.0.0.0/8, TCP, from port: 22, to port: 22, ALLOW" already exists',
      status: 400,
    });
    expect((await describeGroup(id))?.IpPermissions).toHaveLength(1);
    expect(await refusal(authorize(id, tcp(80, '10.0.0.0/8', '10.9.9.9/8')))).toMatchObject({
      code: 'InvalidParameterValue',
      message: 'The same permission must not appear multiple times',
    });
  });

  it.each([
    [tcp(22, '10.0.0/24'), 'InvalidParameterValue', 'CIDR block 10.0.0/24 is malformed'],
    [{ ...tcp(22, '10.0.0.0/24'), ToPort: 21 }, 'InvalidParameterValue', 'Invalid TCP/UDP port range (22:21)'],
    [{ ...tcp(22, '10.0.0.0/24'), ToPort: 65536 }, 'InvalidParameterValue', 'TCP/UDP port (65536) out of range'],
    [
      { IpProtocol: 'tcp', IpRanges: [{ CidrIp: '10.0.0.0/8' }] },
      'InvalidParameterValue',
      'Invalid value for portRange. Must specify both from and to ports with TCP/UDP.',
    ],
    [{ IpProtocol: 'tcp', FromPort: 1, ToPort: 2 }, 'MissingParameter', 'The request must contain the parameter ipRanges'],
    [
      { FromPort: 1, ToPort: 2, IpRanges: [{ CidrIp: '10.0.0.0/8' }] },
      'MissingParameter',
      'The request must contain the parameter ipProtocol',
    ],
    [
      { ...tcp(22), IpRanges: [{ CidrIp: '10.0.0.0/8', Description: "it's" }] },
      'InvalidParameterValue',
      expect.stringContaining('Invalid rule description.'),
    ],
  ])('cannot be %o', async (permission: IpPermission, code, message) => {
    expect(await refusal(authorize(await createGroup(), permission))).toEqual({ code, message, status: 400 });
  });

  it('exists at most sixty times', async () => {
    const id = await createGroup();
    const ranges = Array.from({ length: 60 }, (_, index) => `10.0.${index}.0/24`);
    await authorize(id, tcp(22, ...ranges));
    expect(await refusal(authorize(id, tcp(22, '10.1.0.0/24')))).toMatchObject({ code: 'RulesPerSecurityGroupLimitExceeded' });
  });

  it('is revoked by its content, if it exists', async () => {
    const [id, other] = [await createGroup('a'), await createGroup('b')];
    await authorize(id, tcp(22, '10.0.0.0/8'), tcp(80, '10.0.0.0/8'));
    const revoke = (...IpPermissions: IpPermission[]) =>
      test.client.send(new RevokeSecurityGroupIngressCommand({ GroupId: id, IpPermissions }));
    const missing = {
      code: 'InvalidPermission.NotFound',
      message: 'The specified rule does not exist in this security group.',
      status: 400,
    };
    expect(await refusal(revoke(tcp(22, '10.0.0.0/8'), tcp(23, '10.0.0.0/8')))).toEqual(missing);
    const { SecurityGroupRules } = await authorize(other, tcp(22, '10.0.0.0/8'));
    const foreign = { GroupId: id, SecurityGroupRuleIds: [SecurityGroupRules?.[0]?.SecurityGroupRuleId ?? ''] };
    expect(await refusal(test.client.send(new RevokeSecurityGroupIngressCommand(foreign)))).toEqual(missing);
    expect((await describeGroup(id))?.IpPermissions).toHaveLength(2);
    const { RevokedSecurityGroupRules } = await revoke(tcp(22, '10.0.0.0/8'));
    expect(RevokedSecurityGroupRules).toMatchObject([{ GroupId: id, IsEgress: false, FromPort: 22, CidrIpv4: '10.0.0.0/8' }]);
    expect((await describeGroup(id))?.IpPermissions).toMatchObject([{ FromPort: 80 }]);
  });
});

// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupEgress.html: "Adds the specified outbound (egress) rules to a
// security group." RevokeSecurityGroupEgress removes them. The quota of rules counts "inbound and outbound" apart:
// https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-security-groups
describe('an egress rule', () => {
  const everything: IpPermission = { IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] };
  const allow = (GroupId: string, ...IpPermissions: IpPermission[]) =>
    test.client.send(new AuthorizeSecurityGroupEgressCommand({ GroupId, IpPermissions }));
  const revoke = (GroupId: string, ...IpPermissions: IpPermission[]) =>
    test.client.send(new RevokeSecurityGroupEgressCommand({ GroupId, IpPermissions }));

  it('is returned, described and revoked, and changes nothing inbound', async () => {
    const id = await createGroup();
    await authorize(id, tcp(22, '10.0.0.0/8'));
    const { SecurityGroupRules } = await allow(id, tcp(443, '192.0.2.0/24'));
    expect(SecurityGroupRules).toMatchObject([{ GroupId: id, IsEgress: true, FromPort: 443, CidrIpv4: '192.0.2.0/24' }]);
    expect((await describeGroup(id))?.IpPermissionsEgress).toMatchObject([{ IpProtocol: '-1' }, { FromPort: 443 }]);
    const { RevokedSecurityGroupRules } = await revoke(id, everything);
    expect(RevokedSecurityGroupRules).toMatchObject([{ IsEgress: true, IpProtocol: '-1' }]);
    expect(await describeGroup(id)).toMatchObject({ IpPermissions: [{ FromPort: 22 }], IpPermissionsEgress: [{ FromPort: 443 }] });
  });

  it('exists once: the one that a new group has, too', async () => {
    const id = await createGroup();
    expect((await refusal(allow(id, everything))).code).toBe('InvalidPermission.Duplicate');
  });

  it('is not found among the inbound ones, nor they among it', async () => {
    const id = await createGroup();
    await authorize(id, tcp(22, '10.0.0.0/8'));
    expect((await refusal(revoke(id, tcp(22, '10.0.0.0/8')))).code).toBe('InvalidPermission.NotFound');
    const inbound = new RevokeSecurityGroupIngressCommand({ GroupId: id, IpPermissions: [everything] });
    expect((await refusal(test.client.send(inbound))).code).toBe('InvalidPermission.NotFound');
  });

  it('exists at most sixty times, besides as many inbound ones', async () => {
    const id = await createGroup();
    const ranges = (count: number) => Array.from({ length: count }, (_, number) => `10.0.${number}.0/24`);
    await authorize(id, tcp(22, ...ranges(60)));
    await allow(id, tcp(443, ...ranges(59)));
    expect((await refusal(allow(id, tcp(80, '10.0.0.0/8')))).code).toBe('RulesPerSecurityGroupLimitExceeded');
  });
});

describe('the admission of a connection', () => {
  const everything: GivenRule = { protocol: '-1', ports: undefined, peer: { cidr: '10.0.0.0/8' }, description: undefined };
  const ssh: GivenRule = { ...everything, protocol: 'tcp', ports: { from: 22, to: 23 }, peer: { cidr: '127.0.0.0/8' } };
  const admitting = (...rules: (GivenRule & { groupId: string; egress?: boolean })[]) => {
    const events = { now: () => 0, visibleAt: () => 1, added: () => undefined, changed: () => undefined, deleted: () => undefined };
    const securityGroupRules = createCollection(securityGroupRuleKind, [], events);
    for (const rule of rules) securityGroupRules.add({ egress: false, ...rule, tags: [] });
    return (address: string, port: number, ...groups: string[]) => admits({ securityGroupRules }, groups, address, port);
  };

  it('depends on group, address, protocol and port', () => {
    const admitted = admitting({ ...ssh, groupId: 'sg-a' }, { ...everything, groupId: 'sg-b' });
    expect(admitted('127.0.0.1', 22, 'sg-a')).toBe(true);
    expect(admitted('::ffff:127.0.0.1', 23, 'sg-a')).toBe(true);
    expect(admitted('127.0.0.1', 24, 'sg-a')).toBe(false);
    expect(admitted('10.1.1.1', 22, 'sg-a')).toBe(false);
    expect(admitted('127.0.0.1', 22, 'sg-b')).toBe(false);
    expect(admitted('10.1.1.1', 4711, 'sg-a', 'sg-b')).toBe(true);
    expect(admitted('127.0.0.1', 22)).toBe(false);
    expect(admitted('::1', 22, 'sg-a')).toBe(false);
  });

  it('does not follow from a rule for outgoing traffic, UDP or a group', () => {
    const admitted = admitting(
      { ...ssh, groupId: 'sg-a', egress: true },
      { ...ssh, groupId: 'sg-a', protocol: 'udp' },
      { ...everything, groupId: 'sg-a', peer: { groupId: 'sg-a' } },
    );
    expect(admitted('127.0.0.1', 22, 'sg-a')).toBe(false);
  });
});

describe('a rule about another group', () => {
  it('prevents the deletion of that group, but not of its own', () => {
    const rule = { id: 'sgr-1', visibleAt: 0, tags: [], groupId: 'sg-a', egress: false, protocol: '-1', peer: { groupId: 'sg-b' } };
    const kind: Pick<Kind<typeof rule & Resource>, 'uses'> = securityGroupRuleKind;
    expect(kind.uses(rule)).toEqual(['sg-b']);
    expect(kind.uses({ ...rule, peer: { groupId: 'sg-a' } })).toEqual([]);
  });
});
