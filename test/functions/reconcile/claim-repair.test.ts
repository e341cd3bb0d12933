import { expect, it } from 'vitest';
import { readNetwork } from '../../../aws/records/read/network.ts';
import { claimRepair } from '../../../functions/reconcile/claim-repair.ts';
import { operation, operationOf, readyNetwork } from '../documents.ts';
import { installed } from '../installed.ts';

it('claimRepair locks a network that stays ready, once', async () => {
  await using account = await installed(readyNetwork({}));
  for (const _ of ['first', 'again']) await account.run(claimRepair, { operation });
  expect(await readNetwork(account.dynamodb)).toEqual({ ...readyNetwork({}), lock: operation });
});

it('claimRepair takes over the lock of a dead execution, and no other', async () => {
  const dead = operationOf('dead', 'uninstall');
  await using account = await installed({ ...readyNetwork({}), lock: dead });
  await account.run(claimRepair, { operation });
  expect((await readNetwork(account.dynamodb))?.lock).toEqual(operation);
  const startedAt = new Date(account.aws.clock.now()).toISOString();
  await using other = await installed({ ...readyNetwork({}), lock: { ...dead, startedAt } });
  expect((await other.refusal(claimRepair, { operation })).name).toBe('OperationInProgress');
});
