import type { MiddlewareObj } from '@middy/core';
import { stackWithTiming, type Timing, withTiming } from '../../../core/timing.ts';
import { measureWith, type Stopwatch, startStopwatch } from '../stopwatch.ts';

/**
 * Adds to a step's result, or to the stack trace of its failure, what the invocation has spent its time on.
 *
 * @param now a clock in milliseconds that never goes back. It begins with the process.
 */
export function timing(now: () => number = () => performance.now()): MiddlewareObj {
  // The handler is made while the process loads its code.
  let start: number | undefined = now();
  let cold: number | undefined;
  let stopwatch: Stopwatch = startStopwatch(now);
  const read = (): Timing => {
    const { aws, proof, waiting, total } = stopwatch.read();
    return {
      ...(cold !== undefined && { coldMilliseconds: Math.round(cold) }),
      // Down, so that the parts are not more than the whole.
      awsMilliseconds: Math.floor(aws),
      proofMilliseconds: Math.floor(proof),
      waitedMilliseconds: Math.floor(waiting),
      totalMilliseconds: Math.ceil(total),
    };
  };
  return {
    before() {
      // Here, because an invocation that only starts the sandbox has no result of a step.
      cold = start;
      start = undefined;
      stopwatch = startStopwatch(now);
      measureWith(stopwatch);
    },
    after(request) {
      request.response = withTiming(request.response, read());
    },
    onError({ error }) {
      const measured = read();
      if (error) error.stack = stackWithTiming(error.stack ?? `${error.name}: ${error.message}`, measured);
    },
  };
}
