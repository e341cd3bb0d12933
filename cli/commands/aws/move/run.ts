import { StartOutput } from '../../../../core/document.ts';
import { type Environment, statusOf } from '../../../../core/environment.ts';
import { confirm } from '../../../confirm.ts';
import { type OpenedEnvironment, openEnvironment, requireRecord } from '../../../environment.ts';
import { beforeOperation } from '../../../execution/control-plane.ts';
import { operate } from '../../../execution/environment-operation.ts';
import type { Followed } from '../../../execution/operation.ts';
import { inSession, type Session } from '../../../execution/session.ts';
import { line, type Output } from '../../../output.ts';
import { usableKeyPair } from '../../../ssh/first-connection.ts';
import type { OperationRequest } from '../options.ts';
import { concludeStarted } from '../start/run.ts';
import type { MoveRequest } from './request.ts';

export const Result = StartOutput;

/**
 * Moves an environment to another zone after a question, waits until it is started there, and connects to it.
 *
 * @throws RecodeError what the execution fails with, EnvironmentNotFound, ConfirmationRequired, and those of cli/environment.ts and
 *   cli/execution
 */
export function runMove(request: MoveRequest, output: Output): Promise<void> {
  return inSession(output, `move of ${request.repository}`, async (session) => {
    const environment = await openEnvironment(request, session.view);
    const record = await beforeOperation(environment, 'move', requireRecord(environment));
    if (environment.own) await usableKeyPair(environment, record);
    if (!request.force && !(await confirm(question(environment, record, request), output))) return;
    const { zone } = request;
    const asked = { kind: 'move', output: Result, ...(zone !== undefined && { zone }) } as const;
    const moved = await operate(environment, asked, request, session, output);
    if (moved) await conclude(environment, moved, session, output);
  });
}

/** Moves it to any other zone. A move that failed after its instance was terminated goes on in this way. */
export const again = (request: OperationRequest, output: Output): Promise<void> => runMove(request, output);

/** Connects to the moved environment, and prints how. */
export function conclude(environment: OpenedEnvironment, moved: Followed<StartOutput>, session: Session, output: Output): Promise<void> {
  return concludeStarted(environment, moved, `Moved ${moved.result.repository}`, session, output);
}

function question({ own, subject }: OpenedEnvironment, record: Environment, { zone = 'another zone' }: MoveRequest): string {
  const whose = own ? 'your environment' : `${subject.owner}'s environment`;
  const gone = statusOf(record) === 'gone';
  const what = gone
    ? 'A new instance is started there from the disk that an earlier move has kept.'
    : 'Its instance is stopped, which ends what runs on it, and replaced by a new one with the same disk.';
  return `${line`This moves ${whose} ${subject.repository} to ${zone}.`} ${what} It gets a new address and a new host key.\nMove it?`;
}
