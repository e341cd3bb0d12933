import { existsSync } from 'node:fs';
import { StartOutput } from '../../../../core/document.ts';
import { type Environment, type GivenRequest, keyed, statusOf } from '../../../../core/environment.ts';
import { RecodeError } from '../../../../core/errors.ts';
import { acceptedKeys } from '../../../../core/keys.ts';
import { ssh } from '../../../../core/names.ts';
import { rememberEnvironment } from '../../../completion/known-environments.ts';
import { confirmOnBehalf } from '../../../confirm-on-behalf.ts';
import { openAfterStart } from '../../../editor/after-start.ts';
import { environmentCommand, findRecord, type OpenedEnvironment, openEnvironment, requireRecord } from '../../../environment.ts';
import { beforeOperation } from '../../../execution/control-plane.ts';
import { operate } from '../../../execution/environment-operation.ts';
import type { Followed } from '../../../execution/operation.ts';
import { inSession, type Session } from '../../../execution/session.ts';
import { type EnvironmentFolder, requireUsablePath, requireWritable } from '../../../files/environment-folder.ts';
import { checkRepository } from '../../../github.ts';
import { agreedReplacement } from '../../../lost-instance.ts';
import { orWarn } from '../../../or-warn.ts';
import { line, type Output, paint, table, warn, writeJson } from '../../../output.ts';
import { ownAddress } from '../../../own-address.ts';
import { readUserSettings } from '../../../settings/user-settings.ts';
import { requireUnlocked } from '../../../ssh/agent.ts';
import { requireSshClient } from '../../../ssh/client.ts';
import { shortCommand } from '../../../ssh/connection.ts';
import { growFileSystem } from '../../../ssh/file-system.ts';
import { proveConnection, saveConnection, usableKeyPair } from '../../../ssh/first-connection.ts';
import { ensureKeyPair, type KeyPair, requireKeyPair } from '../../../ssh/keys.ts';
import { cutWords, stopWordsInZone } from '../../../stop-time.ts';
import { viewAfter } from '../../../view-after.ts';
import { type ReadyRequest, readyRequest, usualWorkspace } from '../../../workspace/request.ts';
import { rememberForwarding } from '../../../workspace/signing.ts';
import { openWorkspace, type Workspace } from '../../../workspace/workspace.ts';
import type { OperationRequest } from '../options.ts';
import { keptOptions } from '../restore/kept-options.ts';
import type { StartRequest } from './request.ts';

export const Result = StartOutput;

/**
 * Starts an environment: makes its key, starts the execution, follows it, pins the host key, proves that ssh connects, and prints.
 *
 * @throws RecodeError what the execution fails with, PrivateKeyNotHere, and those of
 *   cli/environment.ts, cli/github.ts, cli/execution and cli/ssh
 */
export function runStart(request: StartRequest, output: Output): Promise<void> {
  return inSession(output, `start of ${request.repository}`, async (session) => {
    const { environment, workspace } = await open(request, session);
    const kept = request.restore && (await keptOptions(environment));
    const given = await givenRequest(request, environment, session);
    const { record, publicKey, defaults } = environment.own ? await ownKey(environment, session, request) : await theirKey(environment);
    if (!(await confirmOnBehalf(environment, 'start', request, output))) return;
    const replacement = record && !request.restore ? await agreedReplacement(environment, record, request, output) : {};
    if (!replacement) return;
    const { request: before, ...named } = kept ?? {};
    const wished = { ...defaults, ...before, ...given, ...replacement, publicKey };
    const asked = { kind: 'start', output: Result, request: wished, ...named } as const;
    const started = await operate(environment, asked, request, session, output);
    if (!started) return;
    await conclude(environment, started, session, output, { workspace, grow: given.volumeSize !== undefined });
    if (request.open) await openAfterStart(environment, started.result, output);
  });
}

/** Opens the environment while this machine is checked. Where both fail, what this machine lacks is told. */
async function open(request: StartRequest, { view }: Session): Promise<{ environment: OpenedEnvironment; workspace: ReadyRequest }> {
  const checking = readyHere(request);
  // The embedded AWS is not started in vain.
  if (request.account.local) await checking;
  const opening = openEnvironment(request, view).catch(async (error) => {
    await checking;
    throw error;
  });
  const [environment, workspace] = await Promise.all([opening, checking]);
  return { environment, workspace };
}

/** Makes sure that this machine can connect, before anything is made that could not be reached then. */
async function readyHere({ owner, workspace }: StartRequest): Promise<ReadyRequest> {
  if (owner === undefined) {
    requireUsablePath(process.env);
    await requireSshClient();
  }
  return readyRequest(workspace);
}

