import { CreateTagsCommand, type EC2Client, ImportKeyPairCommand } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  describeInstances,
  findInstances,
  findInternetGateways,
  findKeyPair,
  findNetworkInterface,
  findRouteTables,
  findSecurityGroup,
  findSubnet,
  findVpcs,
} from '../../aws/resources.ts';
import { type TestAccount, testAccount } from '../functions/account.ts';
import { environment, publicKey } from '../functions/documents.ts';
import { launched, untilState } from '../functions/launched.ts';
import { makeGateway, makeVpc } from '../functions/resources.ts';

/** One environment with everything it has, beside a VPC and a gateway of somebody else's. */
let account: TestAccount;
let ec2: EC2Client;
let made: Awaited<ReturnType<typeof launched>>;
beforeAll(async () => {
  account = await testAccount();
  ec2 = account.ec2;
  made = await launched(account);
  await makeVpc(ec2, [{ Key: 'Name', Value: 'recode-vpc' }]);
  await makeGateway(ec2, undefined, [{ Key: 'recode:managed-by', Value: 'recode' }]);
});
afterAll(() => account[Symbol.asyncDispose]());

describe('the network', () => {
  it('is found by its names and our tag, both', async () => {
    const { vpcId, subnetId, internetGatewayId } = made.document.network.ids;
    expect(await findVpcs(ec2)).toMatchObject([{ VpcId: vpcId }]);
    expect(await findSubnet(ec2)).toMatchObject({ SubnetId: subnetId });
    expect(await findInternetGateways(ec2)).toMatchObject([{ InternetGatewayId: internetGatewayId }]);
    expect(await findRouteTables(ec2, vpcId)).toEqual([]);
  });

  it('lists twins by their ids', async () => {
    await using other = await testAccount();
    const ids = [await makeVpc(other.ec2), await makeVpc(other.ec2), await makeVpc(other.ec2)];
    expect((await findVpcs(other.ec2)).map(({ VpcId }) => VpcId)).toEqual(ids.toSorted());
  });

  it('is nothing in an empty region', async () => {
    await using empty = await testAccount();
    expect([await findVpcs(empty.ec2), await findSubnet(empty.ec2), await findInternetGateways(empty.ec2)]).toEqual([[], undefined, []]);
  });
});

describe('an environment', () => {
  it('is found with its group, interface and instance', async () => {
    expect(await findSecurityGroup(ec2, environment)).toMatchObject({ GroupId: made.document.securityGroup.securityGroupId });
    expect(await findNetworkInterface(ec2, environment)).toMatchObject({
      NetworkInterfaceId: made.document.networkInterface.networkInterfaceId,
    });
    expect(await findInstances(ec2, environment)).toMatchObject([{ InstanceId: made.instanceId }]);
  });

  it.each([{ owner: 'bob' }, { repository: 'acme/web' }, { name: 'acme-web' }])('is not found as another one: %o', async (other) => {
    const belonging = { ...environment, ...other };
    expect(await findSecurityGroup(ec2, belonging)).toBeUndefined();
    expect(await findNetworkInterface(ec2, belonging)).toBeUndefined();
    expect(await findInstances(ec2, belonging)).toEqual([]);
  });

  it.each(['acme-*', 'acme?api', '*', 'acme\\-api'])(
    'is not found by the name %s: a filter’s wildcards stand for themselves',
    async (name) => {
      expect(await findSecurityGroup(ec2, { ...environment, name })).toBeUndefined();
      expect(await findInstances(ec2, { ...environment, name })).toEqual([]);
    },
  );

  it('is found by a name with other signs that a tag may have', async () => {
    const name = 'acme.api+1=@x';
    const groupId = made.document.securityGroup.securityGroupId ?? '';
    await ec2.send(new CreateTagsCommand({ Resources: [groupId], Tags: [{ Key: 'recode:environment', Value: name }] }));
    expect(await findSecurityGroup(ec2, { ...environment, name })).toMatchObject({ GroupId: groupId });
    await ec2.send(new CreateTagsCommand({ Resources: [groupId], Tags: [{ Key: 'recode:environment', Value: environment.name }] }));
  });
});

describe('a key pair', () => {
  it('is found by its name alone, whoever’s it is', async () => {
    await ec2.send(new ImportKeyPairCommand({ KeyName: 'somebody', PublicKeyMaterial: Buffer.from(publicKey(3)) }));
    expect(await findKeyPair(ec2, 'somebody')).toMatchObject({ KeyName: 'somebody', Tags: [] });
    expect(await findKeyPair(ec2, 'some')).toBeUndefined();
  });
});

describe('an instance', () => {
  it('is found by its recorded id first', async () => {
    expect(await findInstances(ec2, { ...environment, owner: 'bob' }, made.instanceId)).toMatchObject([{ InstanceId: made.instanceId }]);
    expect(await findInstances(ec2, environment, 'i-00000000000000000')).toMatchObject([{ InstanceId: made.instanceId }]);
  });

  it('that is not visible is absent', async () => {
    expect(await describeInstances(ec2, [{ Name: 'instance-id', Values: ['i-00000000000000000'] }])).toEqual([]);
  });

  it('counts only while it lives', async () => {
    await using other = await testAccount();
    await other.aws.post('ec2', { launches: [{ outcome: 'terminated' }] });
    const { instanceId } = await launched(other);
    expect(await findInstances(other.ec2, environment, instanceId)).toHaveLength(1);
    await untilState(other, instanceId, 'terminated');
    expect(await findInstances(other.ec2, environment, instanceId)).toEqual([]);
  });
});
