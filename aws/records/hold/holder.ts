import { DescribeExecutionCommand, type SFNClient } from '@aws-sdk/client-sfn';
import { RecodeError } from '../../../core/errors.ts';
import type { Lock } from '../../../core/lock.ts';
import { type HolderState, type InProgress, judgeHolder, type Operation, type Verdict } from '../../../core/operation.ts';
import { autoStopCaller } from '../../../core/owner.ts';
import { unless } from '../../errors.ts';
import type { Condition } from '../read/table.ts';

/**
 * Refuses an operation while another one that holds the subject runs.
 *
 * @returns whether the last Lambda of the other one may still run
 * @throws RecodeError OperationInProgress with the data `InProgress`
 */
export async function refuseRunning(
  sfn: SFNClient,
  { subject, holder, now }: { subject: string; holder: Operation | undefined; now: number },
): Promise<Exclude<Verdict, 'held'>> {
  if (!holder) return 'closed';
  const verdict = await askHolder(sfn, holder, now);
  if (verdict !== 'held') return verdict;
  throw new RecodeError('OperationInProgress', atWork(subject, holder), { data: { subject, operation: holder } satisfies InProgress });
}

/** The sentence that says which operation runs on something, who started it, and when. */
export function atWork(subject: string, { kind, owner, startedAt }: Operation): string {
  if (owner === autoStopCaller) return `An automatic ${kind} is running on ${subject}; it started at ${startedAt}.`;
  return `${/^[aeiou]/.test(kind) ? 'An' : 'A'} ${kind} is running on ${subject}; ${owner} started it at ${startedAt}.`;
}

/** Refuses, for a retry, while the last Lambda of the previous operation may still run. Throws OperationSettling. */
export function refuseSettling({
  subject,
  verdict,
  quietUntil = 0,
  now,
}: {
  subject: string;
  verdict: Verdict;
  quietUntil: number | undefined;
  now: number;
}): void {
  if (verdict === 'settling' || now < quietUntil) throw settling(subject);
}

/** Asks Step Functions whether the execution that holds a lock still runs, and judges by it. */
export async function askHolder(sfn: SFNClient, operation: Operation, now: number): Promise<Verdict> {
  const answer = await unless('no-execution', sfn.send(new DescribeExecutionCommand({ executionArn: operation.executionArn })));
  return judgeHolder(operation, stateOf(answer), now);
}

/** What an answer of DescribeExecution says of an execution; undefined if Step Functions does not know it. */
export function stateOf(answer: { status?: string | undefined; stopDate?: Date | undefined } | undefined): HolderState {
  if (!answer) return { state: 'unknown' };
  return answer.status === 'RUNNING' || !answer.stopDate ? { state: 'running' } : { state: 'closed', closedAt: answer.stopDate.getTime() };
}

export function settling(subject: string): RecodeError {
  return new RecodeError(
    'OperationSettling',
    `The previous operation on ${subject} ended moments ago; its last calls may still be running.`,
  );
}

/** The end of every condition of ours: free, or already taken by this execution, because the SDK may repeat a write that succeeded. */
export const mine = '#lock.#executionArn = :me';

/** The condition that a record has the lock that was read. */
export function lockAsRead(lock: Lock | undefined): Condition {
  if (!lock) return { when: 'attribute_not_exists(#lock)', values: {} };
  if ('quietUntil' in lock) return { when: '#lock.#quietUntil = :quietUntil', values: { ':quietUntil': lock.quietUntil } };
  return { when: '#lock.#executionArn = :holder', values: { ':holder': lock.executionArn } };
}
