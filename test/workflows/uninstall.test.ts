import {
  CreateInternetGatewayCommand,
  CreateVpcCommand,
  DeleteRouteTableCommand,
  DeleteVpcCommand,
  DisassociateRouteTableCommand,
} from '@aws-sdk/client-ec2';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterEach, describe, expect, it } from 'vitest';
import { tagged } from '../../aws/ec2/tags.ts';
import { network } from '../../core/names.ts';
import { networkTags } from '../../core/tags.ts';
import { deployForTests } from '../harness/deployment.ts';
import { expectAllRaised, expectFailure, raisedBy } from '../harness/failure.ts';
import { expectConverged, expectNothing, inventory } from '../harness/inventory.ts';
import { beginHeld, letGo } from '../harness/pace.ts';
import type { User } from '../harness/users.ts';
import { wipe } from '../harness/wipe.ts';
import { ended, runRemove, runStart, runUninstall, somePublicKey } from '../harness/workflows.ts';

let aws: TestAws;
let alice: User;
deployForTests((deployed, user) => {
  aws = deployed;
  alice = user('alice');
});
afterEach(async () => {
  letGo(aws);
  await wipe(aws);
});

/** Starts and removes an environment: the network and the table stay. */
async function install(): Promise<void> {
  await runStart(aws);
  await runRemove(aws);
  await expectConverged(aws, 0);
}

describe('an uninstall', () => {
  it('deletes what environments share; the next start makes it again', async () => {
    await install();
    const ran = await alice.run(['uninstall', '--force', '--json']);
    expect(ran.json, ran.stderr).toEqual({
      region: 'us-east-1',
      status: 'uninstalled',
      executionArn: expect.stringMatching(/recode-uninstall/),
    });
    expect(ran.code).toBe(0);
    await expectNothing(aws);
    expect(await runStart(aws)).toMatchObject({ output: { created: true } });
    await expectConverged(aws, 1);
    // All functions are cold.
  }, 120_000);

  it('says where there is nothing to uninstall, and is no failure', async () => {
    expect(await runUninstall(aws)).toMatchObject({ status: 'SUCCEEDED', output: { status: 'not-installed' } });
    expect(await alice.prints(['uninstall'])).toEqual({ code: 0, stdout: '\n✓ Recode is not installed in us-east-1\n', stderr: '' });
    const { json } = await alice.run(['uninstall', '--json']);
    expect(json).toEqual({ region: 'us-east-1', status: 'not-installed', executionArn: null });
    await expectNothing(aws);
  });

  it('deletes the duplicates of a VPC and an internet gateway, and what is left after somebody deleted by hand', async () => {
    await install();
    const { ec2 } = aws.clients;
    const { vpc, internetGateway } = network;
    await ec2.send(new CreateVpcCommand({ CidrBlock: vpc.cidr, TagSpecifications: tagged('vpc', networkTags(vpc.name), []) }));
    const tags = tagged('internet-gateway', networkTags(internetGateway.name), []);
    await ec2.send(new CreateInternetGatewayCommand({ TagSpecifications: tags }));
    const [table] = (await inventory(aws)).routeTables;
    for (const { RouteTableAssociationId: AssociationId } of table?.Associations ?? [])
      await ec2.send(new DisassociateRouteTableCommand({ AssociationId }));
    await ec2.send(new DeleteRouteTableCommand({ RouteTableId: table?.RouteTableId }));
    expect(await runUninstall(aws)).toMatchObject({ status: 'SUCCEEDED' });
    await expectNothing(aws);
  });

  it("leaves somebody else's VPC alone, also one of the same name and addresses", async () => {
    await install();
    const { name, cidr } = network.vpc;
    const named = [{ ResourceType: 'vpc' as const, Tags: [{ Key: 'Name', Value: name }] }];
    const { Vpc: theirs } = await aws.clients.ec2.send(new CreateVpcCommand({ CidrBlock: cidr, TagSpecifications: named }));
    expect(await runUninstall(aws)).toMatchObject({ status: 'SUCCEEDED' });
    expect((await inventory(aws)).vpcs.map(({ VpcId }) => VpcId)).toEqual([theirs?.VpcId]);
    await aws.clients.ec2.send(new DeleteVpcCommand({ VpcId: theirs?.VpcId }));
    await expectNothing(aws);
  });
});

describe('while there are environments, an uninstall', () => {
  it('is refused, naming them with their owners, and everything stays usable', async () => {
    await runStart(aws);
    await runStart(aws, { owner: 'bob', repository: 'acme/web' });
    const left = 'Environments still exist in this region: acme/api of alice, acme/web of bob.';
    const refused = await runUninstall(aws);
    expect(refused).toMatchObject({ status: 'FAILED', error: 'EnvironmentsStillExist' });
    expect(refused.cause).toContain(left);
    for (const command of [['uninstall'], ['uninstall', '--force', '--json']])
      expectFailure(await alice.run(command), ['aws', ...command], { name: 'EnvironmentsStillExist', message: left });
    expect(await runStart(aws)).toMatchObject({ output: { created: false } });
    await expectConverged(aws, 2);
  });

  it.each([
    ['in the network', install, 'EnvironmentsStillExist'],
    ['together with the network', async () => {}, 'OperationInProgress'],
  ])('is refused by one that somebody is just making %s, which is finished', async (_, before, error) => {
    await before();
    const input = { caller: 'bob', environment: { owner: 'bob', repository: 'acme/api' }, request: { publicKey: somePublicKey } };
    const start = await beginHeld(aws, 'creating', input);
    expect(await runUninstall(aws)).toMatchObject({ status: 'FAILED', error });
    letGo(aws);
    expect(await ended(aws, start)).toMatchObject({ status: 'SUCCEEDED' });
    await expectConverged(aws, 1);
  });

  it('raises what it is refused for', () => {
    expectAllRaised(raisedBy.uninstall);
  });
});

describe('an uninstall that failed', () => {
  const failAt = (service: string, action: string) =>
    aws.post('faults', { service, action, kind: 'error', code: 'OptInRequired', status: 401 });

  it.each([
    ['ec2', 'DeleteRouteTable'],
    ['ec2', 'DeleteSubnet'],
    ['dynamodb', 'DeleteTable'],
  ])('at a call of %s, %s, is finished by the next one', async (service, action) => {
    await install();
    await failAt(service, action);
    expect(await runUninstall(aws)).toMatchObject({ status: 'FAILED', error: 'AccountNotReady' });
    aws.clock.advance(35_000);
    expect(await runUninstall(aws)).toMatchObject({ status: 'SUCCEEDED', output: { status: 'uninstalled' } });
    await expectNothing(aws);
  });

  it.each([
    ['ec2', 'DetachInternetGateway'],
    ['dynamodb', 'DeleteTable'],
  ])('at a call of %s, %s, is undone by the next start', async (service, action) => {
    await install();
    await failAt(service, action);
    expect(await runUninstall(aws)).toMatchObject({ status: 'FAILED' });
    aws.clock.advance(35_000);
    expect(await runStart(aws)).toMatchObject({ output: { created: true } });
    await expectConverged(aws, 1);
  });

  it('because somebody stopped its execution is finished by the next one', async () => {
    await install();
    const executionArn = await beginHeld(aws, 'uninstalling', { caller: 'bob' });
    await aws.clients.sfn.send(new StopExecutionCommand({ executionArn }));
    letGo(aws);
    expect(await runUninstall(aws)).toMatchObject({ output: { status: 'uninstalled' } });
    await expectNothing(aws);
  });
});
