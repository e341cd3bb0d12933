import * as v from 'valibot';
import { Transfer } from '../../core/environment.ts';
import { RecodeError } from '../../core/errors.ts';
import type { Account } from '../account.ts';
import { printedCommand } from '../account-flags.ts';

/** The same error with the command that finishes the transfer that it is about. Any other error stays. */
export function withFinish(error: RecodeError, { options }: Pick<Account, 'options'>): RecodeError {
  const parsed = v.safeParse(Transfer, error.data);
  if (error.name !== 'TransferNotFinished' || !parsed.success) return error;
  const fix = finishCommand(parsed.output, { options });
  return new RecodeError(error.name, error.message, { fix, data: error.data, cause: error });
}

/** The command that finishes a transfer, for its former owner and for administrators. */
export function finishCommand({ repository, from, to }: Transfer, { options }: Pick<Account, 'options'>): string {
  return printedCommand(['recode', 'aws', 'transfer', repository, '--to', to, '--owner', from], options);
}
