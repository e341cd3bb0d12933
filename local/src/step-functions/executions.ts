import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Lambda } from '../lambda/lambda.ts';
import type { Stack } from '../stack/stack.ts';
import { ensureFolder } from '../store.ts';
import { type Definition, executionInContext, type Json, parseDefinition } from './definition.ts';
import { StateFailure } from './evaluate.ts';
import { createHistory, createTrail, type ExecutionHeader, type History, type HistoryEvent, openHistory } from './history.ts';
import { type Run, runStateMachine } from './run.ts';
import type { StackStateMachine } from './state-machines.ts';

export type Status = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

export interface Execution extends ExecutionHeader {
  readonly history: History;
  /** How it ended; undefined while it runs. */
  closed?: Closed;
}

export interface Closed {
  readonly status: Status;
  /** Milliseconds since the epoch. */
  readonly stopDate: number;
  readonly output?: string | undefined;
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
}

/** The executions of the stack's state machines, including those of earlier processes. */
export interface Executions {
  /** In the order of their starts. */
  all(): Execution[];
  find(arn: string): Execution | undefined;
  /** Starts an execution. Its name must be free. */
  start(stateMachine: StackStateMachine, name: string, input: string): Execution;
  /** Aborts an execution, unless it is closed. */
  abort(execution: Execution, details: { error?: string | undefined; cause?: string | undefined }): Closed;
  /** Fails the running executions, as a kill would. */
  stop(): void;
}

/** AWS forgets an execution 90 days after it closed. */
const retention = 90 * 24 * 60 * 60 * 1000;
const stopped = { error: 'EmbeddedAwsStopped', cause: 'The embedded AWS was stopped while this execution ran.' };

/**
 * Opens the executions in `directory`. Those that were running when an earlier process ended are aborted now.
 * Throws `StateDamaged` for an unreadable history, and `UnsupportedDefinition` for a state machine that cannot run.
 */
export function openExecutions({
  stack,
  directory,
  clock,
  lambda,
  transition = () => undefined,
  onStatusChange = () => {},
}: {
  stack: Pick<Stack, 'accountId' | 'stateMachines'>;
  directory: string;
  clock: Clock;
  lambda: Pick<Lambda, 'invokedBy'>;
  /** By default, transitions take no time. */
  transition?: Run['transition'];
  /** Called for each execution that has started or ended, including those that are aborted now. */
  onStatusChange?: ((execution: Execution) => void) | undefined;
}): Executions {
  const definitions = new Map(stack.stateMachines.map(({ name, arn, definition }) => [arn, parseDefinition(name, definition)]));
  const executions = new Map<string, Execution>();
  const running = new Map<Execution, { cutOff: AbortController; cancelTimeOut: () => void }>();

  /** Records the end of an execution. It cuts off the execution first, so that this is the last event of its history. */
  const close = (execution: Execution, type: string, previousEventId: number, details: object): Closed => {
    const run = running.get(execution);
    run?.cancelTimeOut();
    run?.cutOff.abort();
    running.delete(execution);
    const closed = closedBy(execution.history.append(type, previousEventId, details));
    if (!closed) throw new Error(`${type} does not close an execution.`);
    execution.closed = closed;
    onStatusChange(execution);
    return closed;
  };

  const run = async (execution: Execution, definition: Definition, cutOff: AbortController): Promise<void> => {
    const trail = createTrail(execution.history, cutOff.signal);
    const context = { [executionInContext]: aboutExecution(execution), StateMachine: aboutStateMachine(execution) };
    try {
      const invoke = lambda.invokedBy(execution.stateMachineArn);
      const output = await runStateMachine(
        { clock, invoke, transition, context },
        definition,
        JSON.parse(execution.input),
        trail,
        cutOff.signal,
      );
      cutOff.signal.throwIfAborted();
      close(execution, 'ExecutionSucceeded', trail.previous, { output: JSON.stringify(output), outputDetails: { truncated: false } });
    } catch (error) {
      if (cutOff.signal.aborted) return;
      if (!(error instanceof StateFailure)) throw error;
      close(execution, 'ExecutionFailed', trail.previous, { error: error.error, cause: error.reason });
    }
  };

  for (const folder of [directory, ...stack.stateMachines.map(({ name }) => join(directory, name))]) ensureFolder(folder);
  for (const { header, last, history, file } of readAll(directory, clock)) {
    const execution: Execution = { ...header, history };
    const closed = last && closedBy(last);
    if (closed && closed.stopDate < clock.now() - retention) {
      rmSync(file);
      continue;
    }
    if (closed) execution.closed = closed;
    else close(execution, 'ExecutionAborted', 0, stopped);
    executions.set(header.executionArn, execution);
  }

  return {
    all: () => [...executions.values()],
    find: (arn) => executions.get(arn),
    start(stateMachine, name, input) {
      const definition = definitions.get(stateMachine.arn);
      if (!definition) throw new Error(`The stack has no state machine ${stateMachine.arn}.`);
      const header: ExecutionHeader = {
        executionArn: `${stateMachine.arn.replace(':stateMachine:', ':execution:')}:${name}`,
        name,
        stateMachineArn: stateMachine.arn,
        stateMachineName: stateMachine.name,
        roleArn: roleOf(stack, stateMachine),
        definition: stateMachine.definition,
        input,
        startDate: clock.now(),
      };
      const history = createHistory(join(directory, stateMachine.name, `${name}.jsonl`), header, clock);
      const execution: Execution = { ...header, history };
      executions.set(header.executionArn, execution);
      const cutOff = new AbortController();
      const { TimeoutSeconds } = definition;
      const timeOut = () => close(execution, 'ExecutionTimedOut', 0, {});
      const cancelTimeOut = TimeoutSeconds === undefined ? () => {} : clock.at(header.startDate + TimeoutSeconds * 1000, timeOut);
      running.set(execution, { cutOff, cancelTimeOut });
      onStatusChange(execution);
      void run(execution, definition, cutOff);
      return execution;
    },
    abort: (execution, details) => execution.closed ?? close(execution, 'ExecutionAborted', 0, details),
    stop() {
      for (const execution of running.keys()) close(execution, 'ExecutionAborted', 0, stopped);
    },
  };
}

