import { DescribeInternetGatewaysCommand, DescribeKeyPairsCommand, DescribeVpcsCommand } from '@aws-sdk/client-ec2';
import { expect, it } from 'vitest';
import { deleteItem } from '../../../aws/records/hold/table.ts';
import { deleteOrphans } from '../../../functions/reconcile/delete-orphans.ts';
import { environmentKey } from '../installed.ts';
import { launchByHand, liveInstances, untilState } from '../launched.ts';
import { agreeing, check, hour } from '../reconciled.ts';
import { makeGateway, makeInterface, makeVpc } from '../resources.ts';

it('deleteOrphans deletes what a person has confirmed and has no record, once its instance is terminated', async () => {
  await using given = await agreeing();
  const { account, instanceId, document } = given;
  const { securityGroupId = '' } = document.securityGroup;
  const { networkInterfaceId = '' } = document.networkInterface;
  const ids = [securityGroupId, networkInterfaceId, instanceId];
  const confirmed = { check: { ...check('nothing'), delete: ids } };
  // It has a record.
  const kept = await account.run(deleteOrphans, confirmed);
  expect([kept.deleted, kept.kept.map(({ id }) => id).sort()]).toEqual([[], [...ids].sort()]);
  await deleteItem(account.dynamodb, environmentKey, { when: 'attribute_exists(#kind)', values: {} });
  const bob = { ...confirmed.check, by: { owner: 'bob', administrator: false } };
  expect((await account.run(deleteOrphans, { check: bob })).deleted).toEqual([]);
  expect((await account.refusal(deleteOrphans, confirmed)).name).toBe('InstanceStillTerminating');
  await untilState(account, instanceId, 'terminated');
  for (const _ of ['first', 'again']) expect(await account.run(deleteOrphans, confirmed)).toEqual({ deleted: ids, kept: [] });
  expect(await liveInstances(account.ec2)).toEqual([]);
});

/** A check of alice, an administrator, who has confirmed to delete these. */
const confirming = (...ids: string[]) => ({ check: { ...check('nothing'), delete: ids } });

it('deleteOrphans deletes what an environment has twice, and nothing that it uses', async () => {
  await using given = await agreeing();
  const { account, instanceId, document } = given;
  const second = await launchByHand(account, document);
  const free = await makeInterface(account.ec2, document.network.ids.subnets[0].subnetId);
  account.aws.clock.advance(hour);
  const confirmed = confirming(instanceId, second, free);
  expect((await account.refusal(deleteOrphans, confirmed)).name).toBe('InstanceStillTerminating');
  await untilState(account, second, 'terminated');
  const { deleted, kept } = await account.run(deleteOrphans, confirmed);
  expect([deleted, kept]).toEqual([[second, free], [{ id: instanceId, reason: 'It is neither an orphan nor a duplicate.' }]]);
  expect(await liveInstances(account.ec2)).toEqual([instanceId]);
});

it('deleteOrphans says why something stays, and deletes the rest', async () => {
  await using given = await agreeing();
  const { account, instanceId } = given;
  await deleteItem(account.dynamodb, environmentKey, { when: 'attribute_exists(#kind)', values: {} });
  const { KeyPairs: [{ KeyPairId: keyPairId = '' } = {}] = [] } = await account.ec2.send(new DescribeKeyPairsCommand({}));
  await account.refuse('TerminateInstances', 'OperationNotPermitted');
  const { deleted, kept } = await account.run(deleteOrphans, confirming(instanceId, keyPairId, 'i-0123456789abcdef0'));
  // What is gone counts as deleted.
  expect(deleted).toEqual([keyPairId, 'i-0123456789abcdef0']);
  expect(kept).toEqual([{ id: instanceId, reason: expect.stringContaining('OperationNotPermitted') }]);
  expect(await liveInstances(account.ec2)).toEqual([instanceId]);
});

it('deleteOrphans detaches the internet gateway of a second VPC, and leaves the network alone', async () => {
  await using given = await agreeing();
  const { account, network } = given;
  const vpcId = await makeVpc(account.ec2);
  const gatewayId = await makeGateway(account.ec2, vpcId);
  const confirmed = confirming(vpcId, gatewayId, network.ids.vpcId, network.ids.internetGatewayId);
  const bob = { check: { ...confirmed.check, by: { owner: 'bob', administrator: false } } };
  expect((await account.run(deleteOrphans, bob)).deleted).toEqual([]);
  const { deleted, kept } = await account.run(deleteOrphans, confirmed);
  expect(deleted).toEqual([vpcId, gatewayId]);
  expect(kept.map(({ id }) => id).sort()).toEqual([network.ids.internetGatewayId, network.ids.vpcId].sort());
});

it("deleteOrphans leaves other people's resources alone, even if a person confirms their deletion", async () => {
  await using given = await agreeing();
  const { account } = given;
  const [vpcId, gatewayId] = [await makeVpc(account.ec2, [], '10.9.0.0/16'), await makeGateway(account.ec2, undefined, [])];
  await account.run(deleteOrphans, confirming(vpcId, gatewayId));
  expect((await account.ec2.send(new DescribeVpcsCommand({ VpcIds: [vpcId] }))).Vpcs).toHaveLength(1);
  const gateways = await account.ec2.send(new DescribeInternetGatewaysCommand({ InternetGatewayIds: [gatewayId] }));
  expect(gateways.InternetGateways).toHaveLength(1);
});
