import { executionProgress } from '../../../../aws/executions/executions.ts';
import type { Environment } from '../../../../core/environment.ts';
import { holderOf } from '../../../../core/lock.ts';
import type { EnvironmentOperationKind } from '../../../../core/operations.ts';
import { type OpenedEnvironment, openEnvironment, requireRecord } from '../../../environment.ts';
import { viewOf } from '../../../environment-view.ts';
import { begun } from '../../../execution/begun.ts';
import { environmentKind, lastFailure } from '../../../execution/last-failure.ts';
import { inSession } from '../../../execution/session.ts';
import { line, type Output, progressOf, writeJson } from '../../../output.ts';
import { prepareConnection } from '../../../ssh/connection.ts';
import { runFollow } from '../follow/run.ts';
import { runModule } from '../operations.ts';
import type { OperationRequest } from '../options.ts';

/** What to do. */
type Finding = { readonly words: string } & (
  | { readonly todo: 'run'; readonly kind: EnvironmentOperationKind }
  | { readonly todo: 'follow' }
  | { readonly todo: 'nothing' }
);

/**
 * Runs the operation that failed last on an environment again, as its own command would. Follows one in progress.
 *
 * @throws RecodeError EnvironmentNotFound, what the operation fails with, and those of its command
 */
export async function runRetry(request: OperationRequest, output: Output): Promise<void> {
  const found = await inSession(output, `retry on ${request.repository}`, async ({ view }) => {
    const opened = await openEnvironment(request, view);
    const record = await requireRecord(opened);
    view.end();
    const finding = await find(opened, record, request);
    if (finding.todo === 'nothing' && output.json) writeJson(output, viewOf(record, prepareConnection(opened.files, record)));
    else progressOf(output).write(`${finding.words}\n`);
    return finding;
  });
  if (found.todo === 'run') await (await runModule(found.kind)).again(request, output);
  if (found.todo === 'follow') await runFollow(request, output);
}

async function find({ account, clients }: OpenedEnvironment, record: Environment, { wait }: OperationRequest): Promise<Finding> {
  const holder = holderOf(record);
  if (holder && (await executionProgress(clients.sfn, holder.executionArn)).running) {
    return { todo: wait ? 'follow' : 'nothing', words: line`A ${holder.kind} is running, ${begun(holder, account.owner)}.` };
  }
  if (holder) {
    const words = line`Retrying the ${holder.kind}, ${begun(holder, account.owner)}, which ended without releasing its lock.`;
    return { todo: 'run', kind: environmentKind(holder.kind, record), words };
  }
  const failure = lastFailure(record);
  if (!failure) return { todo: 'nothing', words: line`Nothing to retry: the last operation on ${record.repository} did not fail.` };
  return { todo: 'run', kind: failure.kind, words: `Retrying the ${failure.kind} that ${failure.words}` };
}