/** The role of a state machine. The API shows one even if the stack has none. */
export function roleOf({ accountId }: Pick<Stack, 'accountId'>, { name, roleArn }: StackStateMachine): string {
  return roleArn ?? `arn:aws:iam::${accountId}:role/${name}`;
}

function aboutExecution({ executionArn, name, input, roleArn, startDate }: ExecutionHeader): Json {
  return {
    Id: executionArn,
    Name: name,
    Input: JSON.parse(input),
    RoleArn: roleArn,
    StartTime: new Date(startDate).toISOString(),
    RedriveCount: 0,
  };
}

function aboutStateMachine({ stateMachineArn, stateMachineName }: ExecutionHeader): Json {
  return { Id: stateMachineArn, Name: stateMachineName };
}

/** How an execution with this last event ended; undefined if it did not end. */
function closedBy(event: HistoryEvent): Closed | undefined {
  const statuses: Record<string, Status> = {
    ExecutionSucceeded: 'SUCCEEDED',
    ExecutionFailed: 'FAILED',
    ExecutionTimedOut: 'TIMED_OUT',
    ExecutionAborted: 'ABORTED',
  };
  const status = statuses[event.type];
  if (!status) return undefined;
  const details = event[`e${event.type.slice(1)}EventDetails`] ?? {};
  const { output, error, cause } = details as Pick<Closed, 'output' | 'error' | 'cause'>;
  return { status, stopDate: event.timestamp, output, error, cause };
}

function readAll(directory: string, clock: Clock) {
  const files = readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.jsonl'))
    .map((entry) => join(entry.parentPath, entry.name));
  // Most executions have the same definition, which is long.
  const definitions = new Map<string, string>();
  const opened = files.map((file) => {
    const { header, ...rest } = openHistory(file, clock);
    const definition = definitions.get(header.definition) ?? header.definition;
    definitions.set(definition, definition);
    return { file, header: { ...header, definition }, ...rest };
  });
  return opened.toSorted((a, b) => a.header.startDate - b.header.startDate);
}
