import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectInvariants } from '../harness/invariants.ts';
import { expectConverged } from '../harness/inventory.ts';
import { deployedAws } from '../harness/workflows.ts';
import { type Contender, expectEmptied, race, tally } from './together-race.ts';

const count = 30;

let aws: TestAws;
beforeAll(async () => {
  aws = await deployedAws();
  // Whoever waits for the network looks every second; in quick time they would do little else.
  await aws.post('clock', { rate: 1 });
});
afterAll(() => aws.stop());

it(`${count} people start an environment each at once, where nothing exists yet`, async () => {
  // A third of them has the same repository as somebody else, and so wants the same name.
  const starts = Array.from({ length: count }, (_, index): Contender => {
    return { kind: 'start', owner: `user-${index}`, repository: `acme/service-${index % 20}` };
  });
  const counts = tally(`${count} starts at once`);
  const outcomes = await race(aws, ...starts);
  for (const outcome of outcomes) counts.add([outcome]);
  counts.print();
  expect(outcomes).toEqual(starts.map(() => 'succeeded'));
  const { instances } = await expectConverged(aws, count);
  expect(new Set(instances.map(({ PublicIpAddress }) => PublicIpAddress)).size).toBe(count);
  await expectInvariants(aws);
  await expectEmptied(aws);
});
