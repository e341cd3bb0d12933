import { CreateTagsCommand, DeleteTagsCommand, type EC2Client, ImportKeyPairCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  describeInstances,
  findInstances,
  findInstancesAlsoEnded,
  findInternetGateways,
  findKeyPairs,
  findNamedKeyPair,
  findNetworkInterfaces,
  findRemainingInstances,
  findRouteTables,
  findSecurityGroups,
  findSubnets,
  findVolumes,
  findVpcs,
  stoppedAtOf,
} from '../../../aws/ec2/resources.ts';
import type { Owned } from '../../../core/tags.ts';
import { type TestAccount, testAccount } from '../../functions/account.ts';
import { environment, publicKey } from '../../functions/documents.ts';
import { launchByHand, launched, untilState } from '../../functions/launched.ts';
import { makeGateway, makeRouteTable, makeSubnet, makeVpc } from '../../functions/resources.ts';

/** One environment with everything it has, beside a VPC and a gateway of somebody else's. */
let account: TestAccount;
let ec2: EC2Client;
let made: Awaited<ReturnType<typeof launched>>;
beforeAll(async () => {
  account = await testAccount();
  ec2 = account.ec2;
  made = await launched(account);
  await makeVpc(ec2, [{ Key: 'Name', Value: 'recode-vpc' }]);
  await makeGateway(ec2, undefined, [{ Key: 'Name', Value: 'recode-internet-gateway' }]);
});
afterAll(() => account[Symbol.asyncDispose]());

const finders: ((ec2: EC2Client, owned: Owned) => Promise<object[]>)[] = [
  findSecurityGroups,
  findKeyPairs,
  findNetworkInterfaces,
  findInstances,
  findRemainingInstances,
  findVolumes,
];

describe('the network', () => {
  it('is found by our tag, whatever the names are', async () => {
    const { vpcId, subnets, internetGatewayId } = made.document.network.ids;
    expect(await findVpcs(ec2)).toMatchObject([{ VpcId: vpcId }]);
    expect(await findSubnets(ec2)).toMatchObject([{ SubnetId: subnets[0].subnetId }]);
    expect(await findInternetGateways(ec2)).toMatchObject([{ InternetGatewayId: internetGatewayId }]);
    expect(await findRouteTables(ec2, vpcId)).toEqual([]);
  });

  it('lists twins by their ids, in whichever VPC they are', async () => {
    await using other = await testAccount();
    const vpcIds = [await makeVpc(other.ec2), await makeVpc(other.ec2), await makeVpc(other.ec2)];
    expect((await findVpcs(other.ec2)).map(({ VpcId }) => VpcId)).toEqual(vpcIds.toSorted());
    const subnetIds = [];
    const tableIds = [];
    for (const vpcId of vpcIds) {
      subnetIds.push(await makeSubnet(other.ec2, vpcId));
      tableIds.push(await makeRouteTable(other.ec2, vpcId));
    }
    expect((await findSubnets(other.ec2)).map(({ SubnetId }) => SubnetId)).toEqual(subnetIds.toSorted());
    expect((await findRouteTables(other.ec2)).map(({ RouteTableId }) => RouteTableId)).toEqual(tableIds.toSorted());
    expect((await findRouteTables(other.ec2, vpcIds[1])).map(({ RouteTableId }) => RouteTableId)).toEqual([tableIds[1]]);
  });

  it('has no route table but the one of our tags', async () => {
    await using other = await testAccount();
    const vpcId = await makeVpc(other.ec2);
    await makeRouteTable(other.ec2, vpcId, []);
    expect(await findRouteTables(other.ec2)).toEqual([]);
  });

  it('is nothing in an empty region', async () => {
    await using empty = await testAccount();
    expect([await findVpcs(empty.ec2), await findSubnets(empty.ec2), await findInternetGateways(empty.ec2)]).toEqual([[], [], []]);
  });
});

