import { expect, it } from 'vitest';
import { expectConverged } from '../harness/inventory.ts';
import { deployedAws, runStart } from '../harness/workflows.ts';

// What a new account may have. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const concurrency = 10;
const starts = 20;

it('starts twenty environments at once where ten Lambdas may run at once, and EC2 is as slow as EC2', async () => {
  await using aws = await deployedAws();
  await runStart(aws);
  await aws.post('ec2', { latency: 'calibrated' });
  await aws.post('lambda', { latency: 'calibrated', concurrency });
  const ended = await Promise.all(Array.from({ length: starts }, (_, index) => runStart(aws, { repository: `acme/service-${index}` })));
  expect(ended.filter(({ status }) => status !== 'SUCCEEDED')).toEqual([]);
  await expectConverged(aws, starts + 1);
});
