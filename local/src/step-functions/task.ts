import type { Clock } from '../clock.ts';
import type { Invoke } from '../lambda/lambda.ts';
import type { Json, TaskState } from './definition.ts';
import { StateFailure } from './evaluate.ts';
import type { Trail } from './history.ts';

/** The longest input or output of a state, in bytes. */
const longestData = 262_144;
/** The longest delay of a timer, in milliseconds. */
const longestDelay = 2 ** 31 - 1;

/** Invokes the function of a Task and records it. Rejects with the function's error, `States.Timeout`, or the signal's reason. */
export async function callFunction(
  state: TaskState,
  input: Json,
  { invoke, trail, signal }: { invoke: Invoke; trail: Trail; signal: AbortSignal },
): Promise<Json> {
  const { TimeoutSeconds: timeoutSeconds } = state;
  trail.add('LambdaFunctionScheduled', {
    resource: state.Resource,
    input: JSON.stringify(input),
    inputDetails: { truncated: false },
    ...(timeoutSeconds === undefined ? {} : { timeoutInSeconds: timeoutSeconds }),
  });
  trail.add('LambdaFunctionStarted');
  const invocation = await within(timeoutSeconds, signal, invoke(state.Resource, input, signal));
  if (!invocation) {
    trail.add('LambdaFunctionTimedOut', { error: 'States.Timeout' });
    throw new StateFailure('States.Timeout', undefined);
  }
  const failed = 'error' in invocation ? invocation : undefined;
  const output = 'error' in invocation ? '' : JSON.stringify(invocation.payload);
  const failure = failed ?? (fits(output) ? undefined : tooLong(state.Resource));
  if (failure) {
    trail.add('LambdaFunctionFailed', { error: failure.error, cause: failure.cause });
    throw new StateFailure(failure.error, failure.cause);
  }
  trail.add('LambdaFunctionSucceeded', { output, outputDetails: { truncated: false } });
  return JSON.parse(output) as Json;
}

/** Resolves when the clock reaches that time (milliseconds since the epoch). Rejects with the signal's reason. */
export function sleepUntil(when: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stop = () => {
      cancel();
      reject(signal.reason);
    };
    const cancel = clock.at(when, () => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
    signal.addEventListener('abort', stop, { once: true });
  });
}

/** Throws `States.DataLimitExceeded` for an output that is too long. Nothing can catch it, unlike for the result of a Task. */
export function requireFittingData(name: string, data: Json): void {
  if (fits(JSON.stringify(data))) return;
  const { error, cause } = tooLong(name);
  throw new StateFailure(error, cause, true);
}

const fits = (text: string) => Buffer.byteLength(text) <= longestData;

const tooLong = (name: string) => ({
  error: 'States.DataLimitExceeded',
  cause: `The state/task '${name}' returned a result with a size exceeding the maximum number of bytes service limit.`,
});

/** Resolves like `work`, or to undefined after that much real time. Rejects with the signal's reason. */
function within<T>(seconds: number | undefined, signal: AbortSignal, work: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stop = () => reject(signal.reason);
    const timer = seconds === undefined ? undefined : setTimeout(resolve, Math.min(longestDelay, seconds * 1000), undefined);
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    });
  });
}
