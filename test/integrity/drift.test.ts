import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import {
  DeleteKeyPairCommand,
  DeleteRouteCommand,
  DeleteRouteTableCommand,
  DisassociateRouteTableCommand,
  ModifySubnetAttributeCommand,
  ModifyVpcAttributeCommand,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { ReconcileOutput } from '../../core/document.ts';
import type { Finding } from '../../core/finding.ts';
import { tableName } from '../../core/names.ts';
import { makeGateway, makeRouteTable } from '../functions/resources.ts';
import { type Inventory, inventory } from '../harness/inventory.ts';
import { begin, deployedAws, ended, runStart } from '../harness/workflows.ts';
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
  expect((await runStart(aws)).status).toBe('SUCCEEDED');
  await aws.post('clock', { advanceMilliseconds: 3_600_000 });
});
afterAll(() => aws.stop());

/** Checks the records, as `recode aws doctor` does. */
async function doctor(input: { extent?: 'all'; delete?: string[] } = {}): Promise<Finding[]> {
  const { status, output, cause } = await ended<ReconcileOutput>(aws, await begin(aws, 'reconcile', { caller: 'alice', ...input }));
  expect(status, cause).toBe('SUCCEEDED');
  if (output?.status !== 'checked') throw new Error('Recode is not installed.');
  const deleted = output.deletion?.deleted ?? [];
  return output.found.first.filter(({ outcome, id }) => outcome !== 'mended' && !deleted.includes(id));
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

async function disassociate({ routeTables }: Inventory): Promise<void> {
  for (const { RouteTableAssociationId: AssociationId } of firstOf(routeTables).Associations ?? [])
    await ec2().send(new DisassociateRouteTableCommand({ AssociationId }));
}

it('finds nothing after a start', async () => {
  expect(await doctor()).toEqual([]);
});

it.each(cases)('names and mends it when %s', async (_, says, change) => {
  await change(await inventory(aws));
  const planned = await doctor();
  expect(planned.map(({ kind, subject }) => `${kind} ${subject}`)).toContain(says);
  expect(planned.filter(({ mend }) => mend === undefined)).toEqual([]);
  expect(await doctor({ extent: 'all' })).toEqual([]);
  expect(await doctor()).toEqual([]);
  await expectOne();
  await expectForeignUntouched();
});

it('keeps a duplicate until a person has it deleted', async () => {
  const { vpcs } = await inventory(aws);
  const id = await makeRouteTable(ec2(), firstOf(vpcs).VpcId ?? '');
  expect(await doctor({ extent: 'all' })).toEqual([expect.objectContaining({ kind: 'duplicate', subject: 'route table', id })]);
  expect(await doctor({ delete: [id] })).toEqual([]);
  await expectOne();
});

it('stops an instance without a record, and deletes it for a person alone', async () => {
  // An earlier case has created the key pair again.
  await aws.post('clock', { advanceMilliseconds: 3_600_000 });
  await aws.clients.dynamodb.send(
    new DeleteItemCommand({ TableName: tableName, Key: marshall({ kind: 'environment', id: 'alice/acme/api' }) }),
  );
  const planned = await doctor();
  expect(planned.map(({ kind, subject }) => `${kind} ${subject}`)).toContain('orphan instance');
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
