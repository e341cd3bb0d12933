import type { Failure } from '../../failure.ts';
import { type Check, failed, ok, skipped, warning } from '../check.ts';

/** The region that commands work in. */
export type SeenRegion =
  | {
      readonly region: string;
      /** What names it. */
      readonly source: string;
      /** AWS_DEFAULT_REGION, if it is set besides the AWS_REGION that counts. */
      readonly other?: string;
    }
  | { readonly failure: Failure }
  /** Why it is not known, if that is the fault of something else. */
  | { readonly because: string };

/** Whether there is a region, and all variables name the same. Whether AWS has it shows when its endpoints are reached. */
export function regionCheck(seen: SeenRegion): Check {
  if ('because' in seen) return skipped('region', seen.because);
  if ('failure' in seen) return failed('region', seen.failure);
  const { region, source, other } = seen;
  if (other === undefined || other === region) return ok('region', `${region}, from ${source}`);
  const problem = `${region}, from ${source}. AWS_DEFAULT_REGION is ${other}, which other programs use.`;
  return warning('region', problem, 'Set both to the same region, or unset one.');
}