/** Starts it with the options that are recorded. */
export function again(request: OperationRequest, output: Output): Promise<void> {
  return runStart({ ...request, request: {}, allowMine: false, newInstance: false, open: true, workspace: usualWorkspace }, output);
}

/** What a start was asked to do on the instance. */
export interface Asked {
  readonly workspace: ReadyRequest;
  /** Whether its file system may have to grow. */
  readonly grow: boolean;
}

/** Connects to the environment that a start has led to, and prints how; a teammate's is theirs to connect to. */
export async function conclude(
  environment: OpenedEnvironment,
  started: Followed<StartOutput>,
  session: Session,
  output: Output,
  asked?: Asked,
): Promise<void> {
  const { repository, changed } = started.result;
  const said = changed ? `Started ${repository}` : `${repository} is already started`;
  await concludeStarted(environment, started, said, session, output, asked);
}

/**
 * Does what is left to do once an environment is started: connects, opens the workspace, and prints. Where that has failed, it is thrown in
 * the end.
 *
 * @param said what the operation has done: `Started acme/api`
 * @param asked what a start was asked to do; nothing for another command
 * @throws RecodeError those of cli/ssh/first-connection.ts and cli/workspace
 */
export async function concludeStarted(
  environment: OpenedEnvironment,
  started: Followed<StartOutput>,
  said: string,
  session: Session,
  output: Output,
  asked?: Asked,
): Promise<void> {
  const request = asked?.workspace;
  const { own, files } = environment;
  await rememberEnvironment(environment.account, environment.subject);
  let command: string | null = null;
  let alias: string | undefined;
  let workspace: Workspace = { folder: null };
  if (own) {
    const { seen } = started;
    const keyPair = await usableKeyPair(environment, seen?.record);
    const saved = orWarn(output, () => {
      if (request?.gitSigning !== undefined) rememberForwarding(files, request.gitSigning);
      alias = saveConnection(environment, started.result, keyPair);
    });
    if (saved) {
      command = await proveConnection(environment, started.result, session, seen?.contact);
      const { name, repository, instanceId, stopAt, idleStop, changed } = started.result;
      if (asked?.grow && !changed) await fillVolume(environment, name, session, output);
      const justStarted = { name, repository, instanceId, stopAt, idleStop, started: started.ours && changed };
      workspace = await openWorkspace(environment, justStarted, request ?? (await readyRequest(usualWorkspace)), session, output);
    }
  }
  session.view.end();
  const { folder, failure } = workspace;
  if (!output.json) print(output, started.result, { said, own, command: shortCommand(files, { sshCommand: command, alias }), folder });
  else if (!failure) writeJson(output, await asJson(environment, started));
  if (failure) throw request ? failure : withAgain(failure, environmentCommand(environment, 'start'));
}

/** Grows the file system of an instance that has not booted since its volume may have grown. The next boot does the same. */
async function fillVolume(environment: OpenedEnvironment, name: string, { view }: Session, output: Output): Promise<void> {
  const { files, subject } = environment;
  const growing = () => growFileSystem({ sshConfig: files.sshConfig, name });
  const reason = await view.during('Growing the file system', growing).catch((error: unknown) => {
    if (error instanceof RecodeError) return error.message;
    throw error;
  });
  if (reason === undefined) return;
  const restart = environmentCommand(environment, 'restart');
  warn(output, line`The file system of ${subject.repository} has not grown yet: ${reason} Run "${restart}" to grow it.`);
}

/** The failure with the command that can be run again, where that is not the one that has failed. */
function withAgain({ name, message, fix, data }: RecodeError, again: string): RecodeError {
  return new RecodeError(name, message, { fix, data, again });
}

/** What is asked of the control plane, which does not know this machine: "mine" is an address by then. */
async function givenRequest({ request, allowMine }: StartRequest, { account }: OpenedEnvironment, { view }: Session) {
  if (!allowMine) return request;
  const address = await view.during('Looking up the address of this machine', () => ownAddress(account.options, process.env));
  return { ...request, allowCidrs: [...new Set([...(request.allowCidrs ?? []), `${address}/32`])] };
}

/** What a start takes from this machine besides what was typed. */
interface FromHere {
  /** The environment, if there is one. */
  readonly record: Environment | undefined;
  readonly publicKey: string;
  /** The person's settings, for what is not typed. An environment that exists keeps what it has. */
  readonly defaults: Pick<GivenRequest, 'instanceType'>;
}

