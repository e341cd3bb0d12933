import { DescribeInternetGatewaysCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { createInternetGateway } from '../../../functions/network/create-internet-gateway.ts';
import { testAccount } from '../account.ts';
import { makeGateway, makeVpc, networkTagsOf } from '../resources.ts';

describe('createInternetGateway', () => {
  it('creates the gateway with our name and tags', async () => {
    await using account = await testAccount();
    const { internetGatewayId } = await account.run(createInternetGateway, {});
    expect(await gateways(account.ec2)).toEqual([
      {
        InternetGatewayId: internetGatewayId,
        OwnerId: account.aws.accountId,
        Attachments: [],
        Tags: networkTagsOf('recode-internet-gateway'),
      },
    ]);
  });

  it('finds its own gateway when it runs again', async () => {
    await using account = await testAccount();
    const first = await account.run(createInternetGateway, {});
    expect(await account.run(createInternetGateway, {})).toEqual(first);
    expect(await gateways(account.ec2)).toHaveLength(1);
  });

  it('adopts the gateway whose creation was not answered', async () => {
    await using account = await testAccount();
    await account.loseAnswer('CreateInternetGateway');
    expect((await account.refusal(createInternetGateway, {})).name).toBe('AwsUnavailable');
    const { internetGatewayId } = await account.run(createInternetGateway, {});
    expect(await gateways(account.ec2)).toMatchObject([{ InternetGatewayId: internetGatewayId }]);
  });

  it('takes of twins the one that is attached', async () => {
    await using account = await testAccount();
    const vpcId = await makeVpc(account.ec2);
    await makeGateway(account.ec2);
    const attached = await makeGateway(account.ec2, vpcId);
    await makeGateway(account.ec2);
    expect(await account.run(createInternetGateway, {})).toEqual({ internetGatewayId: attached });
  });

  it('takes of unattached twins always the same one', async () => {
    await using account = await testAccount();
    const twins = [await makeGateway(account.ec2), await makeGateway(account.ec2), await makeGateway(account.ec2)].sort();
    expect(await account.run(createInternetGateway, {})).toEqual({ internetGatewayId: twins[0] });
  });

  it('leaves a gateway alone that has our name but not our tag', async () => {
    await using account = await testAccount();
    const foreign = await makeGateway(account.ec2, undefined, [{ Key: 'Name', Value: 'recode-internet-gateway' }]);
    const { internetGatewayId } = await account.run(createInternetGateway, {});
    expect(internetGatewayId).not.toBe(foreign);
  });

  it.each([
    ['InternetGatewayLimitExceeded', 'QuotaReached'],
    ['RequestLimitExceeded', 'RequestThrottled'],
    ['UnauthorizedOperation', 'PermissionMissing'],
  ])('ends with what %s means', async (code, name) => {
    await using account = await testAccount();
    await account.refuse('CreateInternetGateway', code);
    expect((await account.refusal(createInternetGateway, {})).name).toBe(name);
  });
});

async function gateways(ec2: EC2Client) {
  const { InternetGateways = [] } = await ec2.send(new DescribeInternetGatewaysCommand({}));
  return InternetGateways;
}
