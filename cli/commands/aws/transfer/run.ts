import { readEnvironment, readEnvironments } from '../../../../aws/records/read/environment.ts';
import { TransferOutput } from '../../../../core/document.ts';
import { type Environment, environmentNotFound, transferOf } from '../../../../core/environment.ts';
import { RecodeError } from '../../../../core/errors.ts';
import { policies } from '../../../../core/names.ts';
import { printedCommand } from '../../../account-flags.ts';
import { forgetEnvironment } from '../../../completion/known-environments.ts';
import { confirm } from '../../../confirm.ts';
import { findRecord, type OpenedEnvironment, openEnvironment } from '../../../environment.ts';
import { orNotAllowed } from '../../../execution/allowed.ts';
import { beforeOperation } from '../../../execution/control-plane.ts';
import { operate } from '../../../execution/environment-operation.ts';
import type { Followed } from '../../../execution/operation.ts';
import { inSession, type Session } from '../../../execution/session.ts';
import { deleteEnvironmentFolder } from '../../../files/environment-folder.ts';
import { orWarn } from '../../../or-warn.ts';
import { line, type Output, paint, warn, writeJson } from '../../../output.ts';
import { viewAfter } from '../../../view-after.ts';
import type { OperationRequest } from '../options.ts';
import type { TransferRequest } from './request.ts';

export const Result = TransferOutput;

/**
 * Gives an environment to a teammate after a question, and forgets its files on this machine.
 *
 * @throws RecodeError what the execution fails with, EnvironmentNotFound, UsageNotValid, ConfirmationRequired, and those of
 *   cli/environment.ts and cli/execution
 */
export function runTransfer(request: TransferRequest, output: Output): Promise<void> {
  return inSession(output, `transfer of ${request.repository}`, async (session) => {
    const environment = await openEnvironment(request, session.view);
    const { record, to } = await beforeOperation(environment, 'transfer', findTransfer(environment, request));
    if (to === environment.subject.owner) throw new RecodeError('UsageNotValid', line`${record.repository} belongs to ${to} already.`);
    const unknown = !(await hasEnvironments(environment, to));
    if (!request.force && !(await confirm(question(environment, to, unknown), output))) return;
    const transferred = await operate(environment, { kind: 'transfer', output: Result, to }, request, session, output);
    if (!transferred) return;
    await conclude(environment, transferred, session, output);
    if (unknown && request.force) warn(output, line`${to} had no environment in ${environment.account.region} before. ${checkName}`);
    // Another transfer was in progress, to somebody else.
    if (transferred.result.owner !== to) throw environmentNotFound(environment.subject);
  });
}

/** The same without the new owner: a transfer that failed has left it in the records, of which either may be meant. */
export async function again(request: OperationRequest, output: Output): Promise<void> {
  const transfer = await inSession(output, `transfer of ${request.repository}`, async ({ view }) => {
    const record = await findRecord(await openEnvironment(request, view));
    view.end();
    return record && transferOf(record);
  });
  return runTransfer({ ...request, ...(transfer && { owner: transfer.from, to: transfer.to }) }, output);
}

/** Deletes the files of the environment on this machine, and prints what its new owner does next. */
export async function conclude(
  environment: OpenedEnvironment,
  { result, executionArn }: Followed<TransferOutput>,
  { view }: Session,
  output: Output,
): Promise<void> {
  const { account, files, subject } = environment;
  view.end();
  const { repository, owner, formerOwner, name } = result;
  if (subject.owner === formerOwner) {
    orWarn(output, () => deleteEnvironmentFolder(files));
    await forgetEnvironment(account, subject);
  }
  if (output.json) {
    const theirs = { ...environment, subject: { owner, repository } };
    writeJson(output, await viewAfter(theirs, { name, executionArn, changed: true, ...notConnected }));
    return;
  }
  const { stdout } = output;
  stdout.write(`\n${paint(stdout, 'green', '✓')} ${paint(stdout, 'bold', line`Transferred ${repository} to ${owner}`)}\n`);
  const { profile: _, ...place } = account.options;
  const start = printedCommand(['recode', 'aws', 'start', repository], place);
  stdout.write(`\n${line`It accepts no SSH key until ${owner} starts it with:`}\n  ${paint(stdout, 'bold', start)}\n`);
}

/** Its new owner connects to it, with the own files. */
const notConnected = { sshConfigFile: null, sshCommand: null, workspaceFolder: null };

interface Found {
  readonly record: Environment;
  readonly to: string;
}

/** What to transfer, and to whom. Of a transfer of which only the end is missing, its new owner alone may have a record. */
async function findTransfer(environment: OpenedEnvironment, request: TransferRequest): Promise<Found> {
  const { account, clients, subject } = environment;
  const own = await findRecord(environment);
  const to = request.to ?? own?.transferTo;
  if (to === undefined) throw new RecodeError('UsageNotValid', 'Use --to to name the new owner.');
  if (own) return { record: own, to };
  const { repository } = subject;
  const theirs = await orNotAllowed(account, policies.user, readEnvironment(clients.dynamodb, { repository, owner: to }));
  if (theirs?.transferFrom === subject.owner) return { record: theirs, to };
  throw environmentNotFound(subject);
}

async function hasEnvironments({ account, clients }: OpenedEnvironment, owner: string): Promise<boolean> {
  const { items } = await orNotAllowed(account, policies.user, readEnvironments(clients.dynamodb, owner));
  return items.length > 0;
}

const checkName = 'Check the name: "recode aws whoami" shows it to its owner.';

function question({ own, account: { region }, subject: { owner, repository } }: OpenedEnvironment, to: string, unknown: boolean): string {
  const whose = own ? 'your environment' : `${owner}'s environment`;
  const keys = own ? 'Your keys' : `The keys of ${owner}`;
  return [
    line`This gives ${whose} ${repository} in ${region} to ${to}:`,
    '  It is stopped, which ends all connections and what runs on it.',
    line`  ${to} becomes its owner. ${keys} no longer get in.`,
    '  All data on its disk goes along: files, tokens, the history of the shell.',
    ...(unknown ? [line`Nobody called ${to} has an environment in ${region} yet. ${checkName}`] : []),
    'Transfer it?',
  ].join('\n');
}
