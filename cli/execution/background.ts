import { executionProgress, type Progress } from '../../aws/executions/executions.ts';
import { RecodeError } from '../../core/errors.ts';
import { operationOf } from '../../core/executions.ts';
import { type EnvironmentOperationKind, operations } from '../../core/operations.ts';
import { environmentCommand, type OpenedEnvironment } from '../environment.ts';
import { withAge } from './in-progress.ts';
import { withFinish } from './unfinished-transfer.ts';

/** The last operation that this machine has started with --no-wait, until it is followed or another one is started. */
export interface Background extends Omit<Progress, 'failure'> {
  readonly executionArn: string;
  readonly kind: EnvironmentOperationKind;
  /** Why it has failed, as the command that started it would show it, and when (ISO 8601). */
  readonly failure?: { readonly error: RecodeError; readonly at: string };
}

/** What the remembered execution of an environment is doing, or how it has failed. */
export async function backgroundOperation(environment: OpenedEnvironment, executionArn: string): Promise<Background> {
  const { failure, ...progress } = await executionProgress(environment.clients.sfn, executionArn);
  return {
    executionArn,
    kind: environmentOperationOf(executionArn),
    ...progress,
    ...(failure && { failure: { error: inBackground(environment, executionArn, failure.error), at: failure.at.toISOString() } }),
  };
}

/** The failure of an execution that another command has started: that command is what to run again. */
export function inBackground(environment: OpenedEnvironment, executionArn: string, error: RecodeError): RecodeError {
  const { account } = environment;
  const { name, message, fix, data } = withFinish(withAge(error, account.owner), account);
  const again = environmentCommand(environment, environmentOperationOf(executionArn));
  return new RecodeError(name, message, { fix, data, again, cause: error });
}

/** The operation on an environment that an execution is, by the state machine in its ARN. */
export function environmentOperationOf(executionArn: string): EnvironmentOperationKind {
  const kind = operationOf(executionArn);
  if (kind !== undefined && operations[kind].on === 'environment') return kind as EnvironmentOperationKind;
  throw new RecodeError('Unexpected', `Execution ${executionArn} does not belong to an environment.`);
}
