import { CreateTableCommand, DeleteTableCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import {
  AssociateRouteTableCommand,
  AttachInternetGatewayCommand,
  DeleteInternetGatewayCommand,
  DeleteKeyPairCommand,
  DeleteNetworkInterfaceCommand,
  DeleteRouteTableCommand,
  DeleteSecurityGroupCommand,
  DeleteSubnetCommand,
  DeleteVpcCommand,
  DetachInternetGatewayCommand,
  DisassociateRouteTableCommand,
} from '@aws-sdk/client-ec2';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { findSecurityGroups, findSubnets, findVpcs } from '../../aws/ec2/resources.ts';
import { explanations } from '../../cli/explanations.ts';
import { type ErrorName, isErrorName } from '../../core/errors.ts';
import { tableName } from '../../core/names.ts';
import { idOf, makeGateway, makeGroup, makeInterface, makeRouteTable, makeSubnet, makeVpc } from '../functions/resources.ts';
import { expectInvariants } from '../harness/invariants.ts';
import { deployedAws, ended } from '../harness/workflows.ts';
import { expectUntouched, idsOf, importKeyPair, type Snapshot, snapshot, tagsOfAnother } from './foreign-account.ts';
import { type Contender, enter, expectEmptied, outcomeOf } from './together-race.ts';

let aws: TestAws;
beforeAll(async () => {
  aws = await deployedAws();
});
afterEach(async () => {
  await aws.delete('faults');
  await aws.post('clock', { rate: 20 });
  await inTheWay?.takeAway();
  inTheWay = undefined;
  await expectEmptied(aws);
});
afterAll(() => aws.stop());

/** Something of somebody's that is in our way: its id, and how its owner takes it away again. */
interface Obstacle {
  readonly id: string;
  takeAway(): Promise<unknown>;
}
let inTheWay: Obstacle | undefined;

/** Puts something of somebody's in our way. Returns its id, and all that is theirs now. */
async function obstruct(put: () => Promise<Obstacle>): Promise<{ id: string; theirs: Snapshot }> {
  const before = await snapshot(aws);
  inTheWay = await put();
  return { id: inTheWay.id, theirs: new Map([...(await snapshot(aws))].filter(([key]) => !before.has(key))) };
}

async function clear(): Promise<void> {
  await inTheWay?.takeAway();
  inTheWay = undefined;
}

const ec2 = () => aws.clients.ec2;
const start: Contender = { kind: 'start' };
const alone = async (contender: Contender) => expect(await outcomeOf(aws, await enter(aws, contender)), contender.kind).toBe('succeeded');
const ourVpc = async () => idOf((await findVpcs(ec2()))[0]?.VpcId);

interface Case {
  readonly title: string;
  /** What there is of Recode before the obstacle comes. */
  readonly scene: () => Promise<unknown>;
  readonly put: () => Promise<Obstacle>;
  readonly error: ErrorName;
}

const nothing = async () => undefined;

/** The network is there, and no environment. */
async function installed(): Promise<void> {
  await alone({ ...start, repository: 'acme/first' });
  await alone({ kind: 'remove', repository: 'acme/first' });
}

/** A first start got as far as to this call; the reason why it failed is of no matter. */
const failedAt = (action: string) => async (): Promise<void> => {
  await aws.post('faults', { service: 'ec2', action, kind: 'error', code: 'VpcLimitExceeded' });
  expect(await outcomeOf(aws, await enter(aws, start))).toBe('QuotaReached');
};

async function groupInOurVpc(tags: Parameters<typeof makeGroup>[2]): Promise<Obstacle> {
  const id = await makeGroup(ec2(), await ourVpc(), tags);
  return { id, takeAway: () => ec2().send(new DeleteSecurityGroupCommand({ GroupId: id })) };
}

async function keyPairOfOurName(tags: Parameters<typeof importKeyPair>[2]): Promise<Obstacle> {
  const id = await importKeyPair(ec2(), 'recode-acme-api-key-pair', tags);
  return { id, takeAway: () => ec2().send(new DeleteKeyPairCommand({ KeyPairId: id })) };
}

async function subnetInOurBlock(): Promise<Obstacle> {
  const id = await makeSubnet(ec2(), await ourVpc(), { tags: [], cidr: '10.0.0.128/25' });
  return { id, takeAway: () => ec2().send(new DeleteSubnetCommand({ SubnetId: id })) };
}

async function gatewayAtOurVpc(): Promise<Obstacle> {
  const VpcId = await ourVpc();
  const id = await makeGateway(ec2(), undefined, []);
  await ec2().send(new AttachInternetGatewayCommand({ InternetGatewayId: id, VpcId }));
  return {
    id,
    async takeAway() {
      await ec2().send(new DetachInternetGatewayCommand({ InternetGatewayId: id, VpcId }));
      await ec2().send(new DeleteInternetGatewayCommand({ InternetGatewayId: id }));
    },
  };
}

async function tableOfOurSubnet(): Promise<Obstacle> {
  const id = await makeRouteTable(ec2(), await ourVpc(), []);
  const [subnet] = await findSubnets(ec2());
  const { AssociationId } = await ec2().send(new AssociateRouteTableCommand({ RouteTableId: id, SubnetId: subnet?.SubnetId }));
  return {
    id,
    async takeAway() {
      await ec2().send(new DisassociateRouteTableCommand({ AssociationId }));
      await ec2().send(new DeleteRouteTableCommand({ RouteTableId: id }));
    },
  };
}

const cases: readonly Case[] = [
  {
    title: 'a security group named like ours in our VPC',
    scene: installed,
    put: () => groupInOurVpc([]),
    error: 'NameOwnedElsewhere',
  },
  {
    title: 'a security group named like ours that is a teammate’s',
    scene: installed,
    put: () => groupInOurVpc(tagsOfAnother('security-group', { 'recode:owner': 'bob' })),
    error: 'NameOwnedElsewhere',
  },
  { title: 'a key pair with our name', scene: nothing, put: () => keyPairOfOurName([]), error: 'NameOwnedElsewhere' },
  {
    title: 'a key pair with our name that is another environment’s',
    scene: installed,
    put: () => keyPairOfOurName(tagsOfAnother('key-pair', { 'recode:repository': 'acme/web' })),
    error: 'NameOwnedElsewhere',
  },
  { title: 'a subnet in our block', scene: failedAt('CreateSubnet'), put: subnetInOurBlock, error: 'NameOwnedElsewhere' },
  { title: 'an internet gateway at our VPC', scene: failedAt('AttachInternetGateway'), put: gatewayAtOurVpc, error: 'ResourceDiffers' },
  { title: 'a route table that our subnet uses', scene: failedAt('CreateRouteTable'), put: tableOfOurSubnet, error: 'ResourceDiffers' },
  {
    title: 'a VPC with our name and tag and another block',
    scene: nothing,
    async put() {
      const id = await makeVpc(ec2(), undefined, '10.9.0.0/16');
      return { id, takeAway: () => ec2().send(new DeleteVpcCommand({ VpcId: id })) };
    },
    error: 'ResourceDiffers',
  },
  {
    title: 'a network interface with our tags in another VPC',
    scene: installed,
    async put() {
      const vpcId = await makeVpc(ec2(), [], '10.9.0.0/16');
      const subnetId = await makeSubnet(ec2(), vpcId, { tags: [], cidr: '10.9.0.0/24' });
      const id = await makeInterface(ec2(), subnetId);
      return {
        id,
        async takeAway() {
          await ec2().send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: id }));
          await ec2().send(new DeleteSubnetCommand({ SubnetId: subnetId }));
          await ec2().send(new DeleteVpcCommand({ VpcId: vpcId }));
        },
      };
    },
    error: 'ResourceDiffers',
  },
];

