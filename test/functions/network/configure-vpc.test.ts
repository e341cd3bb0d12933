import { DescribeVpcAttributeCommand, type EC2Client, ModifyVpcAttributeCommand, type VpcAttributeName } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { configureVpc } from '../../../functions/network/configure-vpc.ts';
import { testAccount } from '../account.ts';
import { makeVpc } from '../resources.ts';

const document = (vpcId: string) => ({ vpc: { vpcId } });

describe('configureVpc', () => {
  it('gives the instances of a new VPC public names', async () => {
    await using account = await testAccount();
    const vpcId = await makeVpc(account.ec2);
    expect(await publicNames(account.ec2, vpcId)).toEqual({ support: true, hostnames: false });
    expect(await account.run(configureVpc, document(vpcId))).toBeUndefined();
    expect(await publicNames(account.ec2, vpcId)).toEqual({ support: true, hostnames: true });
  });

  it('turns the DNS of a VPC on again that somebody turned off', async () => {
    await using account = await testAccount();
    const vpcId = await makeVpc(account.ec2);
    await account.ec2.send(new ModifyVpcAttributeCommand({ VpcId: vpcId, EnableDnsSupport: { Value: false } }));
    await account.run(configureVpc, document(vpcId));
    expect(await publicNames(account.ec2, vpcId)).toEqual({ support: true, hostnames: true });
  });

  it('changes nothing when it runs again', async () => {
    await using account = await testAccount();
    const vpcId = await makeVpc(account.ec2);
    await account.run(configureVpc, document(vpcId));
    expect(await account.run(configureVpc, document(vpcId))).toBeUndefined();
    expect(await publicNames(account.ec2, vpcId)).toEqual({ support: true, hostnames: true });
  });

  it.each([0, 1])('completes what an attempt left after %d attributes', async (skip) => {
    await using account = await testAccount();
    const vpcId = await makeVpc(account.ec2);
    await account.refuse('ModifyVpcAttribute', 'InternalError', skip);
    expect((await account.refusal(configureVpc, document(vpcId))).name).toBe('AwsUnavailable');
    await account.run(configureVpc, document(vpcId));
    expect(await publicNames(account.ec2, vpcId)).toEqual({ support: true, hostnames: true });
  });

  it('waits for a VPC that is not visible yet', async () => {
    await using account = await testAccount();
    account.stopClock();
    await account.hideNew(3_000);
    const vpcId = await makeVpc(account.ec2);
    expect((await account.refusal(configureVpc, document(vpcId))).name).toBe('NotVisibleYet');
    account.aws.clock.advance(3_000);
    await account.run(configureVpc, document(vpcId));
    expect(await publicNames(account.ec2, vpcId)).toEqual({ support: true, hostnames: true });
  });

  it('leaves every other VPC as it is', async () => {
    await using account = await testAccount();
    const foreign = await makeVpc(account.ec2, []);
    await account.run(configureVpc, document(await makeVpc(account.ec2)));
    expect(await publicNames(account.ec2, foreign)).toEqual({ support: true, hostnames: false });
  });

  it.each([
    ['RequestLimitExceeded', 'RequestThrottled'],
    ['UnauthorizedOperation', 'PermissionMissing'],
  ])('ends with what %s means', async (code, name) => {
    await using account = await testAccount();
    const vpcId = await makeVpc(account.ec2);
    await account.refuse('ModifyVpcAttribute', code);
    expect((await account.refusal(configureVpc, document(vpcId))).name).toBe(name);
  });

  it('refuses a document without the VPC', async () => {
    await using account = await testAccount();
    expect(await account.refusal(configureVpc, { vpc: {} })).toMatchObject({
      name: 'InputNotValid',
      message: expect.stringContaining('vpc.vpcId'),
    });
  });
});

async function publicNames(ec2: EC2Client, vpcId: string) {
  const attribute = (Attribute: VpcAttributeName) => ec2.send(new DescribeVpcAttributeCommand({ VpcId: vpcId, Attribute }));
  const [support, hostnames] = await Promise.all([attribute('enableDnsSupport'), attribute('enableDnsHostnames')]);
  return { support: support.EnableDnsSupport?.Value, hostnames: hostnames.EnableDnsHostnames?.Value };
}
