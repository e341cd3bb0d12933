import { DescribeInternetGatewaysCommand, DetachInternetGatewayCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { deleteInternetGateway } from '../../../functions/network/delete-internet-gateway.ts';
import { testAccount } from '../account.ts';
import { describeDeletion, ofNetwork } from '../deletion.ts';
import { launched, untilState } from '../launched.ts';
import { makeGateway, makeVpc } from '../resources.ts';

describe('deleteInternetGateway', () => {
  describeDeletion({
    ...ofNetwork('recode-internet-gateway'),
    run: (account) => account.run(deleteInternetGateway, {}),
    describes: 'DescribeInternetGateways',
    deletes: 'DeleteInternetGateway',
    notFound: 'InvalidInternetGatewayID.NotFound',
    inUse: ['DependencyViolation'],
    prepare: async (account) => (tags) => makeGateway(account.ec2, undefined, tags),
    list: async (ec2) => (await gateways(ec2)).map(({ id }) => id),
  });

  it('detaches it from its VPC, and deletes it', async () => {
    await using account = await testAccount();
    await makeGateway(account.ec2, await makeVpc(account.ec2));
    expect(await account.run(deleteInternetGateway, {})).toBeUndefined();
    expect(await gateways(account.ec2)).toEqual([]);
  });

  it('detaches twins from twin VPCs', async () => {
    await using account = await testAccount();
    await makeGateway(account.ec2, await makeVpc(account.ec2));
    await makeGateway(account.ec2, await makeVpc(account.ec2));
    await makeGateway(account.ec2);
    await account.run(deleteInternetGateway, {});
    expect(await gateways(account.ec2)).toEqual([]);
  });

  it('leaves somebody’s gateway of that name attached', async () => {
    await using account = await testAccount();
    const vpcId = await makeVpc(account.ec2);
    const id = await makeGateway(account.ec2, vpcId, [{ Key: 'Name', Value: 'recode-internet-gateway' }]);
    await account.run(deleteInternetGateway, {});
    expect(await gateways(account.ec2)).toEqual([{ id, vpcIds: [vpcId] }]);
  });

  it('waits while our gateway is attached to somebody’s VPC, and leaves it to that', async () => {
    await using account = await testAccount();
    const vpcId = await makeVpc(account.ec2, []);
    const id = await makeGateway(account.ec2, vpcId);
    expect((await account.refusal(deleteInternetGateway, {})).name).toBe('DependencyStillInUse');
    expect(await gateways(account.ec2)).toEqual([{ id, vpcIds: [vpcId] }]);
  });

  it('goes on where DetachInternetGateway was not answered', async () => {
    await using account = await testAccount();
    const id = await makeGateway(account.ec2, await makeVpc(account.ec2));
    await account.loseAnswer('DetachInternetGateway');
    expect((await account.refusal(deleteInternetGateway, {})).name).toBe('AwsUnavailable');
    expect(await gateways(account.ec2)).toEqual([{ id, vpcIds: [] }]);
    await account.run(deleteInternetGateway, {});
    expect(await gateways(account.ec2)).toEqual([]);
  });

  it('deletes a gateway that somebody has just detached', async () => {
    await using account = await testAccount();
    const VpcId = await makeVpc(account.ec2);
    const InternetGatewayId = await makeGateway(account.ec2, VpcId);
    account.amendAnswers('DescribeInternetGatewaysCommand', async () => {
      await account.aws.clients.ec2.send(new DetachInternetGatewayCommand({ InternetGatewayId, VpcId }));
      return {};
    });
    expect(await account.run(deleteInternetGateway, {})).toBeUndefined();
    expect(await gateways(account.aws.clients.ec2)).toEqual([]);
  });

  it.each([
    ['Gateway.NotAttached', 'DependencyStillInUse'],
    ['InvalidInternetGatewayID.NotFound', 'NotVisibleYet'],
    ['InvalidVpcID.NotFound', 'NotVisibleYet'],
    // As where the VPC is not ours: the permission goes by its tags.
    ['UnauthorizedOperation', 'PermissionMissing'],
    ['RequestLimitExceeded', 'RequestThrottled'],
  ])('leaves it attached where EC2 says %s of an attachment that it shows, and deletes it when it comes back', async (code, name) => {
    await using account = await testAccount();
    const vpcId = await makeVpc(account.ec2);
    const id = await makeGateway(account.ec2, vpcId);
    await account.refuse('DetachInternetGateway', code);
    expect((await account.refusal(deleteInternetGateway, {})).name).toBe(name);
    expect(await gateways(account.ec2)).toEqual([{ id, vpcIds: [vpcId] }]);
    await account.run(deleteInternetGateway, {});
    expect(await gateways(account.ec2)).toEqual([]);
  });

  it('waits while an instance in the VPC has a public address', async () => {
    await using account = await testAccount();
    const { document, instanceId } = await launched(account);
    await untilState(account, instanceId, 'running');
    const { vpcId, internetGatewayId: id } = document.network.ids;
    expect(await account.refusal(deleteInternetGateway, {})).toMatchObject({
      name: 'DependencyStillInUse',
      message: expect.stringContaining(`${vpcId} has some mapped public address(es)`),
    });
    expect(await gateways(account.ec2)).toEqual([{ id, vpcIds: [vpcId] }]);
  });
});

async function gateways(ec2: EC2Client) {
  const { InternetGateways = [] } = await ec2.send(new DescribeInternetGatewaysCommand({}));
  return InternetGateways.map(({ InternetGatewayId, Attachments = [] }) => ({
    id: InternetGatewayId,
    vpcIds: Attachments.map(({ VpcId }) => VpcId),
  }));
}
