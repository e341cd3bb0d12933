import { isatty } from 'node:tty';
import { StartOutput } from '../../../../core/document.ts';
import { type Environment, refuseFrom, statusOf } from '../../../../core/environment.ts';
import { RecodeError } from '../../../../core/errors.ts';
import { holderOf } from '../../../../core/lock.ts';
import { kindsWith, type OperationKind } from '../../../../core/operations.ts';
import { confirm } from '../../../confirm.ts';
import {
  type EnvironmentTarget,
  environmentCommand,
  type OpenedEnvironment,
  openEnvironment,
  requireRecord,
} from '../../../environment.ts';
import { beforeOperation } from '../../../execution/control-plane.ts';
import { operate } from '../../../execution/environment-operation.ts';
import { operationInProgress, withAge } from '../../../execution/in-progress.ts';
import { type Followed, follow, inSession, type Session } from '../../../execution/operation.ts';
import { line, type Output } from '../../../output.ts';
import { addressNotAllowed } from '../../../own-address.ts';
import { sshCommand } from '../../../ssh/config.ts';
import { checkConnection } from '../../../ssh/connect.ts';
import { prepareConnection, writeConnection } from '../../../ssh/connection.ts';
import { runSession, sshFailed } from '../../../ssh/session.ts';
import type { EnvironmentFlags } from '../options.ts';
import { usableKeyPair } from '../start/run.ts';

/** The options as commander hands them over. */
export interface SshFlags extends EnvironmentFlags {
  readonly start?: boolean;
  readonly sshOption?: readonly string[];
}

/** A session to open. */
export interface SshRequest extends EnvironmentTarget {
  /** Whether to start a stopped environment; undefined for asking. */
  readonly start: boolean | undefined;
  /** Options for ssh, each as in `ssh -o`. */
  readonly options: readonly string[];
  /** The words after the host. */
  readonly words: readonly string[];
}

const starting: readonly OperationKind[] = kindsWith({ ends: 'started' });

/**
 * Opens an SSH session in an environment, and ends with its exit code. Starts the environment first where that is asked for.
 *
 * @throws RecodeError EnvironmentNotFound, EnvironmentNotStarted, OperationInProgress, PrivateKeyNotHere, what the start fails with, and
 *   those of cli/environment.ts, cli/execution and cli/ssh
 */
export async function runSsh(request: SshRequest, output: Output): Promise<void> {
  // stdout is the remote command's.
  const aside: Output = { ...output, stdout: output.stderr };
  const { environment, record } = await inSession(aside, `connection to ${request.repository}`, async ({ view }) => {
    const opened = await openEnvironment(request, view);
    return { environment: opened, record: await requireRecord(opened) };
  });
  const name = connectedName(environment, record) ?? (await startedName(environment, record, request, aside));
  if (name === undefined) return;
  const { options, words } = request;
  const code = await runSession({ sshConfig: environment.files.sshConfig, name, options, words });
  // A remote command can exit with it too.
  if (code === sshFailed) {
    const check = environmentCommand(environment, 'start');
    output.stderr.write(`If ssh could not connect, run "${check}". It checks the connection and says what is wrong.\n`);
  }
  process.exitCode = code;
}

/** The host of the ssh files of a started environment, once they are up to date; undefined where it has to be started. */
function connectedName({ files }: OpenedEnvironment, record: Environment): string | undefined {
  const connection = prepareConnection(files, record);
  if (connection?.error) throw connection.error;
  return connection && record.name;
}

/** The same after a start: the one in progress, or one that was asked for. Undefined where the answer was no, which is said. */
async function startedName(
  environment: OpenedEnvironment,
  record: Environment,
  { start }: SshRequest,
  output: Output,
): Promise<string | undefined> {
  const { account, subject } = environment;
  const { publicKey } = record.wanted;
  await usableKeyPair(environment, publicKey);
  const holder = holderOf(record);
  if (holder && !starting.includes(holder.kind)) {
    const data = { subject: `the environment ${subject.repository}`, operation: holder };
    throw withAge(new RecodeError('OperationInProgress', `A ${holder.kind} is running.`, { data }), account.owner);
  }
  const status = statusOf(record);
  refuseFrom(status, 'start', subject.repository);
  if (!holder && !start) {
    const state = line`${subject.repository} is ${status === 'started' ? 'without an address' : status}.`;
    if (start === false || !isatty(0) || !output.stderr.isTTY) throw new RecodeError('EnvironmentNotStarted', state);
    if (!(await confirm(`${state} Start it?`, output))) return undefined;
  }
  return inSession(output, `start of ${subject.repository}`, async (session) => {
    const started = await startOrFollow(environment, publicKey, session, output);
    return connect(environment, started, session);
  });
}

/** Starts the environment. A start or a restart in progress leads to the same. */
async function startOrFollow(
  environment: OpenedEnvironment,
  publicKey: string,
  session: Session,
  output: Output,
): Promise<Followed<StartOutput>> {
  await beforeOperation(environment, 'start', Promise.resolve());
  try {
    const asked = { kind: 'start', output: StartOutput, request: { publicKey } } as const;
    const started = await operate(environment, asked, { wait: true }, session, output);
    if (!started) throw new RecodeError('Unexpected', 'The start was not followed.');
    return started;
  } catch (error) {
    const operation = operationInProgress(error);
    if (!operation || !starting.includes(operation.kind)) throw error;
    return follow(environment.clients, environment.account, operation.executionArn, StartOutput, session);
  }
}

/** Writes the files for ssh, and waits until the instance lets it in. */
async function connect(environment: OpenedEnvironment, { result }: Followed<StartOutput>, { view, execution }: Session): Promise<string> {
  const { account, files } = environment;
  const { name, repository, publicIpAddress: address, hostKey, publicKey, allowCidrs = [] } = result;
  const { privateKeyFile } = await usableKeyPair(environment, publicKey);
  writeConnection(files, { name, repository, address, hostKey, privateKeyFile });
  execution.connect = sshCommand(files, name);
  const wrongAddress = addressNotAllowed(allowCidrs, account.options, process.env);
  const watched = { wrongAddress, say: (text: string) => view.say(text) };
  await view.during('Checking the SSH connection', () => checkConnection({ sshConfig: files.sshConfig, name, address }, watched));
  return name;
}
