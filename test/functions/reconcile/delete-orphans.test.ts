import { expect, it } from 'vitest';
import { deleteItem } from '../../../aws/records/hold/table.ts';
import { deleteOrphans } from '../../../functions/reconcile/delete-orphans.ts';
import { environmentKey } from '../installed.ts';
import { liveInstances, untilState } from '../launched.ts';
import { agreeing, check } from '../reconciled.ts';

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
