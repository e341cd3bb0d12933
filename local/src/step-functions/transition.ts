import type { Buckets } from '../buckets.ts';
import type { Clock } from '../clock.ts';
import type { StepFunctionsProfile } from '../profiles.ts';
import type { Run } from './run.ts';
import { sleepUntil } from './task.ts';

/** Lets each transition take its time, and those beyond the limit of the region wait for their turn. `profile` is called for each. */
export function createTransition(clock: Clock, buckets: Buckets, region: string, profile: () => StepFunctionsProfile): Run['transition'] {
  return (signal) => {
    const { transition, limits } = profile();
    const turn = limits ? buckets.reserve('transitions', limits(region).transitions) : 0;
    return turn + transition > 0 ? sleepUntil(clock.now() + turn + transition, clock, signal) : undefined;
  };
}
