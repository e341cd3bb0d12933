import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TestAws } from '../harness/embedded-aws.ts';
import { expectConverged } from '../harness/inventory.ts';
import { wipe } from '../harness/wipe.ts';
import { deployedAws, runStart } from '../harness/workflows.ts';

interface Call {
  service: string;
  action: string;
  functionName?: string;
}

const reading = /^(Describe|Get|List|Query|Scan|Search)/;
// The effect is there, and then: nobody hears of it; or the step is dead before it could do anything more.
const kinds = ['lost-answer', 'crash-after'] as const;

let aws: TestAws;
beforeAll(async () => {
  aws = await deployedAws();
});
afterAll(() => aws.stop());

/** The mutating calls that the steps of a clean first start make, in order: a step that is added is swept without a change here. */
async function mutatingCalls(): Promise<Call[]> {
  await runStart(aws);
  const { calls } = (await aws.get('calls')) as { calls: Call[] };
  return calls.filter(({ action, functionName }) => functionName !== undefined && !reading.test(action));
}

it('repairs every mutating call whose effect is there but whose answer, or whose caller, is lost', async () => {
  const recorded = await mutatingCalls();
  await wipe(aws);
  const points = recorded.map((call, index) => ({
    ...call,
    // The same function may make the same call several times: how many of them go before.
    skip: recorded.slice(0, index).filter((other) => other.action === call.action && other.functionName === call.functionName).length,
  }));
  let swept = 0;
  for (const { service, action, functionName, skip } of points) {
    for (const kind of kinds) {
      const point = `${kind} of ${functionName}'s ${action} after ${skip}`;
      await aws.post('faults', { service, action, kind, function: functionName, skip });
      const { status, error, cause } = await runStart(aws);
      expect({ status, error, cause }, point).toEqual({ status: 'SUCCEEDED', error: undefined, cause: undefined });
      const { faults } = (await aws.get('faults')) as { faults: { count: number; applied?: number }[] };
      expect(faults, `${point} did not happen`).toEqual([]);
      await expectConverged(aws, 1);
      await wipe(aws);
      swept++;
    }
  }
  console.log(`${swept} points swept: ${points.length} mutating calls, each with ${kinds.join(', ')}`);
  expect(points.length).toBeGreaterThan(15);
}, 240_000);
