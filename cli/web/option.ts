import { RecodeError } from '../../core/errors.ts';
import type { AccountOptions } from '../account.ts';
import type { Output } from '../output.ts';

/** Opens the console instead of printing. */
export const webOption = ['--web', 'open the AWS console in your browser instead'] as const;

/** Refuses --web where there is nothing that it could open. Throws RecodeError UsageNotValid. */
export function checkWeb({ local }: AccountOptions, { json }: Output): void {
  if (local) throw new RecodeError('UsageNotValid', '--web opens the AWS console, and the embedded AWS has none.');
  if (json) throw new RecodeError('UsageNotValid', '--web cannot be used with --json.');
}
