import { StartOutput } from '../../../../core/document.ts';
import { keyed, statusOf } from '../../../../core/environment.ts';
import { confirmOnBehalf } from '../../../confirm-on-behalf.ts';
import { type OpenedEnvironment, openEnvironment, requireRecord } from '../../../environment.ts';
import { beforeOperation } from '../../../execution/control-plane.ts';
import { operate } from '../../../execution/environment-operation.ts';
import type { Followed } from '../../../execution/operation.ts';
import { inSession, type Session } from '../../../execution/session.ts';
import { agreedReplacement } from '../../../lost-instance.ts';
import type { Output } from '../../../output.ts';
import { usableKeyPair } from '../../../ssh/first-connection.ts';
import type { OperationRequest } from '../options.ts';
import { concludeStarted } from '../start/run.ts';
import type { RestartRequest } from './request.ts';

export const Result = StartOutput;

/**
 * Restarts an environment, waits until it is started, and connects to it.
 *
 * @throws RecodeError what the execution fails with, EnvironmentNotFound, and those of cli/environment.ts and cli/execution
 */
export function runRestart({ request: changes, ...request }: RestartRequest, output: Output): Promise<void> {
  return inSession(output, `restart of ${request.repository}`, async (session) => {
    const environment = await openEnvironment(request, session.view);
    const record = await beforeOperation(environment, 'restart', requireRecord(environment));
    const { publicKey } = environment.own ? await usableKeyPair(environment, record) : keyed(record.wanted, record);
    if (!(await confirmOnBehalf(environment, 'restart', request, output))) return;
    if (statusOf(record) === 'gone') {
      // There is nothing to stop, and only a start launches.
      const replacement = await agreedReplacement(environment, record, { newInstance: false }, output);
      if (!replacement) return;
      const asked = { kind: 'start', output: Result, request: { ...changes, ...replacement, publicKey } } as const;
      const started = await operate(environment, asked, request, session, output);
      if (started) await concludeStarted(environment, started, `Started ${started.result.repository}`, session, output);
      return;
    }
    const restarted = await operate(environment, { kind: 'restart', output: Result, request: changes }, request, session, output);
    if (restarted) await conclude(environment, restarted, session, output);
  });
}

/** Restarts it as it is. */
export const again = (request: OperationRequest, output: Output): Promise<void> => runRestart({ ...request, request: {} }, output);

/** Connects to the restarted environment, and prints how. */
export function conclude(
  environment: OpenedEnvironment,
  restarted: Followed<StartOutput>,
  session: Session,
  output: Output,
): Promise<void> {
  return concludeStarted(environment, restarted, `Restarted ${restarted.result.repository}`, session, output);
}
