import { DeleteItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import {
  CreateNetworkInterfaceCommand,
  CreateTagsCommand,
  DeleteInternetGatewayCommand,
  DeleteKeyPairCommand,
  DeleteNetworkInterfaceCommand,
  DeleteRouteCommand,
  DeleteRouteTableCommand,
  DeleteSecurityGroupCommand,
  DeleteSubnetCommand,
  DeleteTagsCommand,
  DeleteVpcCommand,
  DetachInternetGatewayCommand,
  DisassociateRouteTableCommand,
  type Instance,
  ModifyInstanceAttributeCommand,
  ModifySubnetAttributeCommand,
  ModifyVolumeCommand,
  ModifyVpcAttributeCommand,
  RevokeSecurityGroupIngressCommand,
  RunInstancesCommand,
  type RunInstancesCommandInput,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { ReconcileOutput } from '../../core/document.ts';
import type { Finding } from '../../core/finding.ts';
import { tableName } from '../../core/names.ts';
import { hasTags, managedBy } from '../../core/tags.ts';
import { operationOf } from '../functions/documents.ts';
import { environmentTagsOf, makeGateway, makeRouteTable, makeVpc, tagging } from '../functions/resources.ts';
import { type Inventory, inventory } from '../harness/inventory.ts';
import { begin, deployedAws, ended, runStart, runStop } from '../harness/workflows.ts';
import { snapshot } from './foreign-account.ts';

let aws: TestAws;
/** What somebody else has in the account, by its id. */
let foreign: ReadonlyMap<string, unknown>;
beforeAll(async () => {
  aws = await deployedAws();
  // Alice administers Recode.
  await aws.post('lambda', { environment: { RECODE_TEAMMATES: 'everyone', RECODE_ADMINISTRATORS: 'arn:aws:iam::*:user/alice' } });
  await makeGateway(aws.clients.ec2, undefined, []);
  foreign = await snapshot(aws);
  expect((await start()).status).toBe('SUCCEEDED');
  await aws.post('clock', { advanceMilliseconds: 3_600_000 });
});
afterAll(() => aws.stop());

/** Hours pass in these tests. */
const start = (given: { replaces?: string } = {}) => runStart(aws, { autoStop: { kind: 'never' }, ...given });

/** Checks the records, as `recode aws doctor` does. */
async function doctor(input: { extent?: 'all'; delete?: string[] } = {}): Promise<Finding[]> {
  const { status, output, cause } = await ended<ReconcileOutput>(aws, await begin(aws, 'reconcile', { caller: 'alice', ...input }));
  expect(status, cause).toBe('SUCCEEDED');
  if (output?.status !== 'checked') throw new Error('Recode is not installed.');
  const deleted = output.deletion?.deleted ?? [];
  return output.found.first.filter(({ outcome, id }) => outcome !== 'fixed' && !deleted.includes(id));
}

async function expectForeignUntouched(): Promise<void> {
  const now = await snapshot(aws);
  for (const [id, before] of foreign) expect(now.get(id), id).toEqual(before);
}

const ec2 = () => aws.clients.ec2;
const firstOf = <Item>([first]: readonly Item[]): Item => {
  if (first === undefined) throw new Error('There is none.');
  return first;
};

/** What somebody does behind Recode's back, and what a check says of it. */
const cases: readonly (readonly [what: string, says: string, change: (found: Inventory) => Promise<unknown>])[] = [
  [
    'a rule is revoked',
    'differs security group',
    ({ securityGroups }) => {
      const { GroupId, IpPermissions } = firstOf(securityGroups);
      return ec2().send(new RevokeSecurityGroupIngressCommand({ GroupId, IpPermissions }));
    },
  ],
  [
    'the key pair is deleted',
    'missing key pair',
    ({ keyPairs }) => ec2().send(new DeleteKeyPairCommand({ KeyPairId: firstOf(keyPairs).KeyPairId })),
  ],
  [
    'the claim on the name is deleted',
    'missing name',
    () => aws.clients.dynamodb.send(new DeleteItemCommand({ TableName: tableName, Key: marshall({ kind: 'name', id: 'acme-api' }) })),
  ],
  [
    'the route is deleted',
    'differs route table',
    ({ routeTables }) =>
      ec2().send(new DeleteRouteCommand({ RouteTableId: firstOf(routeTables).RouteTableId, DestinationCidrBlock: '0.0.0.0/0' })),
  ],
  ['the subnet is disassociated', 'differs subnet', disassociate],
  [
    'the route table is deleted',
    'missing route table',
    async (found) => {
      await disassociate(found);
      await ec2().send(new DeleteRouteTableCommand({ RouteTableId: firstOf(found.routeTables).RouteTableId }));
    },
  ],
  [
    'the subnet gives no public addresses',
    'differs subnet',
    ({ subnets }) =>
      ec2().send(new ModifySubnetAttributeCommand({ SubnetId: firstOf(subnets).SubnetId, MapPublicIpOnLaunch: { Value: false } })),
  ],
  [
    'the VPC gives no names',
    'differs VPC',
    ({ vpcs }) => ec2().send(new ModifyVpcAttributeCommand({ VpcId: firstOf(vpcs).VpcId, EnableDnsHostnames: { Value: false } })),
  ],
];

/** The same while the environment is stopped: EC2 allows these only without public addresses, or while the instance does not run. */
const stoppedCases: typeof cases = [
  ['the internet gateway is detached', 'differs internet gateway', detach],
  [
    'the internet gateway is deleted',
    'missing internet gateway',
    async (found) => {
      await detach(found);
      await ec2().send(new DeleteInternetGatewayCommand({ InternetGatewayId: ownGateway(found).InternetGatewayId }));
    },
  ],
  [
    'the instance type is changed in the console',
    'differs instance',
    ({ instances }) =>
      ec2().send(new ModifyInstanceAttributeCommand({ InstanceId: firstOf(instances).InstanceId, InstanceType: { Value: 't3.medium' } })),
  ],
  [
    'the volume is grown in the console',
    'differs volume',
    async ({ volumes }) => {
      await ec2().send(new ModifyVolumeCommand({ VolumeId: firstOf(volumes).VolumeId, Size: 24 }));
      await vi.waitFor(async () => expect((await inventory(aws)).volumes[0]?.Size).toBe(24), { timeout: 20_000, interval: 50 });
    },
  ],
  ['a dead execution holds the environment', 'stale lock', () => lock({ kind: 'environment', id: 'alice/acme/api' }, 'stop')],
  ['a dead execution holds the network', 'stale lock', () => lock({ kind: 'network', id: 'network' }, 'start')],
];

/** What somebody doubles, and what a check says of it. Each returns the ID of what it has made. */
const doubles: readonly (readonly [what: string, says: string, double: (found: Inventory) => Promise<string | undefined>])[] = [
  ['instance', 'duplicate instance', ({ instances }) => launchTwin(firstOf(instances))],
  [
    'volume',
    'orphan volume',
    async ({ instances, volumes }) => {
      // One that outlives its instance.
      const BlockDeviceMappings = [{ DeviceName: firstOf(instances).RootDeviceName, Ebs: { DeleteOnTermination: false } }];
      await terminated((await launchTwin(firstOf(instances), { BlockDeviceMappings })) ?? '');
      return (await inventory(aws)).volumes.find(({ VolumeId }) => VolumeId !== firstOf(volumes).VolumeId)?.VolumeId;
    },
  ],
  [
    'network interface',
    'duplicate network interface',
    async ({ subnets }) => {
      const TagSpecifications = tagging('network-interface', environmentTagsOf('network-interface'));
      const made = await ec2().send(new CreateNetworkInterfaceCommand({ SubnetId: firstOf(subnets).SubnetId, TagSpecifications }));
      return made.NetworkInterface?.NetworkInterfaceId;
    },
  ],
  ['route table', 'duplicate route table', ({ vpcs }) => makeRouteTable(ec2(), firstOf(vpcs).VpcId ?? '')],
];

/** Launches an instance with all tags of the environment. */
async function launchTwin(of: Instance, more: Partial<RunInstancesCommandInput> = {}): Promise<string | undefined> {
  const { ImageId, InstanceType, SubnetId } = of;
  const TagSpecifications = [...tagging('instance', environmentTagsOf('instance')), ...tagging('volume', environmentTagsOf('volume'))];
  const made = await ec2().send(
    new RunInstancesCommand({
      ImageId,
      InstanceType,
      SubnetId,
      MinCount: 1,
      MaxCount: 1,
      TagSpecifications,
      ...more,
    } as RunInstancesCommandInput),
  );
  return firstOf(made.Instances ?? []).InstanceId;
}

async function terminated(...InstanceIds: string[]): Promise<void> {
  await ec2().send(new TerminateInstancesCommand({ InstanceIds }));
  const live = async () => (await inventory(aws)).instances.filter(({ InstanceId = '' }) => InstanceIds.includes(InstanceId));
  await vi.waitFor(async () => expect(await live()).toEqual([]), { timeout: 20_000, interval: 50 });
}

/** What is lost with all that is in it. Nobody can delete it before that is gone. */
const losses: readonly (readonly [what: string, says: string, lose: (found: Inventory) => Promise<unknown>])[] = [
  ['subnet', 'missing subnet', loseSubnet],
  [
    'VPC',
    'missing VPC',
    async (found) => {
      await loseSubnet(found);
      await detach(found);
      await ec2().send(new DeleteRouteTableCommand({ RouteTableId: firstOf(found.routeTables).RouteTableId }));
      await ec2().send(new DeleteVpcCommand({ VpcId: firstOf(found.vpcs).VpcId }));
    },
  ],
];

async function loseSubnet(found: Inventory): Promise<void> {
  await terminated(...found.instances.flatMap(({ InstanceId }) => InstanceId ?? []));
  for (const { NetworkInterfaceId } of found.networkInterfaces) await ec2().send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId }));
  for (const { GroupId } of found.securityGroups) await ec2().send(new DeleteSecurityGroupCommand({ GroupId }));
  await disassociate(found);
  await ec2().send(new DeleteSubnetCommand({ SubnetId: firstOf(found.subnets).SubnetId }));
}

