import {
  AssociateRouteTableCommand,
  DescribeInternetGatewaysCommand,
  DescribeRouteTablesCommand,
  DescribeVpcsCommand,
  DetachInternetGatewayCommand,
  DisassociateRouteTableCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { putItem } from '../../../aws/records/hold/table.ts';
import { readNetwork } from '../../../aws/records/read/network.ts';
import { recordNetwork } from '../../../functions/network/record-network.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { operation, operationOf } from '../documents.ts';
import { makeGateway, makeNetwork, makeRouteTable, makeSubnet, makeVpc } from '../resources.ts';

describe('recordNetwork', () => {
  it('records the ids of the network and lets go of it', async () => {
    await using account = await testAccount();
    const { document, ids } = await finishedNetwork(account);
    const ready = { format: 2, status: 'ready', installation: 'installation-1', ids };
    expect(await account.run(recordNetwork, document)).toMatchObject(ready);
    const recorded = await readNetwork(account.dynamodb);
    expect(recorded).toEqual(ready);
  });

  it('answers the same when it runs again', async () => {
    await using account = await testAccount();
    const { document } = await finishedNetwork(account);
    const first = await account.run(recordNetwork, document);
    expect(await account.run(recordNetwork, document)).toEqual(first);
  });

  it('is content with a record that was not answered', async () => {
    await using account = await testAccount();
    const { document, ids } = await finishedNetwork(account);
    await account.aws.post('faults', { service: 'dynamodb', action: 'UpdateItem', kind: 'lost-answer' });
    expect(await account.run(recordNetwork, document)).toMatchObject({ status: 'ready', ids });
  });

  it('deletes the empty twins that earlier attempts left, and keeps what is ours', async () => {
    await using account = await testAccount();
    const { document, ids } = await finishedNetwork(account);
    await makeVpc(account.ec2);
    await makeVpc(account.ec2);
    await makeGateway(account.ec2);
    await makeRouteTable(account.ec2, ids.vpcId);
    await account.run(recordNetwork, document);
    expect(await tagged(account.ec2)).toEqual({ vpcs: [ids.vpcId], gateways: [ids.internetGatewayId], tables: [ids.routeTableId] });
  });

  it('keeps what is not ours or not empty', async () => {
    await using account = await testAccount();
    const { document, ids } = await finishedNetwork(account);
    const inUse = await makeVpc(account.ec2);
    await makeSubnet(account.ec2, inUse, { tags: [] });
    const attached = await makeGateway(account.ec2, inUse);
    const foreign = await makeVpc(account.ec2, [{ Key: 'Name', Value: 'recode-vpc' }]);
    const otherTable = await makeRouteTable(account.ec2, ids.vpcId, [{ Key: 'Name', Value: 'recode-route-table' }]);
    const usedTable = await makeRouteTable(account.ec2, ids.vpcId);
    const subnetId = await makeSubnet(account.ec2, ids.vpcId, { tags: [], cidr: '10.0.5.0/24' });
    await account.ec2.send(new AssociateRouteTableCommand({ RouteTableId: usedTable, SubnetId: subnetId }));

    expect(await account.run(recordNetwork, document)).toMatchObject({ status: 'ready' });
    const left = await everything(account.ec2);
    expect(left.vpcs).toEqual(expect.arrayContaining([ids.vpcId, inUse, foreign]));
    expect(left.gateways).toEqual(expect.arrayContaining([ids.internetGatewayId, attached]));
    expect(left.tables).toEqual(expect.arrayContaining([ids.routeTableId, otherTable, usedTable]));
  });

  it('keeps its own parts although EC2 does not show yet that they are connected', async () => {
    await using account = await testAccount();
    const { document, ids } = await finishedNetwork(account);
    const { RouteTables = [] } = await account.ec2.send(new DescribeRouteTablesCommand({ RouteTableIds: [ids.routeTableId] }));
    const AssociationId = RouteTables[0]?.Associations?.[0]?.RouteTableAssociationId;
    await account.ec2.send(new DisassociateRouteTableCommand({ AssociationId }));
    await account.ec2.send(new DetachInternetGatewayCommand({ InternetGatewayId: ids.internetGatewayId, VpcId: ids.vpcId }));
    await account.run(recordNetwork, document);
    expect(await tagged(account.ec2)).toEqual({ vpcs: [ids.vpcId], gateways: [ids.internetGatewayId], tables: [ids.routeTableId] });
  });

  it('goes on where the deletion of a twin was not answered', async () => {
    await using account = await testAccount();
    const { document, ids } = await finishedNetwork(account);
    await makeVpc(account.ec2);
    await account.loseAnswer('DeleteVpc');
    expect((await account.refusal(recordNetwork, document)).name).toBe('AwsUnavailable');
    expect((await readNetwork(account.dynamodb))?.status).toBe('creating');
    expect(await account.run(recordNetwork, document)).toMatchObject({ status: 'ready' });
    expect((await tagged(account.ec2)).vpcs).toEqual([ids.vpcId]);
  });

  it('is content with a twin that somebody else has just deleted', async () => {
    await using account = await testAccount();
    const { document } = await finishedNetwork(account);
    await makeVpc(account.ec2);
    await makeGateway(account.ec2);
    await account.refuse('DeleteVpc', 'InvalidVpcID.NotFound', 0, { effect: true });
    await account.refuse('DeleteInternetGateway', 'InvalidInternetGatewayID.NotFound', 0, { effect: true });
    expect(await account.run(recordNetwork, document)).toMatchObject({ status: 'ready' });
  });

  it('comes back where EC2 denies a twin and shows it', async () => {
    await using account = await testAccount();
    const { document } = await finishedNetwork(account);
    await makeVpc(account.ec2);
    await account.refuse('DeleteVpc', 'InvalidVpcID.NotFound');
    expect((await account.refusal(recordNetwork, document)).name).toBe('NotVisibleYet');
  });

  it('records nothing where another execution holds the network', async () => {
    await using account = await testAccount();
    const { document } = await finishedNetwork(account, operationOf('other'));
    expect((await account.refusal(recordNetwork, document)).name).toBe('LockLost');
    expect(await readNetwork(account.dynamodb)).toEqual({
      format: 2,
      status: 'creating',
      installation: 'installation-1',
      lock: operationOf('other'),
    });
  });

  it('refuses a document without the route table', async () => {
    await using account = await testAccount();
    const { document } = await finishedNetwork(account);
    expect(await account.refusal(recordNetwork, { ...document, routeTable: {} })).toMatchObject({
      name: 'InputNotValid',
      message: expect.stringContaining('routeTable.routeTableId'),
    });
  });
});

async function finishedNetwork({ ec2, dynamodb, createTable }: TestAccount, holder = operation) {
  await createTable();
  await putItem(
    dynamodb,
    { kind: 'network', id: 'network' },
    { status: 'creating', installation: 'installation-1', format: 2, lock: holder },
  );
  const { vpcId, subnetId, internetGatewayId } = await makeNetwork(ec2);
  const routeTableId = await makeRouteTable(ec2, vpcId);
  await ec2.send(new AssociateRouteTableCommand({ RouteTableId: routeTableId, SubnetId: subnetId }));
  const document = {
    operation,
    vpc: { vpcId },
    subnet: { subnetId },
    internetGateway: { internetGatewayId },
    routeTable: { routeTableId },
  };
  return { document, ids: { vpcId, internetGatewayId, routeTableId, subnets: [{ subnetId }] } };
}

const tagged = (ec2: EC2Client) => list(ec2, [{ Name: 'tag:recode:managed-by', Values: ['recode'] }]);
const everything = (ec2: EC2Client) => list(ec2, []);

async function list(ec2: EC2Client, Filters: { Name: string; Values: string[] }[]) {
  const [vpcs, gateways, tables] = await Promise.all([
    ec2.send(new DescribeVpcsCommand({ Filters })),
    ec2.send(new DescribeInternetGatewaysCommand({ Filters })),
    ec2.send(new DescribeRouteTablesCommand({ Filters })),
  ]);
  return {
    vpcs: vpcs.Vpcs?.map(({ VpcId }) => VpcId),
    gateways: gateways.InternetGateways?.map(({ InternetGatewayId }) => InternetGatewayId),
    tables: tables.RouteTables?.map(({ RouteTableId }) => RouteTableId),
  };
}
