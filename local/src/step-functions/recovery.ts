import type { Catcher, Retrier } from './definition.ts';
import type { StateFailure } from './evaluate.ts';

/** The retriers of a state while the execution is in it. */
export interface Retries {
  /** Milliseconds until the next attempt; undefined if no attempt is left, or no retrier matches. */
  delayAfter(failure: StateFailure): number | undefined;
}

export function createRetries(retriers: readonly Retrier[]): Retries {
  const used = retriers.map(() => 0);
  return {
    delayAfter(failure) {
      const index = retriers.findIndex((retrier) => matches(failure, retrier.ErrorEquals));
      const retrier = retriers[index];
      const attempts = used[index] ?? 0;
      if (!retrier || attempts >= retrier.MaxAttempts) return undefined;
      used[index] = attempts + 1;
      const grown = retrier.IntervalSeconds * retrier.BackoffRate ** attempts;
      const seconds = Math.min(grown, retrier.MaxDelaySeconds ?? Number.POSITIVE_INFINITY);
      return seconds * 1000 * (retrier.JitterStrategy === 'FULL' ? Math.random() : 1);
    },
  };
}

/** The first catcher that matches the failure. */
export function catcherFor(failure: StateFailure, catchers: readonly Catcher[]): Catcher | undefined {
  return catchers.find((catcher) => matches(failure, catcher.ErrorEquals));
}

function matches({ error, final }: StateFailure, names: readonly string[]): boolean {
  if (final) return false;
  return names.some((name) => name === error || name === 'States.ALL' || (name === 'States.TaskFailed' && error !== 'States.Timeout'));
}
