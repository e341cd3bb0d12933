import { DescribeVpcsCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { configureVpc } from '../../../functions/network/configure-vpc.ts';
import { createVpc } from '../../../functions/network/create-vpc.ts';
import { testAccount } from '../account.ts';
import { makeSubnet, makeVpc, networkTagsOf } from '../resources.ts';

describe('createVpc', () => {
  it('creates the VPC with our name, block and tags', async () => {
    await using account = await testAccount();
    const { vpcId } = await account.run(createVpc, {});
    expect(await vpcs(account.ec2)).toEqual([{ id: vpcId, cidr: '10.0.0.0/16', tags: networkTagsOf('recode-vpc') }]);
  });

  it('finds its own VPC when it runs again', async () => {
    await using account = await testAccount();
    const first = await account.run(createVpc, {});
    expect(await account.run(createVpc, {})).toEqual(first);
    expect(await vpcs(account.ec2)).toHaveLength(1);
  });

  it('adopts the VPC whose creation was not answered', async () => {
    await using account = await testAccount();
    await account.loseAnswer('CreateVpc');
    expect((await account.refusal(createVpc, {})).name).toBe('AwsUnavailable');
    const { vpcId } = await account.run(createVpc, {});
    expect(await vpcs(account.ec2)).toMatchObject([{ id: vpcId }]);
  });

  it('leaves a VPC alone that has our name but not our tag', async () => {
    await using account = await testAccount();
    const foreign = await makeVpc(account.ec2, [{ Key: 'Name', Value: 'recode-vpc' }]);
    const { vpcId } = await account.run(createVpc, {});
    expect(vpcId).not.toBe(foreign);
  });

  it('refuses a VPC of ours with another block, and leaves it as it is', async () => {
    await using account = await testAccount();
    const vpcId = await makeVpc(account.ec2, networkTagsOf('recode-vpc'), '10.1.0.0/16');
    const refusal = await account.refusal(createVpc, {});
    expect(refusal).toMatchObject({
      name: 'ResourceDiffers',
      message: expect.stringContaining(`${vpcId} (recode-vpc) has the block 10.1.0.0/16`),
    });
    expect(await vpcs(account.ec2)).toHaveLength(1);
  });

  it('takes of twins the one that holds our subnet', async () => {
    await using account = await testAccount();
    const twins = [await makeVpc(account.ec2), await makeVpc(account.ec2)].sort();
    const [, higher = ''] = twins;
    await makeSubnet(account.ec2, higher);
    expect(await account.run(createVpc, {})).toEqual({ vpcId: higher });
  });

  it('succeeds at once though its VPC is not visible yet: the step after it waits, and none is made again', async () => {
    await using account = await testAccount();
    account.stopClock();
    await account.hideNew(4_000);
    const vpc = await account.run(createVpc, {});
    const attempts = [await account.refusal(configureVpc, { vpc }), await account.refusal(configureVpc, { vpc })];
    expect(attempts.map(({ name }) => name)).toEqual(['NotVisibleYet', 'NotVisibleYet']);
    account.aws.clock.advance(4_000);
    await account.run(configureVpc, { vpc });
    expect(await vpcs(account.ec2)).toMatchObject([{ id: vpc.vpcId }]);
  });

  it('finds the VPC whose answer was lost after a crash’s five seconds', async () => {
    await using account = await testAccount();
    account.stopClock();
    await account.hideNew(4_000);
    await account.loseAnswer('CreateVpc');
    expect((await account.refusal(createVpc, {})).name).toBe('AwsUnavailable');
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
