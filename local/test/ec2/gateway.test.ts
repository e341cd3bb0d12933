import {
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateVpcCommand,
  DeleteInternetGatewayCommand,
  DescribeInternetGatewaysCommand,
  DetachInternetGatewayCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refusal, startEc2, type TestEc2 } from './server.ts';

let test: TestEc2;
beforeEach(async () => {
  test = await startEc2();
});
afterEach(() => test.stop());

const createVpc = async () => (await test.client.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }))).Vpc?.VpcId ?? '';
const createGateway = async () => (await test.client.send(new CreateInternetGatewayCommand({}))).InternetGateway?.InternetGatewayId ?? '';
const attach = (InternetGatewayId: string, VpcId: string) =>
  test.client.send(new AttachInternetGatewayCommand({ InternetGatewayId, VpcId }));
const detach = (InternetGatewayId: string, VpcId: string) =>
  test.client.send(new DetachInternetGatewayCommand({ InternetGatewayId, VpcId }));
const describeGateways = async () => (await test.client.send(new DescribeInternetGatewaysCommand({}))).InternetGateways;

describe('an internet gateway', () => {
  it('is attached to a VPC and detached from it', async () => {
    const [gateway, vpc] = [await createGateway(), await createVpc()];
    expect(await describeGateways()).toMatchObject([{ InternetGatewayId: gateway, Attachments: [], Tags: [] }]);
    await attach(gateway, vpc);
    expect(await describeGateways()).toMatchObject([{ Attachments: [{ VpcId: vpc, State: 'available' }] }]);
    await detach(gateway, vpc);
    expect(await describeGateways()).toMatchObject([{ Attachments: [] }]);
  });

  it('is found by its attachment', async () => {
    const [gateway, vpc] = [await createGateway(), await createVpc()];
    await createGateway();
    await attach(gateway, vpc);
    const by = async (Name: string, value: string) => {
      const { InternetGateways } = await test.client.send(new DescribeInternetGatewaysCommand({ Filters: [{ Name, Values: [value] }] }));
      return InternetGateways?.map(({ InternetGatewayId }) => InternetGatewayId);
    };
    expect(await by('attachment.vpc-id', vpc)).toEqual([gateway]);
    expect(await by('attachment.state', 'available')).toEqual([gateway]);
  });

  it('is attached to at most one VPC, and each VPC has at most one', async () => {
    const [gateway, other, vpc, otherVpc] = [await createGateway(), await createGateway(), await createVpc(), await createVpc()];
    await attach(gateway, vpc);
    const already = {
      code: 'Resource.AlreadyAssociated',
      message: `resource ${gateway} is already attached to network ${vpc}`,
      status: 400,
    };
    expect(await refusal(attach(gateway, vpc))).toEqual(already);
    expect(await refusal(attach(gateway, otherVpc))).toEqual(already);
    expect(await refusal(attach(other, vpc))).toEqual({
      code: 'InvalidParameterValue',
      message: `Network ${vpc} already has an internet gateway attached`,
      status: 400,
    });
  });

  it('is detached only from its VPC', async () => {
    const [gateway, vpc, otherVpc] = [await createGateway(), await createVpc(), await createVpc()];
    const notAttached = (network: string) => ({
      code: 'Gateway.NotAttached',
      message: `resource ${gateway} is not attached to network ${network}`,
      status: 400,
    });
    expect(await refusal(detach(gateway, vpc))).toEqual(notAttached(vpc));
    await attach(gateway, vpc);
    expect(await refusal(detach(gateway, otherVpc))).toEqual(notAttached(otherVpc));
  });

  it('is deleted only if it is detached', async () => {
    const [gateway, vpc] = [await createGateway(), await createVpc()];
    const remove = () => test.client.send(new DeleteInternetGatewayCommand({ InternetGatewayId: gateway }));
    await attach(gateway, vpc);
    expect(await refusal(remove())).toEqual({
      code: 'DependencyViolation',
      message: `The internetGateway '${gateway}' has dependencies and cannot be deleted.`,
      status: 400,
    });
    await detach(gateway, vpc);
    await remove();
    expect(await refusal(remove())).toEqual({
      code: 'InvalidInternetGatewayID.NotFound',
      message: `The internetGateway ID '${gateway}' does not exist`,
      status: 400,
    });
  });

  it('exists at most five times', async () => {
    for (let count = 0; count < 5; count++) await createGateway();
    expect(await refusal(createGateway())).toMatchObject({ code: 'InternetGatewayLimitExceeded' });
  });
});
