import { StopOutput } from '../../../../core/document.ts';
import { confirmOnBehalf } from '../../../confirm-on-behalf.ts';
import { type OpenedEnvironment, openEnvironment, requireRecord } from '../../../environment.ts';
import { beforeOperation } from '../../../execution/control-plane.ts';
import { operate } from '../../../execution/environment-operation.ts';
import type { Followed } from '../../../execution/operation.ts';
import { inSession, type Session } from '../../../execution/session.ts';
import { type Output, paint, table, writeJson } from '../../../output.ts';
import { viewAfter } from '../../../view-after.ts';
import type { OperationRequest } from '../options.ts';

export const Result = StopOutput;

/**
 * Stops an environment and waits until it is stopped.
 *
 * @throws RecodeError what the execution fails with, EnvironmentNotFound, and those of cli/environment.ts and cli/execution
 */
export function runStop(request: OperationRequest, output: Output): Promise<void> {
  return inSession(output, `stop of ${request.repository}`, async (session) => {
    const environment = await openEnvironment(request, session.view);
    await beforeOperation(environment, 'stop', requireRecord(environment));
    if (!(await confirmOnBehalf(environment, 'stop', request, output))) return;
    const stopped = await operate(environment, { kind: 'stop', output: Result }, request, session, output);
    if (stopped) await conclude(environment, stopped, session, output);
  });
}

/** The same, because it has no options of its own. */
export const again = runStop;

/** Prints what a stop has led to. */
export async function conclude(
  environment: OpenedEnvironment,
  { result, executionArn }: Followed<StopOutput>,
  { view }: Session,
  output: Output,
): Promise<void> {
  view.end();
  const { repository, name, status, changed, instanceId, instanceType } = result;
  if (output.json) {
    writeJson(output, await viewAfter(environment, { name, status, instanceId, instanceType, executionArn, changed }));
    return;
  }
  const { stdout } = output;
  const said = changed ? `Stopped ${repository}` : `${repository} is already stopped`;
  stdout.write(`\n${paint(stdout, 'green', '✓')} ${paint(stdout, 'bold', said)}\n`);
  stdout.write(table([['Instance', `${instanceId} (${instanceType})`]]));
}
