import {
  DescribeVpcAttributeCommand,
  DescribeVpcsCommand,
  type EC2Client,
  ModifyVpcAttributeCommand,
  type VpcAttributeName,
} from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { createVpc } from '../../../functions/network/create-vpc.ts';
import { testAccount } from '../account.ts';
import { makeSubnet, makeVpc, networkTagsOf } from '../resources.ts';

describe('createVpc', () => {
  it('creates the VPC with our name, block and tags, and with public names for its instances', async () => {
    await using account = await testAccount();
    const { vpcId } = await account.run(createVpc, {});
    expect(await vpcs(account.ec2)).toEqual([{ id: vpcId, cidr: '10.0.0.0/16', tags: networkTagsOf('recode-vpc') }]);
    expect(await publicNames(account.ec2, vpcId)).toEqual({ support: true, hostnames: true });
  });

  it('finds its own VPC when it runs again', async () => {
    await using account = await testAccount();
    const first = await account.run(createVpc, {});
    expect(await account.run(createVpc, {})).toEqual(first);
    expect(await vpcs(account.ec2)).toHaveLength(1);
  });

  it('adopts the VPC whose creation was not answered, and configures it', async () => {
    await using account = await testAccount();
    await account.loseAnswer('CreateVpc');
    expect((await account.refusal(createVpc, {})).name).toBe('AwsUnavailable');
    const { vpcId } = await account.run(createVpc, {});
    expect(await vpcs(account.ec2)).toMatchObject([{ id: vpcId }]);
    expect(await publicNames(account.ec2, vpcId)).toEqual({ support: true, hostnames: true });
  });

  it('configures a VPC that an earlier attempt left half configured', async () => {
    await using account = await testAccount();
    const vpcId = await makeVpc(account.ec2);
    await account.ec2.send(new ModifyVpcAttributeCommand({ VpcId: vpcId, EnableDnsSupport: { Value: false } }));
    await account.run(createVpc, {});
    expect(await publicNames(account.ec2, vpcId)).toEqual({ support: true, hostnames: true });
  });

  it('leaves a VPC alone that has our name but not our tag', async () => {
    await using account = await testAccount();
    const foreign = await makeVpc(account.ec2, [{ Key: 'Name', Value: 'recode-vpc' }]);
    const { vpcId } = await account.run(createVpc, {});
    expect(vpcId).not.toBe(foreign);
    expect(await publicNames(account.ec2, foreign)).toEqual({ support: true, hostnames: false });
  });

  it('refuses a VPC of ours with another block, and leaves it as it is', async () => {
    await using account = await testAccount();
    const vpcId = await makeVpc(account.ec2, networkTagsOf('recode-vpc'), '10.1.0.0/16');
    const refusal = await account.refusal(createVpc, {});
    expect(refusal).toMatchObject({
      name: 'ResourceDiffers',
      message: expect.stringContaining(`${vpcId} (recode-vpc) has the block 10.1.0.0/16`),
    });
    expect(await publicNames(account.ec2, vpcId)).toEqual({ support: true, hostnames: false });
    expect(await vpcs(account.ec2)).toHaveLength(1);
  });

  it('takes of twins the one that holds our subnet', async () => {
    await using account = await testAccount();
    const twins = [await makeVpc(account.ec2), await makeVpc(account.ec2)].sort();
    const [, higher = ''] = twins;
    await makeSubnet(account.ec2, higher);
    expect(await account.run(createVpc, {})).toEqual({ vpcId: higher });
  });

  it('waits for a VPC that is not visible yet, and finds it after a crash’s five seconds', async () => {
    await using account = await testAccount();
    await account.hideNew(4_000);
    expect((await account.refusal(createVpc, {})).name).toBe('NotVisibleYet');
    account.aws.clock.advance(5_000);
    const { vpcId } = await account.run(createVpc, {});
    expect(await vpcs(account.ec2)).toMatchObject([{ id: vpcId }]);
  });

  it.each([
    ['RequestLimitExceeded', 'RequestThrottled'],
    ['VpcLimitExceeded', 'QuotaReached'],
    ['UnauthorizedOperation', 'PermissionMissing'],
  ])('ends with what %s means', async (code, name) => {
    await using account = await testAccount();
    await account.refuse('CreateVpc', code);
    expect((await account.refusal(createVpc, {})).name).toBe(name);
    expect(await vpcs(account.ec2)).toEqual([]);
  });
});

async function vpcs(ec2: EC2Client) {
  const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({}));
  return Vpcs.map(({ VpcId, CidrBlock, Tags }) => ({ id: VpcId, cidr: CidrBlock, tags: Tags }));
}

async function publicNames(ec2: EC2Client, vpcId: string | undefined) {
  const attribute = (Attribute: VpcAttributeName) => ec2.send(new DescribeVpcAttributeCommand({ VpcId: vpcId, Attribute }));
  const [support, hostnames] = await Promise.all([attribute('enableDnsSupport'), attribute('enableDnsHostnames')]);
  return { support: support.EnableDnsSupport?.Value, hostnames: hostnames.EnableDnsHostnames?.Value };
}
