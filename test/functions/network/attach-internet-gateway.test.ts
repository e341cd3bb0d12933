import { DescribeInternetGatewaysCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { attachInternetGateway } from '../../../functions/network/attach-internet-gateway.ts';
import { testAccount } from '../account.ts';
import { makeGateway, makeVpc } from '../resources.ts';

const document = (vpcId: string, internetGatewayId: string) => ({ vpc: { vpcId }, internetGateway: { internetGatewayId } });

describe('attachInternetGateway', () => {
  it('attaches the gateway to the VPC, once', async () => {
    await using account = await testAccount();
    const vpcId = await makeVpc(account.ec2);
    const gatewayId = await makeGateway(account.ec2);
    expect(await account.run(attachInternetGateway, document(vpcId, gatewayId))).toBeUndefined();
    expect(await account.run(attachInternetGateway, document(vpcId, gatewayId))).toBeUndefined();
    expect(await attachmentsOf(account.ec2, gatewayId)).toEqual([vpcId]);
  });

  it('is content with an attachment that was not answered', async () => {
    await using account = await testAccount();
    const vpcId = await makeVpc(account.ec2);
    const gatewayId = await makeGateway(account.ec2);
    await account.loseAnswer('AttachInternetGateway');
    expect((await account.refusal(attachInternetGateway, document(vpcId, gatewayId))).name).toBe('AwsUnavailable');
    expect(await account.run(attachInternetGateway, document(vpcId, gatewayId))).toBeUndefined();
    expect(await attachmentsOf(account.ec2, gatewayId)).toEqual([vpcId]);
  });

  it('refuses a gateway that is attached to another VPC, and leaves it there', async () => {
    await using account = await testAccount();
    const [ours, theirs] = [await makeVpc(account.ec2), await makeVpc(account.ec2, [])];
    const gatewayId = await makeGateway(account.ec2, theirs);
    expect(await account.refusal(attachInternetGateway, document(ours, gatewayId))).toMatchObject({
      name: 'ResourceDiffers',
      message: `The internet gateway ${gatewayId} is attached to ${theirs}, not to ${ours}.`,
    });
    expect(await attachmentsOf(account.ec2, gatewayId)).toEqual([theirs]);
  });

  it('names the other gateway that the VPC has', async () => {
    await using account = await testAccount();
    const vpcId = await makeVpc(account.ec2);
    const otherId = await makeGateway(account.ec2, vpcId, []);
    const gatewayId = await makeGateway(account.ec2);
    expect(await account.refusal(attachInternetGateway, document(vpcId, gatewayId))).toMatchObject({
      name: 'ResourceDiffers',
      message: expect.stringContaining(otherId),
    });
  });

  it('comes back where EC2 says that it is attached and does not show it', async () => {
    await using account = await testAccount();
    const vpcId = await makeVpc(account.ec2);
    const gatewayId = await makeGateway(account.ec2);
    await account.refuse('AttachInternetGateway', 'Resource.AlreadyAssociated');
    expect((await account.refusal(attachInternetGateway, document(vpcId, gatewayId))).name).toBe('NotVisibleYet');
    expect(await account.run(attachInternetGateway, document(vpcId, gatewayId))).toBeUndefined();
  });

  it('waits for a gateway that is not visible yet', async () => {
    await using account = await testAccount();
    const vpcId = await makeVpc(account.ec2);
    await account.hideNew(1_000);
    const gatewayId = await makeGateway(account.ec2);
    expect((await account.refusal(attachInternetGateway, document(vpcId, gatewayId))).name).toBe('NotVisibleYet');
    account.aws.clock.advance(1_000);
    expect(await account.run(attachInternetGateway, document(vpcId, gatewayId))).toBeUndefined();
  });

  it('ends with what UnauthorizedOperation means', async () => {
    await using account = await testAccount();
    await account.refuse('AttachInternetGateway', 'UnauthorizedOperation');
    expect((await account.refusal(attachInternetGateway, document('vpc-1', 'igw-1'))).name).toBe('PermissionMissing');
  });

  it('refuses a document without the gateway', async () => {
    await using account = await testAccount();
    expect(await account.refusal(attachInternetGateway, { vpc: { vpcId: 'vpc-1' } })).toMatchObject({
      name: 'InputNotValid',
      message: expect.stringContaining('internetGateway'),
    });
  });
});

async function attachmentsOf(ec2: EC2Client, gatewayId: string) {
  const { InternetGateways = [] } = await ec2.send(new DescribeInternetGatewaysCommand({ InternetGatewayIds: [gatewayId] }));
  return InternetGateways[0]?.Attachments?.map(({ VpcId }) => VpcId);
}