/** Checks that a start ends with an error that names what is in its way and says what to do, and leaves that alone. */
async function expectRefused(executionArn: string, error: ErrorName, id: string, theirs: Snapshot): Promise<void> {
  const { error: name = '', cause = '{}' } = await ended(aws, executionArn);
  const { errorMessage } = JSON.parse(cause) as { errorMessage: string };
  expect({ name, errorMessage }).toEqual({ name: error, errorMessage: expect.stringContaining(id) });
  expect(isErrorName(name) && explanations[name].nextStep).toMatch(/delete (it|that resource), then run "{command}" again/);
  await expectUntouched(aws, theirs, 'after the start');
}

describe('a start that finds in its way', () => {
  it.each(cases)('$title says so with $error, leaves it alone, and succeeds once it is gone', async ({ scene, put, error }) => {
    await scene();
    const { id, theirs } = await obstruct(put);
    await expectRefused(await enter(aws, start), error, id, theirs);
    await expectInvariants(aws, idsOf(theirs));
    await clear();
    await alone(start);
    await expectInvariants(aws);
  });
});

describe('a start in whose way comes, right before it would make its own,', () => {
  const between: readonly (readonly [string, string, () => Promise<Obstacle>])[] = [
    ['a security group named like ours', 'CreateSecurityGroup', () => groupInOurVpc([])],
    ['a key pair with our name', 'ImportKeyPair', () => keyPairOfOurName([])],
    ['a subnet in our block', 'CreateSubnet', subnetInOurBlock],
  ];

  it.each(between)('%s says so, leaves it alone, and succeeds once it is gone', async (_title, action, put) => {
    await aws.post('faults', { service: 'ec2', action, kind: 'delay', milliseconds: 120_000 });
    const executionArn = await enter(aws, start);
    await vi.waitFor(async () => expect(await aws.get('faults')).toEqual({ faults: [] }), { timeout: 10_000, interval: 10 });
    const { id, theirs } = await obstruct(put);
    await aws.post('clock', { advanceMilliseconds: 120_000 });
    await expectRefused(executionArn, 'NameOwnedElsewhere', id, theirs);
    await expectInvariants(aws, idsOf(theirs));
    await clear();
    await alone(start);
    await expectInvariants(aws);
  });
});

