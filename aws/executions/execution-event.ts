import * as v from 'valibot';
import { type ErrorName, isRefusal } from '../../core/errors.ts';
import { operationOf } from '../../core/executions.ts';
import type { Operation } from '../../core/operation.ts';
import type { OperationKind } from '../../core/operations.ts';
import { failureOf } from '../errors.ts';
import type { EnvironmentSubject } from '../records/read/environment.ts';

/**
 * The event by which EventBridge tells that an execution has not ended well, as far as we read it.
 * https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
 */
export const EndedExecution = v.object({
  detail: v.object({
    executionArn: v.string(),
    stateMachineArn: v.string(),
    status: v.picklist(['FAILED', 'TIMED_OUT', 'ABORTED']),
    /** JSON; null where it is too large for an event. */
    input: v.nullish(v.string()),
    error: v.nullish(v.string()),
    cause: v.nullish(v.string()),
  }),
});
export type EndedExecution = v.InferOutput<typeof EndedExecution>;

/** What there is to know of an execution that has not ended well. */
export interface End {
  readonly operation: Pick<Operation, 'executionArn' | 'kind'>;
  /** What it was about; null for an uninstall, and where its input never was one. */
  readonly environment: EnvironmentSubject | null;
  /** Of a transfer: who was to get it. */
  readonly otherOwner: string | undefined;
  readonly error: { readonly name: string; readonly message: string };
  /** Whether it is the administrator's business: it was neither refused nor stopped by a person. */
  readonly alarming: boolean;
}

/** Reads the event. Throws on a state machine that is none of ours. */
export function endOf({ detail }: EndedExecution): End {
  const { executionArn, stateMachineArn, status } = detail;
  const error = errorOf(detail);
  const input = inputOf(detail.input);
  return {
    operation: { executionArn, kind: kindOf(stateMachineArn) },
    environment: input?.environment ?? null,
    otherOwner: input?.to,
    error,
    alarming: status !== 'ABORTED' && !isRefusal(error.name),
  };
}

/** Why an execution has not ended well. A cancel stops it with a name of ours. */
export function errorOf({ status, error, cause }: Pick<EndedExecution['detail'], 'status' | 'error' | 'cause'>): {
  name: string;
  message: string;
} {
  switch (status) {
    case 'ABORTED':
      if (error === ('OperationCancelled' satisfies ErrorName)) return { name: error, message: cause ?? '' };
      return { name: 'ExecutionAborted', message: `The execution was stopped${cause ? `: ${cause}` : '.'}` };
    case 'TIMED_OUT':
      return { name: 'ExecutionTimedOut', message: 'The execution exceeded its time limit.' };
    case 'FAILED':
      return failureOf(error ?? 'States.Runtime', cause ?? '');
  }
}

function kindOf(stateMachineArn: string): OperationKind {
  const found = operationOf(stateMachineArn);
  if (!found) throw new Error(`${stateMachineArn} is none of ours.`);
  return found;
}

const Input = v.object({ environment: v.object({ owner: v.string(), repository: v.string() }), to: v.optional(v.string()) });

function inputOf(input: string | null | undefined): v.InferOutput<typeof Input> | undefined {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Input), input);
  return parsed.success ? parsed.output : undefined;
}
