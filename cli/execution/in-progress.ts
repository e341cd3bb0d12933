import * as v from 'valibot';
import { RecodeError } from '../../core/errors.ts';
import { InProgress, type Operation } from '../../core/operation.ts';
import { begun } from './begun.ts';

/** The operation that an error says is in progress; undefined for any other error. */
export function operationInProgress(error: unknown): Operation | undefined {
  return inProgress(error)?.operation;
}

/** The same error with the age of that operation instead of the time that it began, as the owner `me` reads it. Any other error stays. */
export function withAge(error: RecodeError, me: string): RecodeError {
  const found = inProgress(error);
  if (!found) return error;
  const { subject, operation } = found;
  const article = /^[aeiou]/.test(operation.kind) ? 'An' : 'A';
  const message = `${article} ${operation.kind} is running on ${subject}, ${begun(operation, me)}.`;
  return new RecodeError(error.name, message, { data: error.data, cause: error });
}

function inProgress(error: unknown): InProgress | undefined {
  if (!(error instanceof RecodeError) || error.name !== 'OperationInProgress') return undefined;
  const parsed = v.safeParse(InProgress, error.data);
  return parsed.success ? parsed.output : undefined;
}
