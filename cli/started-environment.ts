import { isatty } from 'node:tty';
import { StartOutput } from '../core/document.ts';
import { type Environment, type GivenRequest, keyed, refuseFrom, statusOf } from '../core/environment.ts';
import { RecodeError } from '../core/errors.ts';
import { holderOf } from '../core/lock.ts';
import { kindsWith, type OperationKind } from '../core/operations.ts';
import { confirm } from './confirm.ts';
import { type EnvironmentTarget, environmentCommand, type OpenedEnvironment, openEnvironment, requireRecord } from './environment.ts';
import { statusWords, viewOf } from './environment-view.ts';
import { beforeOperation } from './execution/control-plane.ts';
import { operate } from './execution/environment-operation.ts';
import { operationInProgress, withAge } from './execution/in-progress.ts';
import { type Followed, follow } from './execution/operation.ts';
import { inSession, type Session } from './execution/session.ts';
import { agreedReplacement, instanceGone, isLost } from './lost-instance.ts';
import { line, type Output, warn } from './output.ts';
import { prepareConnection } from './ssh/connection.ts';
import { proveConnection, saveConnection, usableKeyPair } from './ssh/first-connection.ts';
import { readyRequest, usualWorkspace } from './workspace/request.ts';
import { openWorkspace } from './workspace/workspace.ts';

/** An environment to connect to. */
export interface ConnectionTarget extends EnvironmentTarget {
  /** Whether to start a stopped environment; undefined for asking. */
  readonly start: boolean | undefined;
}

/** An environment that is started, and whose files for ssh are up to date. */
export interface StartedEnvironment extends OpenedEnvironment {
  /** The host in its file for `ssh -F`. */
  readonly host: string;
  readonly address: string;
  /** Its host in what the person's own configuration can include; undefined where it has none. */
  readonly alias: string | undefined;
}

type Reached = Pick<StartedEnvironment, 'host' | 'address' | 'alias'>;

const starting: readonly OperationKind[] = kindsWith({ ends: 'started' });

/**
 * Opens an environment to connect to, and starts it first where that is asked for. Returns undefined where the person has said no to that,
 * which is told them.
 *
 * @throws RecodeError EnvironmentNotFound, EnvironmentNotStarted, OperationInProgress, PrivateKeyNotHere, what the start fails with, and
 *   those of cli/environment.ts, cli/execution and cli/ssh
 */
export async function openStarted(target: ConnectionTarget, output: Output): Promise<StartedEnvironment | undefined> {
  const { environment, record } = await inSession(output, `connection to ${target.repository}`, async ({ view }) => {
    const opened = await openEnvironment(target, view);
    return { environment: opened, record: await requireRecord(opened) };
  });
  const reached = reachedNow(environment, record) ?? (await reachedAfterStart(environment, record, target, output));
  return reached && { ...environment, ...reached };
}

/** How to reach a started environment, once its ssh files are up to date; undefined where it has to be started. */
function reachedNow({ files }: OpenedEnvironment, record: Environment): Reached | undefined {
  const connection = prepareConnection(files, record);
  if (connection?.error) throw connection.error;
  return connection;
}

/** The same after a start: the one in progress, or one that was asked for. Undefined where the answer was no. */
async function reachedAfterStart(
  environment: OpenedEnvironment,
  record: Environment,
  { start }: ConnectionTarget,
  output: Output,
): Promise<Reached | undefined> {
  const { account, subject } = environment;
  await usableKeyPair(environment, record);
  const { publicKey } = keyed(record.wanted, record);
  const holder = holderOf(record);
  if (holder && !starting.includes(holder.kind)) {
    const data = { subject: `the environment ${subject.repository}`, operation: holder };
    throw withAge(new RecodeError('OperationInProgress', `A ${holder.kind} is running.`, { data }), account.owner);
  }
  const status = statusOf(record);
  refuseFrom(status, 'start', subject.repository);
  const lost = !holder && isLost(record);
  if (lost && start === false) throw await instanceGone(environment, record, output);
  const replacement = lost ? await agreedReplacement(environment, record, { newInstance: false }, output) : {};
  if (!replacement) return undefined;
  if (!holder && !start && !lost) {
    const state = line`${subject.repository} is ${status === 'started' ? 'without an address' : statusWords(viewOf(record))}.`;
    if (start === false || !isatty(0) || !output.stderr.isTTY) throw new RecodeError('EnvironmentNotStarted', state);
    if (!(await confirm(`${state} Start it?`, output))) return undefined;
  }
  return inSession(output, `start of ${subject.repository}`, async (session) => {
    const { result, ours, seen } = await startOrFollow(environment, { publicKey, ...replacement }, session, output);
    const alias = saveConnection(environment, result, await usableKeyPair(environment, seen?.record));
    await proveConnection(environment, result, session, seen?.contact);
    const justStarted = { ...result, started: ours && result.changed };
    const { failure } = await openWorkspace(environment, justStarted, await readyRequest(usualWorkspace), session, output);
    if (failure) warn(output, `${failure.message} Run "${environmentCommand(environment, 'start')}" to see what to do.`);
    return { host: result.name, address: result.publicIpAddress, alias };
  });
}

/** Starts the environment. A start or a restart in progress leads to the same. */
async function startOrFollow(
  environment: OpenedEnvironment,
  request: GivenRequest,
  session: Session,
  output: Output,
): Promise<Followed<StartOutput>> {
  await beforeOperation(environment, 'start', Promise.resolve());
  try {
    const asked = { kind: 'start', output: StartOutput, request } as const;
    const started = await operate(environment, asked, { wait: true }, session, output);
    if (!started) throw new RecodeError('Unexpected', 'The start was not followed.');
    return started;
  } catch (error) {
    const operation = operationInProgress(error);
    if (!operation || !starting.includes(operation.kind)) throw error;
    return follow(environment.clients, environment.account, operation.executionArn, StartOutput, session, { environment });
  }
}
