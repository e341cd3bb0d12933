import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { expectConverged, expectNothing } from '../harness/inventory.ts';
import { wipe } from '../harness/wipe.ts';
import { deployedAws, type Ended, runRemove, runStart, runStop, runUninstall } from '../harness/workflows.ts';

let aws: TestAws;
beforeAll(async () => {
  aws = await deployedAws();
});
afterEach(async () => {
  await aws.delete('ec2');
  await wipe(aws);
});
afterAll(() => aws.stop());

/** Starts, stops, starts, removes and uninstalls, while EC2 shows what is new so late. */
async function live(invisibleMilliseconds: number): Promise<void> {
  await aws.post('ec2', { invisibleMilliseconds });
  expectSuccess(await runStart(aws));
  // What is not visible yet can be checked only then.
  aws.clock.advance(invisibleMilliseconds);
  await expectConverged(aws, 1);
  expectSuccess(await runStop(aws));
  await expectConverged(aws, 1, 'stopped');
  expectSuccess(await runStart(aws));
  await expectConverged(aws, 1);
  expectSuccess(await runRemove(aws));
  await expectConverged(aws, 0);
  expectSuccess(await runUninstall(aws));
  await expectNothing(aws);
}

const expectSuccess = ({ status, error, cause }: Ended<unknown>) => expect({ status, error, cause }).toEqual({ status: 'SUCCEEDED' });

it.each([1_000, 4_000, 8_000])('leads a whole life where EC2 shows what is new %i ms late', live);

it('makes one of each and deletes all of them, although no answer to a creating call arrives and all of it shows late', async () => {
  for (const action of creating) await aws.post('faults', { service: 'ec2', action, kind: 'lost-answer' });
  await live(8_000);
  expect(await aws.get('faults')).toEqual({ faults: [] });
});
const creating = [
  'CreateVpc',
  'CreateInternetGateway',
  'CreateSubnet',
  'CreateRouteTable',
  'CreateSecurityGroup',
  'ImportKeyPair',
  'CreateNetworkInterface',
  'RunInstances',
];

it('removes and uninstalls at once what a start that failed has just created, and nothing shows yet', async () => {
  await aws.post('ec2', { invisibleMilliseconds: 8_000 });
  await aws.post('faults', { service: 'ec2', action: 'RunInstances', kind: 'error', code: 'VcpuLimitExceeded' });
  expect(await runStart(aws)).toMatchObject({ status: 'FAILED', error: 'QuotaReached' });
  expectSuccess(await runRemove(aws));
  expectSuccess(await runUninstall(aws));
  aws.clock.advance(8_000);
  await expectNothing(aws);
});

it('deletes the twins of a VPC and an internet gateway whose dead creator’s work showed only after the repeat', async () => {
  await aws.post('ec2', { invisibleMilliseconds: 20_000 });
  for (const action of ['CreateVpc', 'CreateInternetGateway']) await aws.post('faults', { service: 'ec2', action, kind: 'crash-after' });
  expectSuccess(await runStart(aws));
  aws.clock.advance(20_000);
  await expectConverged(aws, 1);
});
