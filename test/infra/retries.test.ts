import { describe, expect, it } from 'vitest';
import { patienceSeconds } from '../../aws/step/patience.ts';
import { catalog, type ErrorName, type Reaction } from '../../core/errors.ts';
import { resources } from './stack.ts';
import { isWorking, type Machine, type Retrier, statesOf } from './states.ts';

const tasks = resources('AWS::StepFunctions::StateMachine').flatMap(({ StateMachineName, DefinitionString }) =>
  statesOf(JSON.parse(String(DefinitionString)) as Machine)
    .filter(isWorking)
    .map(([name, { Retry = [] }]) => ({ name: `${name} of ${StateMachineName}`, retriers: Retry })),
);

interface Demand {
  /** How long the errors are retried in all, in seconds, without jitter. */
  readonly least: number;
  readonly most: number;
  readonly firstAfter: number;
  readonly jitter: boolean;
  /** How long an attempt lasts, if that is more than a moment. */
  readonly attempt?: number;
}

/** What each reaction promises in core/errors.ts. Each attempt takes a moment too. */
const demands: Readonly<Record<Exclude<Reaction, 'caught' | 'never'>, Demand>> = {
  // Each attempt looks again and again for as long.
  poll: { least: 600, most: 1_200, firstAfter: 1, jitter: false, attempt: patienceSeconds },
  moment: { least: 20, most: 40, firstAfter: 1, jitter: false },
  // The next sweep asks again in five minutes. A start that fails holds what it held for 35 s more.
  held: { least: 270, most: 300, firstAfter: 15, jitter: false },
  // Each attempt makes the call again and again for as long.
  busy: { least: 300, most: 600, firstAfter: 1, jitter: true, attempt: patienceSeconds },
  // Until the steps of others that wait have ended.
  crowded: { least: 1_200, most: 2_400, firstAfter: 1, jitter: true },
  // The lost attempt may have created something, which is not visible at once.
  lost: { least: 120, most: 300, firstAfter: 5, jitter: false },
  visibility: { least: 300, most: 900, firstAfter: 1, jitter: true },
  dependency: { least: 900, most: 1_800, firstAfter: 1, jitter: true },
  permission: { least: 30, most: 60, firstAfter: 4, jitter: false },
};

/** Errors that no step throws, each with the reaction that its retries follow. */
const errorsOfAws: Readonly<Record<string, keyof typeof demands>> = {
  'Lambda.ServiceException': 'lost',
  'Lambda.AWSLambdaException': 'lost',
  'Lambda.SdkClientException': 'lost',
  'Lambda.TooManyRequestsException': 'crowded',
  'Lambda.ClientExecutionTimeoutException': 'lost',
  'Lambda.Unknown': 'lost',
  'Sandbox.Timedout': 'lost',
  'Runtime.ExitError': 'lost',
  'States.Timeout': 'lost',
};

const errors = [
  ...(Object.keys(catalog) as ErrorName[]).map((name) => ({ name, reaction: catalog[name].reaction })),
  ...Object.entries(errorsOfAws).map(([name, reaction]) => ({ name, reaction })),
];

describe('every task', () => {
  it.each(errors)('retries $name by its reaction: $reaction', ({ name, reaction }) => {
    expect(tasks.length).toBeGreaterThan(40);
    for (const task of tasks) {
      const retriers = task.retriers.filter(({ ErrorEquals }) => ErrorEquals.includes(name));
      if (reaction === 'caught' || reaction === 'never') {
        expect(retriers, task.name).toEqual([]);
        continue;
      }
      const { least, most, firstAfter, jitter, attempt = 0 } = demands[reaction];
      expect(retriers, task.name).toHaveLength(1);
      for (const retrier of retriers) {
        expect(retriedFor(retrier, attempt), task.name).toBeGreaterThanOrEqual(least);
        expect(retriedFor(retrier, attempt), task.name).toBeLessThanOrEqual(most);
        expect(retrier.IntervalSeconds, task.name).toBe(firstAfter);
        expect(retrier.JitterStrategy === 'FULL', task.name).toBe(jitter);
      }
    }
  });

  it('retries no other error', () => {
    const known: string[] = errors.map(({ name }) => name);
    for (const { name, retriers } of tasks) {
      expect(
        retriers.flatMap(({ ErrorEquals }) => ErrorEquals).filter((error) => !known.includes(error)),
        name,
      ).toEqual([]);
    }
  });
});

/** How long an error is retried, in seconds, if each attempt lasts so long. */
function retriedFor(retrier: Retrier, attempt: number): number {
  const { IntervalSeconds, BackoffRate = 2, MaxDelaySeconds = Number.POSITIVE_INFINITY, MaxAttempts } = retrier;
  const delays = Array.from({ length: MaxAttempts }, (_, attempt) => Math.min(MaxDelaySeconds, IntervalSeconds * BackoffRate ** attempt));
  return delays.reduce((sum, delay) => sum + delay + attempt, attempt);
}
