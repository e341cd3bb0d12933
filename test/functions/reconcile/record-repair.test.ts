import { DescribeSubnetsCommand } from '@aws-sdk/client-ec2';
import { expect, it } from 'vitest';
import { readNetwork } from '../../../aws/records/read/network.ts';
import { recordRepair } from '../../../functions/reconcile/record-repair.ts';
import { operation, readyNetwork } from '../documents.ts';
import { installed } from '../installed.ts';
import { firstPage } from '../reconciled.ts';
import { makeSubnet, makeVpc } from '../resources.ts';

it('recordRepair makes the subnet public, records the parts and releases the network, twice', async () => {
  await using account = await installed({ ...readyNetwork({}), lock: operation });
  const vpcId = await makeVpc(account.ec2);
  const subnetId = await makeSubnet(account.ec2, vpcId);
  const finding = { kind: 'missing', subject: 'route table', id: 'rtb-1', problem: 'It no longer exists.', fix: 'repair' } as const;
  const input = {
    operation,
    page: { ...firstPage, findings: [finding] },
    vpc: { vpcId },
    internetGateway: { internetGatewayId: 'igw-2' },
    subnet: { subnetId },
    routeTable: { routeTableId: 'rtb-2' },
  };
  for (const _ of ['first', 'again']) {
    expect(await account.run(recordRepair, input)).toMatchObject({ found: { fixed: 1 }, findings: [{ outcome: 'fixed' }] });
  }
  const network = await readNetwork(account.dynamodb);
  expect(network).toMatchObject({
    status: 'ready',
    ids: { vpcId, internetGatewayId: 'igw-2', routeTableId: 'rtb-2', subnets: [{ subnetId }] },
  });
  expect(network).not.toHaveProperty('lock');
  const { Subnets = [] } = await account.ec2.send(new DescribeSubnetsCommand({ SubnetIds: [subnetId] }));
  expect(Subnets[0]?.MapPublicIpOnLaunch).toBe(true);
});
