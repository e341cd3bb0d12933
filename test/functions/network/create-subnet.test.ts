import { DescribeSubnetsCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { createSubnet } from '../../../functions/network/create-subnet.ts';
import { testAccount } from '../account.ts';
import { instanceType } from '../documents.ts';
import { makeSubnet, makeVpc, networkTagsOf } from '../resources.ts';

const document = (vpcId: string) => ({ vpc: { vpcId }, instanceType });

describe('createSubnet', () => {
  it('creates the public subnet with our name, block and tags, in the first zone that offers the type', async () => {
    await using account = await testAccount();
    const vpcId = await makeVpc(account.ec2);
    const { subnetId } = await account.run(createSubnet, {
      ...document(vpcId),
      instanceType: { ...instanceType, zones: ['us-east-1d', 'us-east-1c'] },
    });
    expect(await subnets(account.ec2)).toEqual([
      { id: subnetId, vpcId, cidr: '10.0.0.0/24', zone: 'us-east-1c', public: true, tags: networkTagsOf('recode-public-subnet') },
    ]);
  });

  // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-regions-availability-zones.html: us-west-2-lax-1a is a Local Zone.
  it('keeps out of Local Zones that the account has opted into', async () => {
    await using account = await testAccount({ region: 'us-west-2' });
    await account.aws.post('ec2', { zoneGroups: ['us-west-2-lax-1'] });
    const offered = (...zones: string[]) => ({ ...document(vpcId), instanceType: { ...instanceType, zones } });
    const vpcId = await makeVpc(account.ec2);
    expect((await account.refusal(createSubnet, offered('us-west-2-lax-1a'))).name).toBe('NoCapacity');
    await account.run(createSubnet, offered('us-west-2-lax-1a', 'us-west-2b'));
    expect(await subnets(account.ec2)).toMatchObject([{ zone: 'us-west-2b' }]);
  });

  it('finds its own subnet when it runs again, whatever zones the type has by then', async () => {
    await using account = await testAccount();
    const vpcId = await makeVpc(account.ec2);
    const first = await account.run(createSubnet, document(vpcId));
    expect(await account.run(createSubnet, { ...document(vpcId), instanceType: { ...instanceType, zones: ['us-east-1f'] } })).toEqual(
      first,
    );
    expect(await subnets(account.ec2)).toHaveLength(1);
  });

  it('gives its instances public addresses where the creation was not answered', async () => {
    await using account = await testAccount();
    const vpcId = await makeVpc(account.ec2);
    await account.loseAnswer('CreateSubnet');
    expect((await account.refusal(createSubnet, document(vpcId))).name).toBe('AwsUnavailable');
    expect(await subnets(account.ec2)).toMatchObject([{ public: false }]);
    const { subnetId } = await account.run(createSubnet, document(vpcId));
    expect(await subnets(account.ec2)).toMatchObject([{ id: subnetId, public: true }]);
  });

  it.each([
    ['half of its block', { cidr: '10.0.0.0/25' }, false],
    ['a block with more than its own', { cidr: '10.0.0.0/20' }, false],
    ['another VPC', {}, true],
  ])('refuses our subnet in %s', async (_, options, elsewhere) => {
    await using account = await testAccount();
    const vpcId = await makeVpc(account.ec2);
    const subnetId = await makeSubnet(account.ec2, elsewhere ? await makeVpc(account.ec2) : vpcId, options);
    expect(await account.refusal(createSubnet, document(vpcId))).toMatchObject({
      name: 'ResourceDiffers',
      message: expect.stringContaining(subnetId),
    });
    expect(await subnets(account.ec2)).toMatchObject([{ id: subnetId, public: false }]);
  });

  it('creates the first subnet beside further ones, which are left of an earlier network', async () => {
    await using account = await testAccount();
    const vpcId = await makeVpc(account.ec2);
    const further = await makeSubnet(account.ec2, vpcId, { tags: networkTagsOf('recode-public-subnet-2'), cidr: '10.0.1.0/24' });
    const { subnetId } = await account.run(createSubnet, document(vpcId));
    expect(await subnets(account.ec2)).toMatchObject([{ id: further }, { id: subnetId, cidr: '10.0.0.0/24', public: true }]);
  });

  it('makes no second subnet while the first is not visible', async () => {
    await using account = await testAccount();
    const vpcId = await makeVpc(account.ec2);
    await account.hideNew(3_000);
    const attempts = [await account.refusal(createSubnet, document(vpcId)), await account.refusal(createSubnet, document(vpcId))];
    expect(attempts.map(({ name }) => name)).toEqual(['NotVisibleYet', 'NotVisibleYet']);
    account.aws.clock.advance(3_000);
    const { subnetId } = await account.run(createSubnet, document(vpcId));
    expect(await subnets(account.ec2)).toMatchObject([{ id: subnetId, public: true }]);
  });

  it('waits for a VPC that is not visible yet', async () => {
    await using account = await testAccount();
    await account.hideNew(1_000);
    const vpcId = await makeVpc(account.ec2);
    await account.hideNew(0);
    expect((await account.refusal(createSubnet, document(vpcId))).name).toBe('NotVisibleYet');
    account.aws.clock.advance(1_000);
    await account.run(createSubnet, document(vpcId));
    expect(await subnets(account.ec2)).toHaveLength(1);
  });

  it('says that none of the type’s zones is available', async () => {
    await using account = await testAccount();
    const vpcId = await makeVpc(account.ec2);
    expect(
      await account.refusal(createSubnet, { ...document(vpcId), instanceType: { ...instanceType, zones: ['us-east-1-atl-1a'] } }),
    ).toMatchObject({
      name: 'NoCapacity',
      message: 'None of the zones that offer t2.medium (us-east-1-atl-1a) is available now.',
    });
    expect(await subnets(account.ec2)).toEqual([]);
  });

  it.each(['10.0.0.0/24', '10.0.0.128/25', '10.0.0.0/20'])(
    'refuses somebody else’s subnet %s in our block, and leaves it as it is',
    async (cidr) => {
      await using account = await testAccount();
      const vpcId = await makeVpc(account.ec2);
      await makeSubnet(account.ec2, vpcId, { tags: [], cidr: '10.0.16.0/24' });
      const foreign = await makeSubnet(account.ec2, vpcId, { tags: [], cidr });
      expect(await account.refusal(createSubnet, document(vpcId))).toMatchObject({
        name: 'NameOwnedElsewhere',
        message: `The subnet ${foreign} takes the block 10.0.0.0/24 of ${vpcId}, but does not have the tags of Recode.`,
      });
      expect(await subnets(account.ec2)).toContainEqual(expect.objectContaining({ id: foreign, public: false }));
    },
  );

  it('takes its own subnet, which becomes visible meanwhile, for nobody else’s', async () => {
    await using account = await testAccount();
    account.stopClock();
    const vpcId = await makeVpc(account.ec2);
    await account.hideNew(3_000);
    await account.refusal(createSubnet, document(vpcId));
    // After our subnet was looked for, and before its block is.
    account.amendAnswers('DescribeAvailabilityZonesCommand', () => {
      account.aws.clock.advance(3_000);
      return {};
    });
    expect((await account.refusal(createSubnet, document(vpcId))).name).toBe('NotVisibleYet');
    const { subnetId } = await account.run(createSubnet, document(vpcId));
    expect(await subnets(account.ec2)).toMatchObject([{ id: subnetId, public: true }]);
  });

  it.each([
    ['SubnetLimitExceeded', 'QuotaReached'],
    ['RequestLimitExceeded', 'RequestThrottled'],
    ['UnauthorizedOperation', 'PermissionMissing'],
  ])('ends with what %s means', async (code, name) => {
    await using account = await testAccount();
    const vpcId = await makeVpc(account.ec2);
    await account.refuse('CreateSubnet', code);
    expect((await account.refusal(createSubnet, document(vpcId))).name).toBe(name);
  });

  it('refuses a document whose type has no architecture it knows', async () => {
    await using account = await testAccount();
    const event = { ...document('vpc-1'), instanceType: { ...instanceType, architecture: 'x86_64_mac' } };
    expect((await account.refusal(createSubnet, event)).name).toBe('InputNotValid');
  });
});

async function subnets(ec2: EC2Client) {
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
  return Subnets.map((subnet) => ({
    id: subnet.SubnetId,
    vpcId: subnet.VpcId,
    cidr: subnet.CidrBlock,
    zone: subnet.AvailabilityZone,
    public: subnet.MapPublicIpOnLaunch,
    tags: subnet.Tags,
  }));
}
