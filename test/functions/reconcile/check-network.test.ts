import { expect, it, vi } from 'vitest';
import { readNetwork } from '../../../aws/records/read/network.ts';
import { checkNetwork } from '../../../functions/reconcile/check-network.ts';
import { installed, replaceNetwork } from '../installed.ts';
import { agreeing, check, firstPage, shown } from '../reconciled.ts';
import { makeVpc } from '../resources.ts';

const input = (extent: 'nothing' | 'all', administrator = true) => ({ check: check(extent, administrator), page: firstPage });

it('checkNetwork finds what a start has not finished, and says with what to repair it', async () => {
  await using given = await agreeing();
  const { account, network } = given;
  const page = await account.run(checkNetwork, input('all'));
  const { vpcId, subnets } = network.ids;
  expect(page).toMatchObject({ repair: { vpc: { vpcId }, subnet: subnets[0] }, found: { first: [] } });
  expect(shown(page)).toContainEqual(['differs', 'route table', 'left']);
  expect(await account.run(checkNetwork, input('nothing'))).not.toHaveProperty('repair');
  const refused = await account.run(checkNetwork, input('all', false));
  expect(refused).not.toHaveProperty('repair');
  expect(shown(refused)).toContainEqual(['differs', 'route table', 'refused']);
});

it('checkNetwork leaves a network to the next start whose subnet is gone', async () => {
  await using account = await installed();
  const vpcId = await makeVpc(account.ec2);
  await replaceNetwork(account, {
    installation: 'one',
    status: 'ready',
    ids: { vpcId, internetGatewayId: 'igw-1', routeTableId: 'rtb-1', subnets: [{ subnetId: 'subnet-1' }] },
  });
  account.aws.clock.advance(3_600_000);
  expect(shown(await account.run(checkNetwork, input('all')))).toEqual([['missing', 'subnet', 'fixed']]);
  // The next start creates it again.
  expect(await readNetwork(account.dynamodb)).toMatchObject({ status: 'creating', installation: 'one' });
  expect(await account.run(checkNetwork, input('all'))).toMatchObject({ findings: [] });
});

it.each([
  ['records', 1],
  ['nothing', 0],
] as const)('checkNetwork counts what is left in the daily check alone: %s', async (extent, times) => {
  await using account = await installed();
  const counting = vi.spyOn(account.metrics, 'addMetric');
  await account.run(checkNetwork, { check: check(extent), page: { found: { first: [], more: 3, fixed: 1 }, findings: [] } });
  expect(counting).toHaveBeenCalledTimes(times);
  if (times > 0) expect(counting).toHaveBeenCalledWith('Differences', 'Count', 2);
});
