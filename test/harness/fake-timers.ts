import { vi } from 'vitest';

/**
 * Lets the time of the faked timers pass until a promise has settled, and no longer: other tests in this process have timers, and some never
 * end.
 */
export async function whenSettled<Result>(promise: Promise<Result>): Promise<Result> {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  promise.then(settle, settle);
  while (!settled) await vi.advanceTimersToNextTimerAsync();
  return promise;
}
