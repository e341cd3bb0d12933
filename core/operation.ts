import * as v from 'valibot';
import { operationKinds } from './operations.ts';

/** An operation is one execution that works on an environment or on the network. It holds locks by its execution's ARN. */
export const Operation = v.object({
  executionArn: v.string(),
  kind: v.picklist(operationKinds),
  /** Who began it. Who it is was proved, except in what an older version recorded. */
  owner: v.string(),
  /** ISO 8601. */
  startedAt: v.string(),
  /** Whether an administrator began it, on the environment of somebody else. */
  byAdministrator: v.exactOptional(v.literal(true)),
});
export type Operation = v.InferOutput<typeof Operation>;

/** An operation that held an environment, as its record remembers it. */
export const PastOperation = v.object({
  ...Operation.entries,
  /** A newer version may have more kinds. */
  kind: v.string(),
  /** ISO 8601. Absent if it ended without releasing its lock, and the next operation took that over. */
  endedAt: v.exactOptional(v.string()),
  /** The name of the error that it failed with. */
  error: v.exactOptional(v.string()),
});
export type PastOperation = v.InferOutput<typeof PastOperation>;

/** How an operation has ended: when (ISO 8601), and with which error unless it succeeded. */
export type OperationEnd = Pick<PastOperation, 'endedAt' | 'error'> & { readonly endedAt: string };

/** The most past operations that a record remembers. */
export const mostPastOperations = 10;

/** The data of an OperationInProgress: the operation that runs, and what it runs on, for people (`the environment acme/api`). */
export const InProgress = v.object({ subject: v.string(), operation: Operation });
export type InProgress = v.InferOutput<typeof InProgress>;

/** What of an operation tells whether it holds something. */
export type Holder = Pick<Operation, 'executionArn'>;

/**
 * How long a Lambda may still run after its execution has closed, in seconds: the longest Lambda timeout (30) and 5 for clocks that differ.
 * Until then, no operation takes the lock.
 */
export const settleSeconds = 35;

/** How long an execution that Step Functions does not know counts as running: StartExecution is eventually consistent. */
const unknownSeconds = 15 * 60;

/** What DescribeExecution says of the execution that holds a lock. */
export type HolderState = { state: 'running' } | { state: 'closed'; closedAt: number } | { state: 'unknown' };

export type Verdict = 'held' | 'settling' | 'closed';

/** Whether an operation still holds its lock at `now` (milliseconds since the epoch). */
export function judgeHolder(operation: Operation, holder: HolderState, now: number): Verdict {
  switch (holder.state) {
    case 'running':
      return 'held';
    case 'closed':
      return now - holder.closedAt >= settleSeconds * 1000 ? 'closed' : 'settling';
    case 'unknown':
      return now - Date.parse(operation.startedAt) < unknownSeconds * 1000 ? 'held' : 'closed';
  }
}
