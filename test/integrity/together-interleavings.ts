import { setTimeout as sleep } from 'node:timers/promises';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { vi } from 'vitest';
import { type Contender, enter, type Outcome, outcomeOf } from './together-race.ts';

/** A call of an execution: which one it is among those of its function to that action. */
export interface Point {
  readonly service: string;
  readonly action: string;
  readonly functionName: string;
  readonly skip: number;
}

interface Call extends Omit<Point, 'skip' | 'functionName'> {
  readonly functionName?: string;
}

// Longer than any race, and the clock is moved on when it is over.
const pauseMilliseconds = 120_000;
// Whoever has not come to an end by then waits for the one that pauses.
const patienceMilliseconds = 4_000;
const reading = /^(Describe|List)/;

/**
 * Lets an execution run alone, and returns its calls at which another execution may come in between and change something: all to
 * DynamoDB and Step Functions, and those to EC2 that change something.
 */
export async function pointsOf(aws: TestAws, contender: Contender): Promise<{ points: Point[]; outcome: Outcome }> {
  await aws.delete('calls');
  const outcome = await outcomeOf(aws, await enter(aws, contender));
  const { calls } = (await aws.get('calls')) as { calls: Call[] };
  const made = calls.flatMap(({ service, action, functionName }) =>
    functionName === undefined || (service === 'ec2' && reading.test(action)) ? [] : { service, action, functionName },
  );
  const same = (one: Call, other: Call) => one.action === other.action && one.functionName === other.functionName;
  const points = made.map((call, index) => ({ ...call, skip: made.slice(0, index).filter((other) => same(call, other)).length }));
  return { points, outcome };
}

/** Pauses an execution just before one of its calls, lets another run until it ends or waits for the first, then lets the first go on. */
export async function interleave(aws: TestAws, paused: Contender, at: Point, other: Contender): Promise<[Outcome, Outcome]> {
  const { functionName, ...call } = at;
  await aws.post('faults', { ...call, function: functionName, kind: 'delay', milliseconds: pauseMilliseconds });
  const first = outcomeOf(aws, await enter(aws, paused));
  await vi.waitFor(
    async () => {
      const { faults } = (await aws.get('faults')) as { faults: unknown[] };
      if (faults.length > 0) throw new Error(`${paused.kind} does not come to ${functionName}'s ${at.action} after ${at.skip}.`);
    },
    { timeout: 10_000, interval: 5 },
  );
  const second = outcomeOf(aws, await enter(aws, other));
  await Promise.race([second, sleep(patienceMilliseconds)]);
  await aws.post('clock', { advanceMilliseconds: pauseMilliseconds });
  return Promise.all([first, second]);
}
