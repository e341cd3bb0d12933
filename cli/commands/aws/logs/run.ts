import { type ExecutionEvent, executionEvents } from '../../../../aws/executions/executions.ts';
import type { RecodeError } from '../../../../core/errors.ts';
import { holderOf } from '../../../../core/lock.ts';
import { type EnvironmentTarget, findRecord, type OpenedEnvironment, openEnvironment, requireRecord } from '../../../environment.ts';
import { environmentOperationOf } from '../../../execution/background.ts';
import { inSession } from '../../../execution/operation.ts';
import { rememberedExecution } from '../../../execution/remembered-execution.ts';
import { columns, indent, line, type Output, paint, writeJson } from '../../../output.ts';

/** A step of an execution, as its events tell it. Times are ISO 8601. */
interface Step {
  readonly state: string;
  readonly sentence: string;
  readonly startedAt: string;
  endedAt: string | null;
  /** Why attempts have failed; the state machine may have tried again. */
  readonly failedAttempts: { readonly name: string; readonly message: string; readonly at: string }[];
}

/**
 * Shows the steps of the operation that holds an environment, or that this machine has started with --no-wait.
 *
 * @throws RecodeError EnvironmentNotFound, RecodeNotInstalled, and those of cli/environment.ts
 */
export function runLogs(target: EnvironmentTarget, output: Output): Promise<void> {
  return inSession(output, `look at ${target.repository}`, async ({ view }) => {
    const opened = await openEnvironment(target, view);
    const executionArn = holderOf((await findRecord(opened)) ?? {})?.executionArn ?? rememberedExecution(opened.files);
    const events = executionArn === undefined ? undefined : await executionEvents(opened.clients.sfn, executionArn);
    // Step Functions forgets after 90 days, and the embedded AWS at a reset.
    if (executionArn === undefined || !events) {
      await requireRecord(opened);
      view.end();
      showNothing(opened, output);
      return;
    }
    view.end();
    show(opened, executionArn, events, output);
  });
}

function showNothing({ subject: { repository, owner } }: OpenedEnvironment, output: Output): void {
  const nothing = { executionArn: null, kind: null, status: null, startedAt: null, endedAt: null, error: null, steps: [] };
  if (output.json) writeJson(output, { repository, owner, ...nothing });
  else output.stdout.write(line`No operation is running on ${repository}\n`);
}

function show({ subject }: OpenedEnvironment, executionArn: string, events: readonly ExecutionEvent[], output: Output): void {
  const { repository, owner } = subject;
  const kind = environmentOperationOf(executionArn);
  const end = events.find((event) => event.type === 'succeeded' || event.type === 'failed');
  const error = end?.type === 'failed' ? end.error : undefined;
  const status = end ? (error ? 'failed' : 'succeeded') : 'running';
  const startedAt = events[0]?.at.toISOString() ?? null;
  const endedAt = end?.at.toISOString() ?? null;
  const steps = stepsOf(events);
  if (output.json) {
    writeJson(output, { repository, owner, executionArn, kind, status, startedAt, endedAt, error: error ? named(error) : null, steps });
    return;
  }
  const { stdout } = output;
  stdout.write(`${paint(stdout, 'bold', repository)}${line` (${owner}): ${kind} ${status}`}\n\n`);
  stdout.write(columns(['STARTED', 'TOOK', 'STEP'], steps.flatMap(rowsOf), (heading) => paint(stdout, 'bold', heading)));
  if (error) stdout.write(`\n${indent(error.message)}\n`);
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

/** A row for a step, and one for each attempt that failed. */
function rowsOf({ sentence, startedAt, endedAt, failedAttempts }: Step): string[][] {
  const took = endedAt === null ? '-' : `${((Date.parse(endedAt) - Date.parse(startedAt)) / 1000).toFixed(1)}s`;
  return [[startedAt, took, sentence], ...failedAttempts.map(({ name, message, at }) => [at, '', `  ${name}: ${message}`])];
}

const named = ({ name, message }: RecodeError) => ({ name, message });
