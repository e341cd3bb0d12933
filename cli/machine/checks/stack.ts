import type { Failure } from '../../failure.ts';
import { type Check, failed, ok, skipped } from '../check.ts';

/** The control plane in the region. */
export interface SeenStack {
  /** Its version. */
  readonly version?: string;
  /** Why it cannot be used: missing, of another version, or not for this person. */
  readonly failure?: Failure;
  /** Why it was not asked for, if that is the fault of something else. */
  readonly because?: string;
}

/** Whether the stack is deployed in the region, and this Recode goes with it. */
export function stackCheck({ version, failure, because }: SeenStack): Check {
  if (because !== undefined) return skipped('stack', because);
  return failure ? failed('stack', failure) : ok('stack', `recode ${version} is deployed`);
}
