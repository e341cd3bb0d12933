import type * as v from 'valibot';
import { meaningOf } from '../../../../aws/errors.ts';
import { RecodeError } from '../../../../core/errors.ts';
import { holderOf } from '../../../../core/lock.ts';
import {
  type EnvironmentTarget,
  environmentCommand,
  findRecord,
  type OpenedEnvironment,
  openEnvironment,
  requireRecord,
} from '../../../environment.ts';
import { statusWords, viewOf } from '../../../environment-view.ts';
import { backgroundOperation, environmentOperationOf, inBackground } from '../../../execution/background.ts';
import { begun } from '../../../execution/begun.ts';
import { lastFailure } from '../../../execution/last-failure.ts';
import { type Followed, follow } from '../../../execution/operation.ts';
import { forgetExecution, rememberedExecution } from '../../../execution/remembered-execution.ts';
import { inSession, type Session } from '../../../execution/session.ts';
import { orWarn } from '../../../or-warn.ts';
import { line, type Output, writeJson } from '../../../output.ts';
import { pricesOf } from '../../../prices/prices.ts';
import { prepareConnection } from '../../../ssh/connection.ts';
import { runModule } from '../operations.ts';

/**
 * Follows the execution that holds an environment, or that this machine has started with --no-wait, and ends as its own command would.
 *
 * @throws RecodeError what the execution fails with, EnvironmentNotFound, and those of cli/environment.ts and cli/execution
 */
export function runFollow(target: EnvironmentTarget, output: Output): Promise<void> {
  return inSession(
    output,
    { what: `operation on ${target.repository}`, early: `the look at ${target.repository} before it ended` },
    async (session) => {
      await followWhatIsThere(await openEnvironment(target, session.view), session, output);
    },
  );
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

/** The operation in progress comes first, unless what this machine has started is still waiting for it. */
async function choose(environment: OpenedEnvironment, remembered: string | undefined, { view }: Session): Promise<string | undefined> {
  const holder = holderOf((await findRecord(environment)) ?? {});
  if (!holder || remembered === undefined || holder.executionArn === remembered) return holder?.executionArn ?? remembered;
  const { running, kind, failure } = await backgroundOperation(environment, remembered);
  if (running) return remembered;
  view.say(failure ? `Your ${kind} failed: ${failure.error.message}` : `Your ${kind} has ended.`);
  view.say(`A ${holder.kind} is running, ${begun(holder, environment.account.owner)}.`);
  return holder.executionArn;
}

async function conclude(
  environment: OpenedEnvironment,
  { executionArn, ours }: { executionArn: string; ours: boolean },
  session: Session,
  output: Output,
): Promise<void> {
  const operation = await runModule(environmentOperationOf(executionArn));
  const ended = await followed(environment, executionArn, operation.Result, session, output);
  await operation.conclude(environment, { ...ended, ours }, session, output);
}

/** Follows an execution to its end. A failure is shown once. */
async function followed<Schema extends v.GenericSchema>(
  environment: OpenedEnvironment,
  executionArn: string,
  schema: Schema,
  session: Session,
  output: Output,
): Promise<Followed<v.InferOutput<Schema>>> {
  const { account, clients, files } = environment;
  try {
    return await follow(clients, account, executionArn, schema, session, { environment });
  } catch (error) {
    if (!(error instanceof RecodeError)) throw error;
    orWarn(output, () => forgetExecution(files));
    throw inBackground(environment, executionArn, error);
  }
}

async function nothingUnderWay(environment: OpenedEnvironment, { view }: Session, output: Output): Promise<void> {
  const record = await requireRecord(environment);
  view.end();
  const prices = await pricesOf(environment.account.region, environment.clients.dynamodb);
  const shown = viewOf(record, prepareConnection(environment.files, record), prices);
  if (output.json) writeJson(output, shown);
  else {
    output.stdout.write(`${line`No operation is running: ${shown.repository} is ${statusWords(shown)}`}\n`);
    const failure = lastFailure(record);
    if (!failure) return;
    output.stdout.write(`The last ${failure.kind} ${failure.words}\nTo run it again:\n  ${environmentCommand(environment, 'retry')}\n`);
  }
}
