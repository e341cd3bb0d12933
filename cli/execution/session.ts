import { type ErrorName, RecodeError } from '../../core/errors.ts';
import type { Output } from '../output.ts';
import { type FollowView, openFollowView } from './follow-view.ts';
import { type EndingSignal, interruption } from './interruption.ts';

/** A running command: where it shows its progress, and the execution that it follows. */
export interface Session {
  readonly view: FollowView;
  /** The execution that it has asked for or follows, whether that has ended well, and the command that connects to what it has started. */
  readonly execution: { arn?: string; ended?: boolean; connect?: string };
  /** When it began with the execution that it has started last, when that was accepted, and when its end was known: `performance.now()`. */
  readonly times: { begun: number; accepted?: { readonly executionArn: string; readonly at: number }; known?: number };
  /** What it does once it has ended in any way. */
  atEnd?: () => void;
}

/** What a command does, for people. */
export interface Doing {
  /** The operation: `start of acme/api`. */
  readonly what: string;
  /** What a signal ends while the command knows of no execution: `the start of acme/api before it started`. */
  readonly early: string;
}

/** What a command does that asks for no execution: a signal may end it half-way. */
export const withoutExecution = (what: string): Doing => ({ what, early: `the ${what} before it ended` });

/**
 * Runs a command that may follow an execution. At Ctrl-C and the like it ends, and tells what becomes of the execution.
 *
 * @param doing the operation, for people: `start of acme/api`, which nothing is done of before its execution
 * @throws RecodeError Interrupted, Cancelled, Terminated, TerminatedEarly, HungUp, and what the work throws
 */
export async function inSession<Answer>(
  output: Output,
  doing: string | Doing,
  work: (session: Session) => Promise<Answer>,
): Promise<Answer> {
  const done = typeof doing === 'string' ? { what: doing, early: `the ${doing} before it started` } : doing;
  const session: Session = { view: await openFollowView(output, process.env), execution: {}, times: { begun: 0 } };
  try {
    return await Promise.race([work(session), interruption((signal) => interrupted(signal, done, session.execution))]);
  } finally {
    session.view.end();
    session.atEnd?.();
  }
}

/** Why the command ends at a signal. The execution, if it has asked for one, continues without it. */
function interrupted(signal: EndingSignal, { what, early }: Doing, { arn, ended, connect }: Session['execution']): RecodeError {
  const { who, unfollowed, following } = ends[signal];
  if (arn === undefined) return new RecodeError(unfollowed, `${who} ${early}.`);
  if (!ended) return new RecodeError(following, `${who} this command, not the ${what}, which continues. Its execution is ${arn}.`);
  const next = connect === undefined ? `Its execution is ${arn}.` : `To connect, run:\n  ${connect}`;
  return new RecodeError(following, `${who} this command after the ${what} had ended. ${next}`);
}

const ends: Readonly<Record<EndingSignal, { readonly who: string; readonly unfollowed: ErrorName; readonly following: ErrorName }>> = {
  SIGINT: { who: 'You interrupted', unfollowed: 'Cancelled', following: 'Interrupted' },
  SIGTERM: { who: 'SIGTERM ended', unfollowed: 'TerminatedEarly', following: 'Terminated' },
  SIGHUP: { who: 'The closed terminal ended', unfollowed: 'HungUp', following: 'HungUp' },
};
