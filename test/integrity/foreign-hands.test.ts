import { DeleteItemCommand, DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import {
  DeleteInternetGatewayCommand,
  DeleteKeyPairCommand,
  DeleteNetworkInterfaceCommand,
  DeleteRouteTableCommand,
  DeleteSecurityGroupCommand,
  DeleteSubnetCommand,
  DeleteVpcCommand,
  DetachInternetGatewayCommand,
  DisassociateRouteTableCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { tableName } from '../../core/names.ts';
import { expectInvariants } from '../harness/invariants.ts';
import { expectConverged, inventory } from '../harness/inventory.ts';
import { deployedAws } from '../harness/workflows.ts';
import { enter, expectEmptied, type Outcome, outcomeOf } from './together-race.ts';

let aws: TestAws;
beforeAll(async () => {
  aws = await deployedAws();
});
beforeEach(async () => expect(await outcomeOf(aws, await enter(aws, { kind: 'start' }))).toBe('succeeded'));
afterEach(async () => {
  await aws.post('clock', { rate: 20 });
  await expectEmptied(aws);
});
afterAll(() => aws.stop());

const ec2 = () => aws.clients.ec2;
// Whoever waits for what will never come is ended.
const patienceMilliseconds = 30_000;

/** The instance that was deleted last. A start may replace it, unless a test leaves that out. */
let lost: string | undefined;

async function run(kind: 'start' | 'stop' | 'remove' | 'uninstall', replaces = lost): Promise<Outcome> {
  const executionArn = await enter(aws, { kind, replaces });
  const end = () => aws.clients.sfn.send(new StopExecutionCommand({ executionArn, cause: 'It has waited too long.' }));
  const timer = setTimeout(end, patienceMilliseconds);
  return outcomeOf(aws, executionArn).finally(() => clearTimeout(timer));
}

async function deleteInstance(): Promise<void> {
  const InstanceIds = (await inventory(aws)).instances.flatMap(({ InstanceId }) => InstanceId ?? []);
  lost = InstanceIds[0] ?? lost;
  if (InstanceIds.length > 0) await ec2().send(new TerminateInstancesCommand({ InstanceIds }));
  await vi.waitFor(async () => expect((await inventory(aws)).instances).toEqual([]), { timeout: 10_000, interval: 20 });
}

async function deleteKeyPair(): Promise<void> {
  for (const { KeyPairId } of (await inventory(aws)).keyPairs) await ec2().send(new DeleteKeyPairCommand({ KeyPairId }));
}

/** What uses it has to go first; so it is with each of the following. */
async function deleteInterface(): Promise<void> {
  await deleteInstance();
  for (const { NetworkInterfaceId } of (await inventory(aws)).networkInterfaces)
    await ec2().send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId }));
}

async function deleteGroup(): Promise<void> {
  await deleteInterface();
  for (const { GroupId } of (await inventory(aws)).securityGroups) await ec2().send(new DeleteSecurityGroupCommand({ GroupId }));
}

async function deleteRouteTable(): Promise<void> {
  for (const { RouteTableId, Associations = [] } of (await inventory(aws)).routeTables) {
    for (const { RouteTableAssociationId: AssociationId } of Associations)
      await ec2().send(new DisassociateRouteTableCommand({ AssociationId }));
    await ec2().send(new DeleteRouteTableCommand({ RouteTableId }));
  }
}

async function deleteGateway(): Promise<void> {
  await deleteInstance();
  for (const { InternetGatewayId, Attachments = [] } of (await inventory(aws)).internetGateways) {
    for (const { VpcId } of Attachments) await ec2().send(new DetachInternetGatewayCommand({ InternetGatewayId, VpcId }));
    await ec2().send(new DeleteInternetGatewayCommand({ InternetGatewayId }));
  }
}

async function deleteSubnet(): Promise<void> {
  await deleteInterface();
  for (const { SubnetId } of (await inventory(aws)).subnets) await ec2().send(new DeleteSubnetCommand({ SubnetId }));
}

