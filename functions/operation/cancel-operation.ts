import { DescribeExecutionCommand, type SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import * as v from 'valibot';
import { allEnded } from '../../aws/all-ended.ts';
import { failureForStepFunctions, unless } from '../../aws/errors.ts';
import { errorOf } from '../../aws/executions/execution-event.ts';
import { identities } from '../../aws/executions/identities.ts';
import { stateOf } from '../../aws/records/hold/holder.ts';
import { readEnvironment } from '../../aws/records/read/environment.ts';
import { ifInstalled } from '../../aws/records/read/table.ts';
import { dynamodb, sfn } from '../../aws/step/clients.ts';
import { settings } from '../../aws/step/settings.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { CancelInput, CancelledOperation, provenExecution } from '../../core/document.ts';
import { type ErrorName, RecodeError } from '../../core/errors.ts';
import { holderOf } from '../../core/lock.ts';
import { judgeHolder, type Operation } from '../../core/operation.ts';
import { actingAs } from '../../core/teammates.ts';

/**
 * Stops the execution of an operation that holds an environment, for somebody who may act on that. FailOperation then releases the lock: a
 * stopped execution does nothing more. An operation that has ended meanwhile, whether it has released the environment or not, is left with the end that it had.
 */
export const cancelOperation = step({
  input: v.object({ ...provenExecution, input: CancelInput }),
  output: CancelledOperation,
  uses: { dynamodb, sfn, identities, settings },
  async run({ executionArn, signed, input }, { dynamodb, sfn, identities, settings, clock }) {
    const { proof, environment: subject } = input;
    // Only the record says that the execution is an operation on this environment.
    const [starter, record] = await allEnded([
      identities.starterOf({ executionArn, signed, proof }),
      ifInstalled(readEnvironment(dynamodb, subject)),
    ]);
    actingAs(starter, subject, settings);
    const operation = record && holderOf(record);
    if (operation?.executionArn !== input.executionArn) return { environment: subject };
    const cause = `${starter.owner} cancelled the ${operation.kind} of ${subject.repository}.`;
    const error = await stop(sfn, operation, { cause, now: clock.now() });
    return error ? { environment: subject, operation, failure: failureForStepFunctions(error) } : { environment: subject };
  },
});

export const handler = lambdaHandler(cancelOperation);

/** Stops an execution that runs. Returns how it failed; undefined if it succeeded, after which nothing is left to release. */
async function stop(
  sfn: SFNClient,
  operation: Operation,
  { cause, now }: { readonly cause: string; readonly now: number },
): Promise<{ readonly name: string; readonly message: string } | undefined> {
  const { executionArn } = operation;
  const found = await unless('no-execution', sfn.send(new DescribeExecutionCommand({ executionArn })));
  if (!found) {
    if (judgeHolder(operation, stateOf(found), now) === 'held') {
      throw new RecodeError('NotVisibleYet', `Step Functions does not show the execution ${executionArn} yet.`);
    }
    return { name: 'ExecutionAborted', message: 'Step Functions no longer has the execution.' };
  }
  const { status = 'RUNNING' } = found;
  if (status === 'FAILED' || status === 'TIMED_OUT' || status === 'ABORTED') return errorOf({ ...found, status });
  if (status === 'SUCCEEDED') return undefined;
  const error = { name: 'OperationCancelled' satisfies ErrorName, message: cause };
  await sfn.send(new StopExecutionCommand({ executionArn, error: error.name, cause }));
  return error;
}