const ownGateway = ({ internetGateways }: Inventory) => firstOf(internetGateways.filter(({ Tags }) => hasTags(Tags, [managedBy])));

async function detach(found: Inventory): Promise<void> {
  const { InternetGatewayId, Attachments = [] } = ownGateway(found);
  for (const { VpcId } of Attachments) await ec2().send(new DetachInternetGatewayCommand({ InternetGatewayId, VpcId }));
}

/** Makes a record say that an execution holds it that nobody knows. */
function lock(key: { kind: string; id: string }, kind: 'start' | 'stop'): Promise<unknown> {
  return aws.clients.dynamodb.send(
    new UpdateItemCommand({
      TableName: tableName,
      Key: marshall(key),
      UpdateExpression: 'SET #lock = :lock',
      ExpressionAttributeNames: { '#lock': 'lock' },
      ExpressionAttributeValues: marshall({ ':lock': operationOf('dead', kind) }),
    }),
  );
}

async function disassociate({ routeTables }: Inventory): Promise<void> {
  for (const { RouteTableAssociationId: AssociationId } of firstOf(routeTables).Associations ?? [])
    await ec2().send(new DisassociateRouteTableCommand({ AssociationId }));
}

it('finds nothing after a start', async () => {
  expect(await doctor()).toEqual([]);
});

