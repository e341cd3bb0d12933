import { RenameOutput } from '../../../../core/document.ts';
import { confirmOnBehalf } from '../../../confirm-on-behalf.ts';
import { findRecord, type OpenedEnvironment, openEnvironment, requireRecord } from '../../../environment.ts';
import { beforeOperation } from '../../../execution/control-plane.ts';
import { operate } from '../../../execution/environment-operation.ts';
import type { Followed } from '../../../execution/operation.ts';
import { inSession, type Session } from '../../../execution/session.ts';
import { type Output, paint, table, writeJson } from '../../../output.ts';
import { prepareConnection, shortCommand } from '../../../ssh/connection.ts';
import { viewAfter } from '../../../view-after.ts';
import type { RenameRequest } from './request.ts';

export const Result = RenameOutput;

/**
 * Renames an environment, and waits until its resources have the new name.
 *
 * @throws RecodeError what the execution fails with, EnvironmentNotFound, and those of cli/environment.ts and cli/execution
 */
export function runRename({ name, ...request }: RenameRequest, output: Output): Promise<void> {
  return inSession(output, `rename of ${request.repository}`, async (session) => {
    const environment = await openEnvironment(request, session.view);
    await beforeOperation(environment, 'rename', requireRecord(environment));
    if (!(await confirmOnBehalf(environment, 'rename', request, output))) return;
    const asked = { kind: 'rename', output: Result, ...(name !== undefined && { name }) } as const;
    const renamed = await operate(environment, asked, request, session, output);
    if (renamed) await conclude(environment, renamed, session, output);
  });
}

/** The same without a name: a rename that failed has left it in the record. */
export const again = runRename;

/** Gives the files of the environment on this machine the new name, and prints. */
export async function conclude(
  environment: OpenedEnvironment,
  { result, executionArn }: Followed<RenameOutput>,
  { view }: Session,
  output: Output,
): Promise<void> {
  view.end();
  const { repository, name, changed } = result;
  if (output.json) {
    writeJson(output, await viewAfter(environment, { name, executionArn, changed }));
    return;
  }
  const { stdout } = output;
  const said = changed ? `Renamed ${repository} to ${name}` : `${repository} is already called ${name}`;
  stdout.write(`\n${paint(stdout, 'green', '✓')} ${paint(stdout, 'bold', said)}\n`);
  const record = await findRecord(environment);
  const connection = record && prepareConnection(environment.files, record);
  const ssh = connection?.error ? undefined : connection && shortCommand(environment.files, connection);
  if (ssh !== undefined) stdout.write(table([['Connect', ssh]]));
}