async function deleteVpc(): Promise<void> {
  await deleteKeyPair();
  await deleteGroup();
  await deleteRouteTable();
  await deleteGateway();
  await deleteSubnet();
  for (const { VpcId } of (await inventory(aws)).vpcs) await ec2().send(new DeleteVpcCommand({ VpcId }));
}

const deleteItem = async (kind: string, id: string): Promise<void> => {
  await aws.clients.dynamodb.send(new DeleteItemCommand({ TableName: tableName, Key: marshall({ kind, id }) }));
};

async function deleteTable(): Promise<void> {
  await aws.clients.dynamodb.send(new DeleteTableCommand({ TableName: tableName }));
  await vi.waitFor(async () => expect((await inventory(aws)).items).toBeUndefined(), { timeout: 10_000, interval: 20 });
}

interface Case {
  readonly what: string;
  readonly destroy: () => Promise<unknown>;
}

const keyPair: Case = { what: 'the key pair', destroy: deleteKeyPair };
const resources: readonly Case[] = [
  { what: 'the instance', destroy: deleteInstance },
  { what: 'the instance and the key pair', destroy: () => deleteInstance().then(deleteKeyPair) },
  { what: 'the network interface', destroy: deleteInterface },
  { what: 'the security group', destroy: deleteGroup },
];
const networkParts: readonly Case[] = [
  { what: 'the route table', destroy: deleteRouteTable },
  { what: 'the internet gateway and the route table', destroy: () => deleteGateway().then(deleteRouteTable) },
  { what: 'the subnet', destroy: deleteSubnet },
  { what: 'everything but the records', destroy: deleteVpc },
];
const claims: readonly Case[] = [
  { what: 'the claim of the name', destroy: () => deleteItem('name', 'acme-api') },
  { what: 'the record of the network', destroy: () => deleteItem('network', 'network') },
];
const records: readonly Case[] = [
  { what: 'the record of the environment', destroy: () => deleteItem('environment', 'alice/acme/api') },
  { what: 'the table', destroy: deleteTable },
];

describe('where somebody has deleted by hand', () => {
  it.each([keyPair, ...resources, ...networkParts, ...claims])('$what, a remove still leaves nothing behind', async ({ destroy }) => {
    await destroy();
    expect(await run('remove')).toBe('succeeded');
  });

  it.each([...resources, ...claims, ...records])('$what, a start repairs it', async ({ destroy }) => {
    await destroy();
    expect(await run('start')).toBe('succeeded');
    await expectInvariants(aws);
    await expectConverged(aws, 1);
  });

  it.each(networkParts)('$what, a start makes it again after a remove and an uninstall', async ({ destroy }) => {
    await destroy();
    for (const kind of ['remove', 'uninstall', 'start'] as const) expect(await run(kind)).toBe('succeeded');
    await expectConverged(aws, 1);
  });

  it.each(records)('$what, a remove says that there is no environment, and after a start it ends well', async ({ destroy }) => {
    await destroy();
    const nothing: readonly Outcome[] = ['EnvironmentNotFound', 'RecodeNotInstalled'];
    expect(nothing).toContain(await run('remove'));
    expect(await run('start')).toBe('succeeded');
    expect(await run('remove')).toBe('succeeded');
  });

  it('the key pair, which an instance needs no more once it is launched, a start finds the instance running', async () => {
    await deleteKeyPair();
    const { instances } = await inventory(aws);
    expect(await run('start')).toBe('succeeded');
    expect((await inventory(aws)).instances).toEqual(instances);
  });

  it('the instance, a stop and a start say so', async () => {
    await deleteInstance();
    expect(await run('stop')).toBe('InstanceGone');
    expect(await run('start', '')).toBe('InstanceGone');
    expect(await run('start')).toBe('succeeded');
    await expectConverged(aws, 1);
  });
});
