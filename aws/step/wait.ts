import { during } from './stopwatch.ts';

/** How often the clock is looked at, in milliseconds. */
const slice = 10;

/**
 * Sleeps between two looks at EC2, for so many milliseconds of the clock, which may run faster than real time in tests. The timing of the step
 * counts it as waiting.
 *
 * @param signal ends it sooner
 */
export function wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return during('waiting', async () => {
    const until = Date.now() + milliseconds;
    // No longer than that in real time, in case the clock crawls.
    for (let slept = 0; slept < milliseconds && Date.now() < until && !signal?.aborted; slept += slice) {
      await new Promise((resolve) => setTimeout(resolve, Math.min(slice, milliseconds - slept)));
    }
  });
}
