import { catalog, RecodeError } from '../../core/errors.ts';
import { wait } from './wait.ts';

/** How long an invocation waits, in seconds of the clock: Lambda's longest time limit, less a last look. */
export const patienceSeconds = 24;
/** What is left of an invocation for its last look, in milliseconds of real time. */
const lastLook = 6_000;
/** Until a step looks again, in milliseconds. */
export const usualPause = 250;

/** An invocation, as far as waiting needs it. */
interface Invocation {
  /** Milliseconds since the epoch. */
  now(): number;
  /** The milliseconds that Lambda leaves it. */
  remaining(): number;
}

/**
 * Attempts something until it no longer fails with an error that means "not yet" (the reaction `poll`). So a step that waits notices the end
 * within a look, and a look costs no transition. Rejects with that error when the invocation has waited long enough: the state machine then
 * goes on waiting with the next one.
 */
export async function patiently<Result>(
  attempt: () => Promise<Result>,
  { now, remaining }: Invocation,
  pause = usualPause,
): Promise<Result> {
  const deadline = now() + patienceSeconds * 1000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!isNotYet(error) || now() + pause >= deadline || remaining() <= lastLook) throw error;
    }
    await wait(pause);
  }
}

const isNotYet = (error: unknown) => error instanceof RecodeError && catalog[error.name].reaction === 'poll';
