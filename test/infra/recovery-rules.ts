import { catalog } from '../../core/errors.ts';
import { type Machine, statesOf } from './states.ts';

/**
 * What is wrong with how the states of a machine retry and catch errors, and with their time-outs, a sentence each; empty for a sound one.
 *
 * The rules are of https://states-language.net/spec.html ("Errors"), the bounds of
 * https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
 */
export function recoveryFaults(machine: Machine): string[] {
  return statesOf(machine).flatMap(([name, state]) => {
    const { Retry = [], Catch = [], TimeoutSeconds, HeartbeatSeconds } = state as unknown as Recovering;
    const faults = [
      ...Retry.flatMap(retrierFaults),
      ...[Retry, Catch].flatMap((handlers) => [...handlers.flatMap(namesFaults), ...orderFaults(handlers)]),
      ...(HeartbeatSeconds !== undefined && HeartbeatSeconds >= (TimeoutSeconds ?? Number.POSITIVE_INFINITY)
        ? ['HeartbeatSeconds is not less than TimeoutSeconds']
        : []),
    ];
    return faults.map((fault) => `${name}: ${fault}`);
  });
}

interface Handler {
  readonly ErrorEquals?: readonly string[];
}
interface Recovering {
  readonly Retry?: readonly (Handler & Readonly<Record<string, unknown>>)[];
  readonly Catch?: readonly Handler[];
  readonly TimeoutSeconds?: number;
  readonly HeartbeatSeconds?: number;
}

// What AWS names itself: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html and
// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
const namesOfAws = new Set([
  ...['ALL', 'DataLimitExceeded', 'HeartbeatTimeout', 'Http.Socket', 'IntrinsicFailure', 'ParameterPathFailure', 'Permissions'].map(
    (name) => `States.${name}`,
  ),
  ...['ResultPathMatchFailure', 'TaskFailed', 'Timeout'].map((name) => `States.${name}`),
  ...['AWSLambdaException', 'ClientExecutionTimeoutException', 'SdkClientException', 'ServiceException', 'TooManyRequestsException'].map(
    (name) => `Lambda.${name}`,
  ),
  ...['Lambda.Unknown', 'Runtime.ExitError', 'Sandbox.Timedout'],
]);

function retrierFaults(retrier: Readonly<Record<string, unknown>>): string[] {
  const { IntervalSeconds = 1, BackoffRate = 2, MaxAttempts = 3, MaxDelaySeconds, JitterStrategy = 'NONE' } = retrier;
  const rules: readonly (readonly [holds: boolean, fault: string])[] = [
    [isWhole(IntervalSeconds, 1, 99_999_999), 'IntervalSeconds is no whole number from 1'],
    [isWhole(MaxAttempts, 0, 99_999_999), 'MaxAttempts is no whole number from 0 to 99999999'],
    [typeof BackoffRate === 'number' && BackoffRate >= 1, 'BackoffRate is less than 1'],
    [JitterStrategy === 'FULL' || JitterStrategy === 'NONE', 'JitterStrategy is neither FULL nor NONE'],
    [MaxDelaySeconds === undefined || isWhole(MaxDelaySeconds, 1, 31_622_399), 'MaxDelaySeconds is no whole number below 31622400'],
    [MaxDelaySeconds === undefined || Number(MaxDelaySeconds) > Number(IntervalSeconds), 'MaxDelaySeconds is not above IntervalSeconds'],
  ];
  return rules.flatMap(([holds, fault]) => (holds ? [] : [fault]));
}

function namesFaults({ ErrorEquals = [] }: Handler): string[] {
  const known = (name: string) => name in catalog || namesOfAws.has(name);
  return [
    ...(ErrorEquals.length === 0 ? ['ErrorEquals names no error'] : []),
    ...(ErrorEquals.includes('States.ALL') && ErrorEquals.length > 1 ? ['States.ALL does not stand alone'] : []),
    ...ErrorEquals.filter((name) => !known(name)).map((name) => `nobody throws ${name}`),
  ];
}

function orderFaults(handlers: readonly Handler[]): string[] {
  const names = handlers.flatMap(({ ErrorEquals = [] }) => ErrorEquals);
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  const early = handlers.slice(0, -1).some(({ ErrorEquals = [] }) => ErrorEquals.includes('States.ALL'));
  return [...new Set(twice)].map((name) => `${name} is named twice`).concat(early ? ['States.ALL does not come last'] : []);
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
}
