import { ScanCommand } from '@aws-sdk/client-dynamodb';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { unless } from '../../aws/errors.ts';
import { tableName } from '../../core/names.ts';
import { settleSeconds } from '../../core/operation.ts';
import type { Case } from './fault-matrix-cases.ts';
import { failuresOf, faultOf } from './fault-matrix-endured.ts';
import { asExpected, run } from './fault-matrix-life.ts';
import type { Sweep } from './fault-matrix-sweep.ts';

/**
 * The cases that an execution fails with: one execution after the other fails at a call of the same function, then the last one, which
 * nothing is in the way of, has to make good what they left.
 */
export const surfaced: Sweep = {
  of: 'what executions fail with',
  select: ({ outcome }) => outcome.ends === 'FAILED',
  group: (cases) => [...new Set(cases.map(({ point }) => point.step))].map((step) => cases.filter(({ point }) => point.step === step)),
  async meet(aws, stage, cases) {
    for (const [index, one] of cases.entries()) {
      const problem = await fail(aws, one);
      // The executions before have made the call needless, which others have in another life.
      if (problem === unmet && index > 0) return { unmet: cases.slice(index) };
      if (problem !== undefined) return { problem: `${one.name}: ${problem}`, unmet: cases.slice(index + 1) };
    }
    const ended = await run(aws, stage);
    if (!asExpected(stage, ended)) throw new Error(`without the fault: ${ended.status} ${ended.error}: ${ended.cause}`);
    return {};
  },
};

const patientRate = 300;

const unmet = 'no call met it';

/** Runs the workflow into a fault that does not end. Resolves to what went wrong. */
async function fail(aws: TestAws, one: Case): Promise<string | undefined> {
  const { stage, point, code, outcome } = one;
  if (outcome.ends !== 'FAILED') throw new Error(`${one.name} is to succeed.`);
  await aws.post('faults', faultOf(one));
  const rate = aws.clock.rate();
  // Minutes of patience become moments.
  aws.clock.setRate(patientRate);
  const { status, error, cause = '', executionArn } = await run(aws, stage);
  aws.clock.setRate(rate);
  const { faults } = (await aws.get('faults')) as { faults: { count: number }[] };
  await aws.delete('faults');
  if (faults[0]?.count === one.times) return unmet;
  // Long enough for the next one to enter.
  aws.clock.advance(settleSeconds * 1000);
  if (error !== outcome.name) return `${status} ${error ?? ''} ${cause}, not ${outcome.name}`;
  const says = outcome.says ?? code;
  if (!cause.includes(says)) return `does not say "${says}": ${cause}`;
  const failures = await failuresOf(aws, executionArn);
  const failed = failures.filter((failure) => failure.functionName === point.function && failure.error === outcome.name).length;
  if (failed !== outcome.attempts) return `${point.step} failed ${failed} times, not ${outcome.attempts}`;
  return lockLeft(aws, point.step);
}

/** Whoever holds something lets go of it; who fails while it takes something, or while it lets go, cannot. */
async function lockLeft(aws: TestAws, step: string): Promise<string | undefined> {
  if (step === 'beginOperation' || step === 'failOperation') return undefined;
  const scanned = await unless('no-table', aws.clients.dynamodb.send(new ScanCommand({ TableName: tableName })));
  const held = scanned?.Items?.find((item) => 'operation' in item);
  return held && `the ${held.kind?.S} ${held.id?.S} is still held`;
}
