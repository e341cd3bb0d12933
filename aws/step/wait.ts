import { during } from './stopwatch.ts';

/** Sleeps between two looks at EC2, for so many milliseconds. The timing of the step counts it as waiting. */
export function wait(milliseconds: number): Promise<void> {
  return during('waiting', () => new Promise((resolve) => setTimeout(resolve, milliseconds)));
}
