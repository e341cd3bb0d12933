import { DescribeExecutionCommand, type SFNClient } from '@aws-sdk/client-sfn';
import { RecodeError } from '../../core/errors.ts';
import { type HolderState, judgeHolder, type Operation, type Verdict } from '../../core/operation.ts';
import { unless } from '../errors.ts';

/** Asks Step Functions whether the execution that holds a lock still runs, and judges by it. */
export async function askHolder(sfn: SFNClient, operation: Operation, now: number): Promise<Verdict> {
  const answer = await unless('no-execution', sfn.send(new DescribeExecutionCommand({ executionArn: operation.executionArn })));
  return judgeHolder(operation, stateOf(answer), now);
}

function stateOf(answer: { status?: string | undefined; stopDate?: Date | undefined } | undefined): HolderState {
  if (!answer) return { state: 'unknown' };
  return answer.status === 'RUNNING' || !answer.stopDate ? { state: 'running' } : { state: 'closed', closedAt: answer.stopDate.getTime() };
}

/** The refusal of whoever comes while an operation is at work. */
export function inProgress(subject: string, operation: Operation): RecodeError {
  return new RecodeError(
    'OperationInProgress',
    `${subject} is held by a ${operation.kind} that ${operation.owner} began at ${operation.startedAt}.`,
  );
}

export function settling(subject: string): RecodeError {
  return new RecodeError(
    'OperationSettling',
    `The operation before on ${subject} ended moments ago; its last calls may still be under way.`,
  );
}

/** The end of every condition of ours: free, or already taken by this execution, because the SDK may repeat a write that succeeded. */
export const mine = '#operation.#executionArn = :me';
