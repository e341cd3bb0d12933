import * as v from 'valibot';
import type { Sentences } from '../../aws/executions/definition.ts';
import { startExecution } from '../../aws/executions/executions.ts';
import { followExecution } from '../../aws/executions/follow.ts';
import { RecodeError } from '../../core/errors.ts';
import { type PersonalWorkflow, policyFor, stateMachineArn } from '../../core/executions.ts';
import { type OperationKind, operations } from '../../core/operations.ts';
import type { Account } from '../account.ts';
import type { Clients } from '../clients.ts';
import type { OpenedEnvironment } from '../environment.ts';
import { orNotAllowed } from './allowed.ts';
import { begun } from './begun.ts';
import { checkedSentences } from './control-plane.ts';
import { operationInProgress, withAge } from './in-progress.ts';
import { observe, type Seen } from './observe.ts';
import type { Session } from './session.ts';
import { withFinish } from './unfinished-transfer.ts';

/** An operation to run. */
export interface Asked<Schema extends v.GenericSchema> {
  readonly kind: OperationKind;
  /** What its execution gets besides the proof of who starts it. */
  readonly input: object;
  /** What its execution's output is. */
  readonly output: Schema;
  /** What it works on, for people: `acme/api`. */
  readonly subject: string;
  /** Whether it has options, which another operation of the same kind may not have. */
  readonly withOptions?: boolean;
}

/** How an operation has ended well. */
export interface Followed<Result> {
  readonly result: Result;
  readonly executionArn: string;
  /** Whether this command has started the execution. */
  readonly ours: boolean;
  /** What is known of the environment that was operated on. */
  readonly seen?: Seen;
}

// Each time, another operation was faster.
const mostAttempts = 5;

/** Starts an execution, and returns its ARN at once. Throws RecodeError ControlPlaneNotDeployed, CallerNotAllowed. */
export async function startOperation(
  { sfn }: Clients,
  account: Account,
  { kind, input }: { readonly kind: PersonalWorkflow; readonly input: object },
  { execution, times }: Session,
): Promise<string> {
  const withProof = async (executionArn: string) => ({ ...input, proof: await account.prove(executionArn, input) });
  const announce = (arn: string) => Object.assign(execution, { arn, ended: false });
  const executionArn = await orNotAllowed(
    account,
    policyFor(kind),
    startExecution(sfn, stateMachineArn(account, kind), withProof, announce),
  );
  times.accepted = { executionArn, at: performance.now() };
  delete times.known;
  return executionArn;
}

/**
 * Starts an execution and follows it to its end. If an operation of the same kind is in progress, follows that one instead. An operation
 * with options starts its own execution after that.
 *
 * @throws RecodeError what the execution fails with
 */
export async function runOperation<Schema extends v.GenericSchema>(
  clients: Clients,
  account: Account,
  asked: Asked<Schema>,
  session: Session,
  environment?: OpenedEnvironment,
): Promise<Followed<v.InferOutput<Schema>>> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const executionArn = await startOperation(clients, account, asked, session);
      const known = { sentences: checkedSentences(clients, executionArn), environment };
      return { ...(await follow(clients, account, executionArn, asked.output, session, known)), ours: true };
    } catch (error) {
      const operation = operationInProgress(error);
      if (operation?.kind !== asked.kind || attempt === mostAttempts) throw error;
      session.view.say(`${asked.subject} is already ${operations[asked.kind].doing}, ${begun(operation, account.owner)}.`);
      const followed = await follow(clients, account, operation.executionArn, asked.output, session, { environment });
      if (!asked.withOptions) return followed;
      session.times.begun = performance.now();
      session.view.say(`Running your ${asked.kind}, with the options that you gave.`);
    }
  }
}

/** What is known of an execution before it is followed. */
export interface Known {
  readonly sentences?: Sentences | undefined;
  /** The environment that it holds. */
  readonly environment?: OpenedEnvironment | undefined;
}

/** Follows an execution to its end. Throws what it fails with. */
export async function follow<Schema extends v.GenericSchema>(
  { sfn }: Clients,
  account: Pick<Account, 'owner' | 'options'>,
  executionArn: string,
  output: Schema,
  { view, execution, times }: Session,
  { sentences, environment }: Known = {},
): Promise<Followed<v.InferOutput<Schema>>> {
  Object.assign(execution, { arn: executionArn, ended: false });
  const observer = environment && observe(environment, executionArn);
  try {
    for await (const event of followExecution(sfn, executionArn, { sentences, ...observer?.help })) {
      view.show(event);
      observer?.show(event);
      const isEnd = event.type === 'succeeded' || event.type === 'failed';
      if (isEnd && times.accepted?.executionArn === executionArn) times.known = performance.now();
      if (event.type === 'failed') throw withFinish(withAge(event.error, account.owner), account);
      if (event.type !== 'succeeded') continue;
      execution.ended = true;
      return { result: v.parse(output, event.output), executionArn, ours: false, ...(observer && { seen: observer.seen() }) };
    }
  } finally {
    observer?.end();
  }
  throw new RecodeError('Unexpected', `The history of execution ${executionArn} is incomplete.`);
}
