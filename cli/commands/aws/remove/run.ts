import { RemoveOutput } from '../../../../core/document.ts';
import type { Environment } from '../../../../core/environment.ts';
import { forgetEnvironment } from '../../../completion/known-environments.ts';
import { confirm } from '../../../confirm.ts';
import { type OpenedEnvironment, openEnvironment, requireRecord } from '../../../environment.ts';
import { unknownView } from '../../../environment-view.ts';
import { beforeOperation } from '../../../execution/control-plane.ts';
import { operate } from '../../../execution/environment-operation.ts';
import type { Followed } from '../../../execution/operation.ts';
import { inSession, type Session } from '../../../execution/session.ts';
import { deleteEnvironmentFolder } from '../../../files/environment-folder.ts';
import { orWarn } from '../../../or-warn.ts';
import { line, type Output, paint, table, writeJson } from '../../../output.ts';
import { resourceRows } from '../../../resources.ts';
import type { OperationRequest } from '../options.ts';

export const Result = RemoveOutput;

/**
 * Removes an environment with all that was made for it, after a question that names it, and its files on this machine.
 *
 * @throws RecodeError what the execution fails with, EnvironmentNotFound, ConfirmationRequired, and those of
 *   cli/environment.ts and cli/execution
 */
export function runRemove(request: OperationRequest, output: Output): Promise<void> {
  return inSession(output, `removal of ${request.repository}`, async (session) => {
    const environment = await openEnvironment(request, session.view);
    const record = await beforeOperation(environment, 'remove', requireRecord(environment));
    if (!request.force && !(await confirm(question(environment, record), output))) return;
    const removed = await operate(environment, { kind: 'remove', output: Result }, request, session, output);
    if (removed) await conclude(environment, removed, session, output);
  });
}

/** The same, because it has no options of its own. */
export const again = runRemove;

/** Deletes the files of the removed environment on this machine, and prints. */
export async function conclude(
  { account, files }: OpenedEnvironment,
  { result, executionArn }: Followed<RemoveOutput>,
  { view }: Session,
  output: Output,
): Promise<void> {
  view.end();
  orWarn(output, () => deleteEnvironmentFolder(files));
  const { repository, owner, name, status } = result;
  await forgetEnvironment(account, { owner, repository });
  if (output.json) {
    writeJson(output, { ...unknownView({ repository, owner }), name, status, executionArn, changed: true });
    return;
  }
  const { stdout } = output;
  stdout.write(`\n${paint(stdout, 'green', '✓')} ${paint(stdout, 'bold', `Removed ${repository}`)}\n`);
}

function question({ own, account: { region }, subject: { owner } }: OpenedEnvironment, record: Environment): string {
  const { repository } = record;
  const whose = own ? 'your environment' : `${owner}'s environment`;
  const rows = resourceRows(record);
  const what = rows.length === 0 ? '. It has no resources yet.\n' : ` and all data on its disk:\n${table(rows)}`;
  return `${line`This deletes ${whose} ${repository} in ${region}`}${what}Remove it?`;
}
