import * as v from 'valibot';
import { unless } from '../../../../aws/errors.ts';
import type { ExecutionEnd } from '../../../../aws/executions/executions.ts';
import { executionEnd } from '../../../../aws/executions/follow.ts';
import type { CancelInput } from '../../../../core/document.ts';
import { holderOf } from '../../../../core/lock.ts';
import type { Operation } from '../../../../core/operation.ts';
import { autoStopCaller } from '../../../../core/owner.ts';
import { confirm } from '../../../confirm.ts';
import {
  type EnvironmentTarget,
  environmentCommand,
  findRecord,
  type OpenedEnvironment,
  openEnvironment,
  requireRecord,
} from '../../../environment.ts';
import { statusWords, viewOf } from '../../../environment-view.ts';
import { begun } from '../../../execution/begun.ts';
import { beforeOperation, checkedSentences } from '../../../execution/control-plane.ts';
import { follow, startOperation } from '../../../execution/operation.ts';
import { inSession } from '../../../execution/session.ts';
import { indent, line, type Output, paint, writeJson } from '../../../output.ts';

/** Which operation to cancel: the one that holds this environment. */
export interface CancelRequest extends EnvironmentTarget {
  /** Not to ask whether it is meant. */
  readonly force: boolean;
}

/**
 * Cancels the operation that holds an environment. It may have ended by itself by then.
 *
 * @throws RecodeError EnvironmentNotFound, ConfirmationRequired, and those of cli/environment.ts and cli/execution
 */
export function runCancel(request: CancelRequest, output: Output): Promise<void> {
  return inSession(output, `cancellation on ${request.repository}`, async (session) => {
    const { view } = session;
    const environment = await openEnvironment(request, view);
    const { account, clients, own, subject } = environment;
    const operation = holderOf(await beforeOperation(environment, 'cancel', requireRecord(environment)));
    if (!operation) {
      view.end();
      return showNothing(environment, output);
    }
    const { kind, executionArn } = operation;
    const question = line`${subject.repository} belongs to ${subject.owner}. Cancel its ${kind}, ${begun(operation, account.owner)}?`;
    if (!own && !request.force && !(await confirm(question, output))) return;
    const input: CancelInput = { environment: subject, executionArn };
    const cancelling = await startOperation(clients, account, { kind: 'cancel', input }, session);
    await follow(clients, account, cancelling, v.unknown(), session, { sentences: checkedSentences(clients, cancelling) });
    // The truth is in its own history: it may have ended a moment before.
    const end = await unless('no-execution', executionEnd(clients.sfn, executionArn));
    view.end();
    await showEnd(environment, operation, end, output);
  });
}

function showNothing({ subject }: OpenedEnvironment, output: Output): void {
  if (output.json) writeJson(output, { ...subject, cancelled: false, operation: null, executionArn: null });
  else output.stdout.write(line`No operation is running on ${subject.repository}.\n`);
}

async function showEnd(environment: OpenedEnvironment, operation: Operation, end: ExecutionEnd | undefined, output: Output): Promise<void> {
  const { executionArn, kind, owner, startedAt } = operation;
  const { subject } = environment;
  const cancelled = end?.type === 'failed' && end.error.name === 'OperationCancelled';
  if (output.json) {
    writeJson(output, { ...subject, cancelled, operation: { kind, owner, startedAt }, executionArn });
    return;
  }
  const { stdout } = output;
  const of = line`the ${kind} of ${subject.repository}`;
  if (!cancelled) {
    stdout.write(`\nNothing was cancelled: ${of} had ended before.\n`);
    if (end?.type === 'failed') stdout.write(`${indent(end.error.message)}\n`);
    return;
  }
  const record = await findRecord(environment);
  const status = record ? line`, which is ${statusWords(viewOf(record))}` : '';
  stdout.write(`\n${paint(stdout, 'green', '✓')} ${paint(stdout, 'bold', `Cancelled ${of}`)}${status}\n`);
  if (owner === autoStopCaller) {
    stdout.write('It runs again within five minutes. To postpone the automatic stop, run:\n');
    stdout.write(`  ${environmentCommand(environment, 'extend')} 2h\n`);
  } else stdout.write(`To continue it, run:\n  ${environmentCommand(environment, 'retry')}\n`);
}
