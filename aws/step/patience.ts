import { catalog, RecodeError } from '../../core/errors.ts';
import { meaningOf } from '../errors.ts';
import { wait } from './wait.ts';

/** How long an invocation waits, in seconds of the clock: Lambda's longest time limit, less a last look. */
export const patienceSeconds = 24;
/** What is left of an invocation for its last look, in milliseconds of real time. */
const lastLook = 6_000;
/** From one look of a step to the next, in milliseconds. */
export const usualPause = 250;
/** The longest pause where AWS throttles, in milliseconds, before its jitter. */
const longestPause = 5_000;

/** An invocation, as far as waiting needs it. */
interface Invocation {
  /** Milliseconds since the epoch. */
  now(): number;
  /** The milliseconds that Lambda leaves it. */
  remaining(): number;
  /** From 0 up to 1. */
  random(): number;
}

/**
 * Attempts something until it no longer fails with an error that means "not yet" (the reaction `poll`). So a step that waits notices the end
 * within a look, and a look costs no transition. Where AWS throttles, it attempts less and less often, and more often again once AWS
 * answers. Rejects with the last error when the invocation has waited long enough: the state machine then goes on waiting with the next one.
 */
export async function patiently<Result>(
  attempt: () => Promise<Result>,
  { now, remaining, random }: Invocation,
  pause = usualPause,
): Promise<Result> {
  const deadline = now() + patienceSeconds * 1000;
  let slowness = 1;
  for (;;) {
    const begun = now();
    let next: number;
    try {
      return await attempt();
    } catch (error) {
      const throttled = meaningOf(error) === 'throttled';
      if (!throttled && !isNotYet(error)) throw error;
      slowness = throttled ? slowness * 2 : Math.max(1, slowness / 1.5);
      // With jitter, those that were throttled together do not come back together.
      next = slowness === 1 ? Math.max(0, begun + pause - now()) : Math.min(longestPause, pause * slowness) * (0.5 + random());
      if (now() + next >= deadline || remaining() <= lastLook) throw error;
    }
    await wait(next);
  }
}

const isNotYet = (error: unknown) => error instanceof RecodeError && catalog[error.name].reaction === 'poll';
