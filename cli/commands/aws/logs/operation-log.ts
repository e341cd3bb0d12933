import { type ExecutionEvent, type ExecutionHistory, eventsIn, executionHistory } from '../../../../aws/executions/executions.ts';
import type { RecodeError } from '../../../../core/errors.ts';
import { holderOf } from '../../../../core/lock.ts';
import type { PastOperation } from '../../../../core/operation.ts';
import { findRecord, type OpenedEnvironment, requireRecord } from '../../../environment.ts';
import { environmentOperationOf } from '../../../execution/background.ts';
import { rememberedExecution } from '../../../execution/remembered-execution.ts';

/** What there is to show of an operation. Times are ISO 8601. */
export interface OperationLog extends Pick<PastOperation, 'executionArn' | 'kind' | 'owner' | 'startedAt' | 'byAdministrator'> {
  /** Null where nobody knows it any more. */
  readonly status: 'running' | 'succeeded' | 'failed' | null;
  readonly endedAt: string | null;
  readonly error: Failure | null;
  /** Null where Step Functions has forgotten the execution: after 90 days, and the embedded AWS at a reset. */
  readonly steps: readonly Step[] | null;
}

interface Failure {
  readonly name: string;
  /** Null where only the name is recorded. */
  readonly message: string | null;
}

/** A step of an execution, as its events tell it. Times are ISO 8601. */
export interface Step {
  readonly state: string;
  readonly sentence: string;
  readonly startedAt: string;
  endedAt: string | null;
  /** Why attempts have failed; the state machine may have tried again. */
  readonly failedAttempts: FailedAttempt[];
}

export interface FailedAttempt {
  readonly name: string;
  readonly message: string;
  readonly at: string;
}

/** An operation, with the history of its execution if Step Functions knows it. */
export interface Found {
  readonly operation: PastOperation;
  readonly history: ExecutionHistory | undefined;
}

/**
 * Finds the last operations on an environment, oldest first: those that its record remembers, the one that holds it, and the one that this
 * machine has started with --no-wait.
 *
 * @throws RecodeError EnvironmentNotFound, RecodeNotInstalled
 */
export async function lastOperations(opened: OpenedEnvironment, count: number): Promise<Found[]> {
  const { sfn } = opened.clients;
  const record = await findRecord(opened);
  const holder = record && holderOf(record);
  const recorded: PastOperation[] = [...(record?.lastOperations ?? []), ...(holder ? [holder] : [])];
  const background = await inBackground(opened, recorded);
  if (!record && !background) await requireRecord(opened);
  const history = (operation: PastOperation) =>
    operation === background?.operation ? background.history : executionHistory(sfn, operation.executionArn);
  const last = [...recorded, ...(background ? [background.operation] : [])]
    .sort((one, other) => Date.parse(one.startedAt) - Date.parse(other.startedAt))
    .slice(-count);
  return Promise.all(last.map(async (operation) => ({ operation, history: await history(operation) })));
}

/** The same operation as it is now. */
export async function readAgain({ clients }: OpenedEnvironment, log: OperationLog): Promise<OperationLog> {
  const history = await executionHistory(clients.sfn, log.executionArn);
  return history ? { ...log, ...told(eventsIn(history)) } : log;
}

/** What this machine has started with --no-wait, if the record does not know it: it was refused, has not begun, or was a removal. */
async function inBackground(opened: OpenedEnvironment, recorded: readonly PastOperation[]): Promise<Found | undefined> {
  const executionArn = rememberedExecution(opened.files);
  if (executionArn === undefined || recorded.some((operation) => operation.executionArn === executionArn)) return undefined;
  const history = await executionHistory(opened.clients.sfn, executionArn);
  const startedAt = history && eventsIn(history)[0]?.at.toISOString();
  if (startedAt === undefined) return undefined;
  return { operation: { executionArn, kind: environmentOperationOf(executionArn), owner: opened.account.owner, startedAt }, history };
}

/** What there is to show of an operation. */
export function logOf({ operation, history }: Found): OperationLog {
  const { executionArn, kind, owner, startedAt, byAdministrator } = operation;
  const begun = { owner, startedAt, ...(byAdministrator && { byAdministrator }) };
  return { executionArn, kind, ...begun, ...(history ? told(eventsIn(history)) : remembered(operation)) };
}

type Course = Pick<OperationLog, 'status' | 'endedAt' | 'error' | 'steps'>;

function told(events: readonly ExecutionEvent[]): Course {
  const end = events.find((event) => event.type === 'succeeded' || event.type === 'failed');
  const error = end?.type === 'failed' ? named(end.error) : null;
  const status = end ? (error ? 'failed' : 'succeeded') : 'running';
  return { status, endedAt: end?.at.toISOString() ?? null, error, steps: stepsOf(events) };
}

function remembered({ endedAt, error }: PastOperation): Course {
  const status = error !== undefined ? 'failed' : endedAt === undefined ? null : 'succeeded';
  return { status, endedAt: endedAt ?? null, error: error === undefined ? null : { name: error, message: null }, steps: null };
}

function stepsOf(events: readonly ExecutionEvent[]): Step[] {
  const steps: Step[] = [];
  const current = (state: string) => steps.find((step) => step.state === state && step.endedAt === null);
  for (const event of events) {
    const at = event.at.toISOString();
    if (event.type === 'state-entered') {
      steps.push({ state: event.state, sentence: event.sentence, startedAt: at, endedAt: null, failedAttempts: [] });
    } else if (event.type === 'attempt-failed') current(event.state)?.failedAttempts.push({ ...named(event.error), at });
    else if (event.type === 'state-exited') {
      const step = current(event.state);
      if (step) step.endedAt = at;
    }
  }
  return steps;
}

const named = ({ name, message }: RecodeError) => ({ name, message });
