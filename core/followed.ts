import type { Environment } from './environment.ts';
import { isHeldBy } from './lock.ts';
import type { Holder } from './operation.ts';

/** What the record of an environment has shown of an operation that someone follows. */
export interface Shown {
  /** Whether there was a record. */
  readonly existed: boolean;
  /** Whether the operation held it. */
  readonly held: boolean;
  /** Whether the operation has probably ended. */
  readonly over: boolean;
}

export const nothingShown: Shown = { existed: false, held: false, over: false };

/**
 * Looks at a record, which may have changed since the last look, for signs that an operation has ended: it is among the past ones, it no
 * longer holds the record, or the record is gone. Its execution ends a moment later, and only its history tells how.
 */
export function look(before: Shown, record: Pick<Environment, 'lock' | 'lastOperations'> | undefined, operation: Holder): Shown {
  if (!record) return { ...before, over: before.over || before.existed };
  const held = isHeldBy(record, operation);
  const past = record.lastOperations?.some(({ executionArn }) => executionArn === operation.executionArn) ?? false;
  return { existed: true, held: before.held || held, over: before.over || (!held && (before.held || past)) };
}
