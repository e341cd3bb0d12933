import type * as v from 'valibot';
import { meaningOf } from '../../../../aws/errors.ts';
import { executionProgress } from '../../../../aws/executions/executions.ts';
import { RecodeError } from '../../../../core/errors.ts';
import { operationOf } from '../../../../core/executions.ts';
import { holderOf } from '../../../../core/lock.ts';
import { type EnvironmentOperationKind, operations } from '../../../../core/operations.ts';
import { begun } from '../../../begun.ts';
import { environmentCommand, findRecord, type OpenedEnvironment, openEnvironment, requireRecord } from '../../../environment.ts';
import { statusWords, viewOf } from '../../../environment-view.ts';
import { type Followed, follow, inSession, type Session } from '../../../operation.ts';
import { orWarn } from '../../../or-warn.ts';
import { line, type Output, writeJson } from '../../../output.ts';
import { forgetExecution, rememberedExecution } from '../../../remembered-execution.ts';
import { runModule } from '../operations.ts';
import type { EnvironmentTarget } from '../options.ts';

/**
 * Follows the execution that holds an environment, or that this machine has handed over, and ends as its own command would.
 *
 * @throws RecodeError what the execution fails with, EnvironmentNotFound, and those of cli/{environment,operation}.ts
 */
export function runFollow(target: EnvironmentTarget, output: Output): Promise<void> {
  return inSession(output, `operation on ${target.repository}`, async (session) => {
    await followWhatIsThere(await openEnvironment(target, session.view), session, output);
  });
}

async function followWhatIsThere(environment: OpenedEnvironment, session: Session, output: Output): Promise<void> {
  const { files } = environment;
  const remembered = rememberedExecution(files);
  const executionArn = await choose(environment, remembered, session);
  if (executionArn === undefined) return nothingUnderWay(environment, session, output);
  const ours = executionArn === remembered;
  try {
    await conclude(environment, { executionArn, ours }, session, output);
  } catch (error) {
    if (meaningOf(error) !== 'no-execution') throw error;
    // Step Functions forgets after 90 days, and the embedded AWS at a reset.
    orWarn(output, () => forgetExecution(files));
    return ours ? followWhatIsThere(environment, session, output) : nothingUnderWay(environment, session, output);
  }
  orWarn(output, () => forgetExecution(files));
}

/** What is at work comes first, unless what this machine has begun is still waiting for it. */
async function choose(environment: OpenedEnvironment, remembered: string | undefined, { view }: Session): Promise<string | undefined> {
  const holder = holderOf((await findRecord(environment)) ?? {});
  if (!holder || remembered === undefined || holder.executionArn === remembered) return holder?.executionArn ?? remembered;
  if ((await executionProgress(environment.clients.sfn, remembered)).running) return remembered;
  view.say(`Your ${kindOf(remembered)} has ended. A ${holder.kind} is running, ${begun(holder, environment.account.owner)}.`);
  return holder.executionArn;
}

async function conclude(
  environment: OpenedEnvironment,
  { executionArn, ours }: { executionArn: string; ours: boolean },
  session: Session,
  output: Output,
): Promise<void> {
  const operation = await runModule(kindOf(executionArn));
  const ended = await followed(environment, executionArn, operation.Result, session, output);
  await operation.conclude(environment, { ...ended, ours }, session, output);
}

/** Follows an execution to its end. A failure is shown once, and what to run again is the command that started the execution. */
async function followed<Schema extends v.GenericSchema>(
  environment: OpenedEnvironment,
  executionArn: string,
  schema: Schema,
  session: Session,
  output: Output,
): Promise<Followed<v.InferOutput<Schema>>> {
  const { account, clients, files } = environment;
  try {
    return await follow(clients, account, executionArn, schema, session);
  } catch (error) {
    if (!(error instanceof RecodeError)) throw error;
    orWarn(output, () => forgetExecution(files));
    const { name, message, fix, data } = error;
    throw new RecodeError(name, message, { fix, data, again: environmentCommand(environment, kindOf(executionArn)), cause: error });
  }
}

/** The operation that an execution is, by the state machine in its ARN. */
function kindOf(executionArn: string): EnvironmentOperationKind {
  const kind = operationOf(executionArn);
  if (kind !== undefined && operations[kind].on === 'environment') return kind as EnvironmentOperationKind;
  throw new RecodeError('Unexpected', `Execution ${executionArn} does not belong to an environment.`);
}

async function nothingUnderWay(environment: OpenedEnvironment, { view }: Session, output: Output): Promise<void> {
  const record = await requireRecord(environment);
  view.end();
  const shown = viewOf(environment.account, record);
  if (output.json) writeJson(output, shown);
  else output.stdout.write(`${line`No operation is running: ${shown.repository} is ${statusWords(shown)}`}\n`);
}