/** The public key to start with. It is made once nothing is known that would keep it from being used. */
async function ownKey(environment: OpenedEnvironment, session: Session, { restore }: StartRequest): Promise<FromHere> {
  // A restore needs no repository on GitHub: its clone is on the disk.
  const finding = restore ? findRecord(environment) : findRecordOrRepository(environment, session);
  const record = await beforeOperation(environment, 'start', finding);
  if (record) sayTransferred(record, session);
  const keyPair = keyFor(record, environment.files, environment.subject.repository);
  await requireUnlocked(keyPair);
  // Of one that is started, the files for ssh may be what they have to be.
  if (!record || statusOf(record) !== 'started') requireWritable(environment.files);
  return { record, publicKey: keyPair.publicKey, defaults: record ? {} : defaultsHere() };
}

/** Nobody has asked its new owner, who gets a disk on which somebody else was root. */
function sayTransferred({ repository, wanted, lastOperations = [] }: Environment, { view }: Session): void {
  const transfer = lastOperations.findLast(({ kind }) => kind === 'transfer');
  if (wanted.publicKey !== undefined || !transfer) return;
  view.say(line`${repository} was transferred to you by ${transfer.owner}. Its disk is as its former owner left it.`);
}

async function theirKey(environment: OpenedEnvironment): Promise<FromHere> {
  const record = await beforeOperation(environment, 'start', requireRecord(environment));
  return { record, publicKey: keyed(record.wanted, record).publicKey, defaults: {} };
}

function defaultsHere(): FromHere['defaults'] {
  const instanceType = readUserSettings(process.env).get('instance-type');
  return instanceType === undefined ? {} : { instanceType };
}

/** The record of the environment, if there is one. A repository that does not exist is refused before there is anything of it. */
async function findRecordOrRepository(environment: OpenedEnvironment, { view }: Session): Promise<Environment | undefined> {
  const { files, subject } = environment;
  const check = () => checkRepository(subject.repository, process.env);
  // Without a key here, it is probably new.
  const checking = existsSync(files.key) ? undefined : check();
  // Of an environment that exists, nobody asks.
  checking?.catch(() => {});
  const record = await findRecord(environment);
  if (record) return record;
  const checked = await (checking ?? check());
  if (checked !== 'exists') view.say(checked.warning);
  return undefined;
}

/** The key pair of this machine. One is created only where the environment accepts no key yet: another one would open nothing. */
function keyFor(record: Environment | undefined, files: EnvironmentFolder, repository: string): KeyPair {
  if (!record?.observed || record.observed.state === 'gone' || record.wanted.publicKey === undefined)
    return ensureKeyPair(files.key, `recode ${repository}`);
  return requireKeyPair(files.key, acceptedKeys(record.wanted), repository);
}

/** What this command has done to it is in its execution's output; a teammate's is theirs to connect to. */
function asJson(environment: OpenedEnvironment, { result, executionArn, ours }: Followed<StartOutput>) {
  const { name, status, instanceId, instanceType, publicIpAddress, stopAt } = result;
  return viewAfter(environment, {
    ...{ name, status, instanceId, instanceType, publicIpAddress, stopAt, executionArn },
    ...{ host: publicIpAddress, port: ssh.port, user: ssh.user },
    ...(!environment.own && { sshConfigFile: null, sshCommand: null, workspaceFolder: null }),
    created: ours && result.created,
    changed: result.changed,
  });
}

function print(
  output: Output,
  { owner, instanceId, instanceType, publicIpAddress, stopAt, cut }: StartOutput,
  {
    said,
    own,
    command,
    folder,
  }: { readonly said: string; readonly own: boolean; readonly command: string | undefined; readonly folder: string | null },
): void {
  const { stdout } = output;
  stdout.write(`\n${paint(stdout, 'green', '✓')} ${paint(stdout, 'bold', said)}\n`);
  stdout.write(
    table([
      ['Address', publicIpAddress],
      ['Instance', `${instanceId} (${instanceType})`],
      ['Stops', `${stopWordsInZone(stopAt)}${cut ? cutWords(owner) : ''}`],
      ...(folder === null ? [] : [['Folder', folder] as const]),
    ]),
  );
  if (command !== undefined) stdout.write(`\nTo connect, run:\n  ${paint(stdout, 'bold', command)}\n`);
  else
    stdout.write(own ? '\nTo connect, start it again once its files can be written.\n' : `\n${line`Only ${owner} can connect to it.`}\n`);
}