describe('an environment', () => {
  it('is found with its group, key, interface, instance and volume', async () => {
    const { securityGroup, networkInterface, keyPair } = made.document;
    expect(await findSecurityGroups(ec2, environment)).toMatchObject([{ GroupId: securityGroup.securityGroupId }]);
    expect(await findKeyPairs(ec2, environment)).toMatchObject([{ KeyName: keyPair.keyName }]);
    expect(await findNetworkInterfaces(ec2, environment)).toMatchObject([{ NetworkInterfaceId: networkInterface.networkInterfaceId }]);
    expect(await findInstances(ec2, environment)).toMatchObject([{ InstanceId: made.instanceId }]);
    expect(await findVolumes(ec2, environment)).toMatchObject([{ Attachments: [{ InstanceId: made.instanceId }] }]);
  });

  it.each([{ owner: 'bob' }, { repository: 'acme/web' }])('is not found as another one: %o', async (other) => {
    for (const find of finders) expect(await find(ec2, { ...environment, ...other }), find.name).toEqual([]);
  });

  it.each(['acme/*', 'acme?api', '*', 'acme\\/api'])(
    'is not found by the repository %s: a filter’s wildcards stand for themselves',
    async (repository) => {
      for (const find of finders) expect(await find(ec2, { ...environment, repository }), find.name).toEqual([]);
    },
  );

  it('is found by a repository with other signs that a tag may have, whatever its name', async () => {
    const groupId = made.document.securityGroup.securityGroupId ?? '';
    const tag = (key: string, value: string) =>
      ec2.send(new CreateTagsCommand({ Resources: [groupId], Tags: [{ Key: `recode:${key}`, Value: value }] }));
    const repository = 'acme/api.1+2=@x';
    await tag('repository', repository);
    await tag('environment', 'billing');
    expect(await findSecurityGroups(ec2, { ...environment, repository })).toMatchObject([{ GroupId: groupId }]);
    await tag('repository', environment.repository);
    await tag('environment', environment.name);
  });
});

describe('a key pair', () => {
  it('is found by its name alone, whoever’s it is', async () => {
    await ec2.send(new ImportKeyPairCommand({ KeyName: 'somebody', PublicKeyMaterial: Buffer.from(publicKey(3)) }));
    expect(await findNamedKeyPair(ec2, 'somebody')).toMatchObject({ KeyName: 'somebody', Tags: [] });
    expect(await findNamedKeyPair(ec2, 'some')).toBeUndefined();
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
    expect(await findInstancesAlsoEnded(other.ec2, environment)).toEqual([]);
    expect(await findInstancesAlsoEnded(other.ec2, environment, instanceId)).toMatchObject([
      { InstanceId: instanceId, State: { Name: 'terminated' }, StateReason: { Code: 'Server.InternalError' } },
    ]);
  });
});

// The first two as AWS has answered, in public repositories; the first is also in AWS Config's answers. The others name no time of a stop. "This might
// be an empty string": https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html
it.each([
  ['stopped', 'User initiated (2020-12-05 19:35:13 GMT)', '2020-12-05T19:35:13.000Z'],
  ['stopped', 'User initiated (2019-04-08 14:29:07 UTC)', '2019-04-08T14:29:07.000Z'],
  ['stopped', 'User initiated', undefined],
  ['stopped', 'User initiated (2020-13-45 19:35:13 GMT)', undefined],
  ['stopped', 'Server.InternalError', undefined],
  ['stopped', '', undefined],
  ['stopped', undefined, undefined],
  ['running', 'User initiated (2020-12-05 19:35:13 GMT)', undefined],
] as const)('reads when an instance that is %s was stopped from %s: %s', (Name, StateTransitionReason, stopped) => {
  expect(stoppedAtOf({ State: { Name }, StateTransitionReason })?.toISOString()).toBe(stopped);
});

describe('what remains of an environment', () => {
  it('is its instance until that is terminated', async () => {
    await using other = await testAccount();
    const { instanceId } = await launched(other);
    expect(await findRemainingInstances(other.ec2, environment)).toMatchObject([{ InstanceId: instanceId }]);
    await other.ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
    const going = [{ InstanceId: instanceId, State: { Name: 'shutting-down' } }];
    expect(await findRemainingInstances(other.ec2, environment)).toMatchObject(going);
    expect(await findRemainingInstances(other.ec2, environment, instanceId)).toMatchObject(going);
    expect(await findInstances(other.ec2, environment, instanceId)).toEqual([]);
    await untilState(other, instanceId, 'terminated');
    expect(await findRemainingInstances(other.ec2, environment, instanceId)).toEqual([]);
  });

  it('is also the recorded instance that has lost its tags, beside those that have them', async () => {
    await using other = await testAccount();
    const { document, instanceId } = await launched(other);
    await other.ec2.send(new DeleteTagsCommand({ Resources: [instanceId] }));
    expect(await findRemainingInstances(other.ec2, environment)).toEqual([]);
    expect(await findRemainingInstances(other.ec2, environment, instanceId)).toMatchObject([{ InstanceId: instanceId }]);
    const twin = await launchByHand(other, document);
    expect(await findRemainingInstances(other.ec2, environment)).toMatchObject([{ InstanceId: twin }]);
    expect((await findRemainingInstances(other.ec2, environment, instanceId)).map(({ InstanceId }) => InstanceId).toSorted()).toEqual(
      [instanceId, twin].toSorted(),
    );
  });

  it('is its volume until that goes with the instance', async () => {
    await using other = await testAccount();
    const { instanceId } = await launched(other);
    expect(await findVolumes(other.ec2, environment)).toHaveLength(1);
    await other.ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
    await untilState(other, instanceId, 'terminated');
    expect(await findVolumes(other.ec2, environment)).toEqual([]);
  });
});