describe('a table of our name that is somebody’s', () => {
  async function tableOfOurName(): Promise<Obstacle> {
    const { dynamodb } = aws.clients;
    await dynamodb.send(
      new CreateTableCommand({
        TableName: tableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'user', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'user', KeyType: 'HASH' }],
      }),
    );
    const Item = { user: { S: 'one of theirs' } };
    await vi.waitFor(() => dynamodb.send(new PutItemCommand({ TableName: tableName, Item })), { timeout: 10_000 });
    return { id: tableName, takeAway: () => dynamodb.send(new DeleteTableCommand({ TableName: tableName })) };
  }
  const items = async () => (await aws.clients.dynamodb.send(new ScanCommand({ TableName: tableName }))).Items;

  it('is left alone by every operation, and said to be in the way', async () => {
    const { id, theirs } = await obstruct(tableOfOurName);
    const before = await items();
    for (const kind of ['start', 'stop', 'remove', 'uninstall'] as const)
      await expectRefused(await enter(aws, { kind }), 'NameOwnedElsewhere', id, theirs);
    expect(await items()).toEqual(before);
    expect(await snapshot(aws)).toEqual(new Map());
    await clear();
    await alone(start);
  });
});

describe('what somebody has put into what is ours', () => {
  async function interfaceInOurGroup(): Promise<Obstacle> {
    const [subnet] = await findSubnets(ec2());
    const [group] = await findSecurityGroups(ec2(), { owner: 'alice', repository: 'acme/api' });
    const id = await makeInterface(ec2(), idOf(subnet?.SubnetId), [idOf(group?.GroupId)], []);
    return { id, takeAway: () => ec2().send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: id })) };
  }

  it.each([
    { kind: 'uninstall', scene: installed, put: () => groupInOurVpc([]) },
    { kind: 'remove', scene: () => alone(start), put: interfaceInOurGroup },
  ] as const)('keeps the $kind from ending, which says so and ends once it is gone', async ({ kind, scene, put }) => {
    await scene();
    const { theirs } = await obstruct(put);
    // It waits a quarter of an hour for whoever uses it.
    await aws.post('clock', { rate: 400 });
    expect(await outcomeOf(aws, await enter(aws, { kind }))).toBe('DependencyStillInUse');
    await aws.post('clock', { rate: 20 });
    await expectUntouched(aws, theirs, `after the ${kind}`);
    await expectInvariants(aws, idsOf(theirs));
    await clear();
    await alone({ kind });
  });
});
