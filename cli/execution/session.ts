import { type ErrorName, RecodeError } from '../../core/errors.ts';
import type { Output } from '../output.ts';
import { type FollowView, openFollowView } from './follow-view.ts';
import { type EndingSignal, interruption } from './interruption.ts';

/** A running command: where it shows its progress, and the execution that it follows. */
export interface Session {
  readonly view: FollowView;
  /** The execution that it has asked for or follows, whether that has ended well, and the command that connects to what it has started. */
  readonly execution: { arn?: string; ended?: boolean; connect?: string };
}

/**
 * Runs a command that may follow an execution. At Ctrl-C and the like it ends, and tells what becomes of the execution.
 *
 * @param what the operation, for people: `start of acme/api`
 * @throws RecodeError Interrupted, Cancelled, Terminated, TerminatedEarly, HungUp, and what the work throws
 */
export async function inSession<Answer>(output: Output, what: string, work: (session: Session) => Promise<Answer>): Promise<Answer> {
  const session: Session = { view: await openFollowView(output, process.env), execution: {} };
  try {
    return await Promise.race([work(session), interruption((signal) => interrupted(signal, what, session.execution))]);
  } finally {
    session.view.end();
  }
}

/** Why the command ends at a signal. The execution, if it has asked for one, continues without it. */
function interrupted(signal: EndingSignal, what: string, { arn, ended, connect }: Session['execution']): RecodeError {
  const { who, early, following } = ends[signal];
  if (arn === undefined) return new RecodeError(early, `${who} the ${what} before it started.`);
  if (!ended) return new RecodeError(following, `${who} this command, not the ${what}, which continues. Its execution is ${arn}.`);
  const next = connect === undefined ? `Its execution is ${arn}.` : `To connect, run:\n  ${connect}`;
  return new RecodeError(following, `${who} this command after the ${what} had ended. ${next}`);
}

const ends: Readonly<Record<EndingSignal, { readonly who: string; readonly early: ErrorName; readonly following: ErrorName }>> = {
  SIGINT: { who: 'You interrupted', early: 'Cancelled', following: 'Interrupted' },
  SIGTERM: { who: 'SIGTERM ended', early: 'TerminatedEarly', following: 'Terminated' },
  SIGHUP: { who: 'The closed terminal ended', early: 'HungUp', following: 'HungUp' },
};