it.each(cases)('names and fixes it when %s', (_, says, change) => expectFixed(says, change));

/** Changes something, and expects that a check names it, fixes it if it may, and then finds nothing any more. */
async function expectFixed(says: string, change: (found: Inventory) => Promise<unknown>): Promise<void> {
  await change(await inventory(aws));
  const planned = await doctor();
  expect(shown(planned)).toContain(says);
  expect(planned.filter(({ fix }) => fix === undefined)).toEqual([]);
  expect(await doctor({ extent: 'all' })).toEqual([]);
  expect(await doctor()).toEqual([]);
  await expectOne();
  await expectForeignUntouched();
}

const shown = (findings: readonly Finding[]) => findings.map(({ kind, subject }) => `${kind} ${subject}`);

it.each(doubles)('keeps a second %s until a person has it deleted', async (_, says, double) => {
  const id = (await double(await inventory(aws))) ?? '';
  await aws.post('clock', { advanceMilliseconds: 3_600_000 });
  const left = await doctor({ extent: 'all' });
  expect(left.map(({ kind, subject, id, deletable }) => [`${kind} ${subject}`, id, deletable])).toEqual([[says, id, true]]);
  expect(await doctor({ delete: [id] })).toEqual([]);
  expect(await doctor()).toEqual([]);
  await expectOne();
  await expectForeignUntouched();
});

it('deletes a second VPC with its internet gateway for a person alone', async () => {
  const vpcId = await makeVpc(ec2());
  const gatewayId = await makeGateway(ec2(), vpcId);
  const left = await doctor({ extent: 'all' });
  expect(shown(left).sort()).toEqual(['duplicate VPC', 'duplicate internet gateway']);
  expect(await doctor({ delete: [vpcId, gatewayId] })).toEqual([]);
  expect(await doctor()).toEqual([]);
  await expectOne();
  await expectForeignUntouched();
});

