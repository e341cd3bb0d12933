import { catalog, type Reaction } from '../core/errors.ts';

type Retried = Exclude<Reaction, 'caught' | 'never'>;

interface Timing {
  readonly IntervalSeconds: number;
  readonly BackoffRate: number;
  readonly MaxDelaySeconds?: number;
  readonly MaxAttempts: number;
  readonly JitterStrategy?: 'FULL';
}

/** How a state machine retries the errors of each reaction. */
const timings: Readonly<Record<Retried, Timing>> = {
  // ten minutes or more: each attempt waits as long as its invocation lasts (aws/step/patience.ts)
  poll: { IntervalSeconds: 1, BackoffRate: 1, MaxAttempts: 25 },
  // comes within seconds or not at all
  moment: { IntervalSeconds: 1, BackoffRate: 1, MaxAttempts: 30 },
  // almost five minutes: by then, the next sweep has asked for another stop. Each attempt costs a transition and two reads.
  held: { IntervalSeconds: 15, BackoffRate: 1, MaxAttempts: 19 },
  // nine minutes, most of them in the invocations: a call too many is made again there (aws/step/patience.ts)
  busy: { IntervalSeconds: 1, BackoffRate: 2, MaxDelaySeconds: 6, MaxAttempts: 18, JitterStrategy: 'FULL' },
  // half an hour: a new account may have ten Lambdas, and a step that waits keeps one for 24 s
  crowded: { IntervalSeconds: 1, BackoffRate: 1.5, MaxDelaySeconds: 10, MaxAttempts: 180, JitterStrategy: 'FULL' },
  // waits at least 5 s, without jitter, so that whatever the lost attempt created is visible
  lost: { IntervalSeconds: 5, BackoffRate: 1.5, MaxDelaySeconds: 20, MaxAttempts: 12 },
  visibility: { IntervalSeconds: 1, BackoffRate: 1.5, MaxDelaySeconds: 5, MaxAttempts: 120, JitterStrategy: 'FULL' },
  dependency: { IntervalSeconds: 1, BackoffRate: 2, MaxDelaySeconds: 30, MaxAttempts: 40, JitterStrategy: 'FULL' },
  permission: { IntervalSeconds: 4, BackoffRate: 2, MaxAttempts: 4 },
};

/** Errors of Lambda and Step Functions, which no step throws. */
const errorsOfAws: Readonly<Partial<Record<Retried, readonly string[]>>> = {
  crowded: ['Lambda.TooManyRequestsException'],
  // The function may have run.
  lost: [
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.SdkClientException',
    'Lambda.ClientExecutionTimeoutException',
    'Lambda.Unknown',
    'Sandbox.Timedout',
    'Runtime.ExitError',
    'States.Timeout',
  ],
};

/** The `Retry` of every task: one retrier for each reaction of the catalog in core/errors.ts that retries. */
export const retries = (Object.keys(timings) as Retried[]).map((reaction) => {
  const ours = Object.entries(catalog).filter(([, entry]) => entry.reaction === reaction);
  return { ErrorEquals: [...ours.map(([name]) => name), ...(errorsOfAws[reaction] ?? [])], ...timings[reaction] };
});
