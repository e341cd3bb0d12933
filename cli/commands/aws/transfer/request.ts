import { RecodeError } from '../../../../core/errors.ts';
import { isNewOwner } from '../../../../core/owner.ts';
import { type OperationFlags, type OperationRequest, parseOperation } from '../options.ts';

/** The options as commander hands them over. */
export interface TransferFlags extends OperationFlags {
  readonly to?: string;
}

/** What a person asked for. */
export interface TransferRequest extends OperationRequest {
  /** Who gets it. Missing to finish a transfer that failed. */
  readonly to?: string;
}

/** Reads what was typed, before anything is asked of the network. Throws RecodeError UsageNotValid, and those of `parseOperation`. */
export function parseTransfer(repository: string, { to, ...flags }: TransferFlags, variables: NodeJS.ProcessEnv): TransferRequest {
  if (to !== undefined && !isNewOwner(to)) {
    throw new RecodeError('UsageNotValid', `Invalid --to '${to}'. Use the name that "recode aws whoami" shows the new owner.`);
  }
  return { ...parseOperation(repository, flags, variables), ...(to !== undefined && { to }) };
}