it('says which tags a resource has lost, and that only a person can add them', async () => {
  const { securityGroups, vpcs, routeTables } = await inventory(aws);
  const [{ GroupId = '', Tags: groupTags }, { VpcId = '', Tags: vpcTags }] = [firstOf(securityGroups), firstOf(vpcs)];
  await ec2().send(new DeleteTagsCommand({ Resources: [GroupId, VpcId] }));
  await ec2().send(new DeleteRouteCommand({ RouteTableId: firstOf(routeTables).RouteTableId, DestinationCidrBlock: '0.0.0.0/0' }));
  const left = await doctor({ extent: 'all' });
  expect(left.map(({ subject, id, advice, outcome }) => [subject, id, advice, outcome])).toEqual([
    ['security group', GroupId, 'by hand', undefined],
    ['VPC', VpcId, 'by hand', undefined],
    // Without its tag, a repair would make another VPC.
    ['route table', firstOf(routeTables).RouteTableId, 'by hand', undefined],
  ]);
  for (const { problem } of left.slice(0, 2)) expect(problem).toMatch(/^It has lost the tag recode:managed-by=recode.*Add it in EC2/);
  await ec2().send(new CreateTagsCommand({ Resources: [GroupId], Tags: groupTags }));
  await ec2().send(new CreateTagsCommand({ Resources: [VpcId], Tags: vpcTags }));
  expect(shown(await doctor())).toEqual(['differs route table']);
  expect(await doctor({ extent: 'all' })).toEqual([]);
  expect(await doctor()).toEqual([]);
  await expectForeignUntouched();
});

it.each(stoppedCases)('names and fixes it when an environment is stopped and %s', async (_, says, change) => {
  expect((await runStop(aws)).status).toBe('SUCCEEDED');
  await expectFixed(says, change);
});

it('starts the environment with what was changed in the console', async () => {
  expect(await start()).toMatchObject({ status: 'SUCCEEDED' });
  const { instances, volumes } = await inventory(aws);
  expect([firstOf(instances).InstanceType, firstOf(volumes).Size]).toEqual(['t3.medium', 24]);
  expect(await doctor()).toEqual([]);
});

it.each(losses)('leaves a lost %s to the next start', async (_, says, lose) => {
  const found = await inventory(aws);
  await lose(found);
  const planned = await doctor();
  expect(shown(planned)).toContain(says);
  expect(planned.filter(({ fix }) => fix === undefined)).toEqual([]);
  expect(await doctor({ extent: 'all' })).toEqual([]);
  expect(await doctor()).toEqual([]);
  const replaces = firstOf(found.instances).InstanceId;
  expect(await start({ ...(replaces && { replaces }) })).toMatchObject({ status: 'SUCCEEDED' });
  expect(await doctor()).toEqual([]);
  await expectOne();
  await expectForeignUntouched();
});

it('stops an instance without a record, and deletes it for a person alone', async () => {
  // An earlier case has created the key pair again.
  await aws.post('clock', { advanceMilliseconds: 3_600_000 });
  await aws.clients.dynamodb.send(
    new DeleteItemCommand({ TableName: tableName, Key: marshall({ kind: 'environment', id: 'alice/acme/api' }) }),
  );
  const planned = await doctor();
  expect(shown(planned)).toContain('orphan instance');
  expect((await inventory(aws)).instances[0]?.State?.Name).toBe('running');
  await doctor({ extent: 'all' });
  await vi.waitFor(async () => expect((await inventory(aws)).instances[0]?.State?.Name).toBe('stopped'), { timeout: 20_000, interval: 50 });
  await doctor({ delete: planned.flatMap(({ id, deletable }) => (deletable ? [id] : [])) });
  expect(await doctor()).toEqual([]);
  const { instances, volumes, networkInterfaces, securityGroups, keyPairs } = await inventory(aws);
  expect([instances, volumes, networkInterfaces, securityGroups, keyPairs].flat()).toEqual([]);
  await expectForeignUntouched();
});

/** The environment and its network are whole. The gateway of somebody else does not count. */
async function expectOne(): Promise<void> {
  const { internetGateways } = await inventory(aws);
  expect(internetGateways).toHaveLength(2);
  expect((await inventory(aws)).routeTables).toHaveLength(1);
}
