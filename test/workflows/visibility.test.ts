import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { TestAws } from '../harness/embedded-aws.ts';
import { expectConverged } from '../harness/inventory.ts';
import { deployedAws, runStart } from '../harness/start.ts';
import { wipe } from '../harness/wipe.ts';

let aws: TestAws;
beforeAll(async () => {
  aws = await deployedAws();
});
afterEach(async () => {
  await aws.delete('ec2');
  await wipe(aws);
});
afterAll(() => aws.stop());

it.each([1_000, 4_000])(
  'makes one of each, completely configured, where EC2 shows what is new %i ms late',
  async (invisibleMilliseconds) => {
    await aws.post('ec2', { invisibleMilliseconds });
    const { status, error, cause } = await runStart(aws);
    expect({ status, error, cause }).toEqual({ status: 'SUCCEEDED' });
    await aws.clock.advance(invisibleMilliseconds);
    await expectConverged(aws, 1);
  },
);

it('finds the VPC and the internet gateway whose creation was not answered, although they show late', async () => {
  await aws.post('ec2', { invisibleMilliseconds: 4_000 });
  for (const action of ['CreateVpc', 'CreateInternetGateway']) await aws.post('faults', { service: 'ec2', action, kind: 'lost-answer' });
  expect(await runStart(aws)).toMatchObject({ status: 'SUCCEEDED' });
  await aws.clock.advance(4_000);
  await expectConverged(aws, 1);
});

it('deletes the twins of a VPC and an internet gateway whose dead creator’s work showed only after the repeat', async () => {
  await aws.post('ec2', { invisibleMilliseconds: 20_000 });
  for (const action of ['CreateVpc', 'CreateInternetGateway']) await aws.post('faults', { service: 'ec2', action, kind: 'crash-after' });
  expect(await runStart(aws)).toMatchObject({ status: 'SUCCEEDED' });
  await aws.clock.advance(20_000);
  await expectConverged(aws, 1);
});
