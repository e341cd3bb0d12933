import { executionProgress, type Progress } from '../../../../aws/executions/executions.ts';
import { readNetwork } from '../../../../aws/records/read/network.ts';
import { ifInstalled } from '../../../../aws/records/read/table.ts';
import { autoStopText } from '../../../../core/auto-stop.ts';
import { type Environment, transferOf } from '../../../../core/environment.ts';
import type { RecodeError } from '../../../../core/errors.ts';
import { holderOf } from '../../../../core/lock.ts';
import type { Network } from '../../../../core/network.ts';
import type { Operation } from '../../../../core/operation.ts';
import { hourWords, monthWords } from '../../../cost-words.ts';
import { age, ago } from '../../../duration.ts';
import {
  type EnvironmentTarget,
  environmentArguments,
  environmentCommand,
  findRecord,
  type OpenedEnvironment,
  openEnvironment,
  requireRecord,
} from '../../../environment.ts';
import { type RecordedView, statusWords, unknownView, viewOf } from '../../../environment-view.ts';
import { type Background, backgroundOperation } from '../../../execution/background.ts';
import { begun } from '../../../execution/begun.ts';
import { rememberedExecution } from '../../../execution/remembered-execution.ts';
import { inSession, withoutExecution } from '../../../execution/session.ts';
import { finishCommand } from '../../../execution/unfinished-transfer.ts';
import { describeFailure, type GivenCommand } from '../../../failure.ts';
import { type JsonSelection, openResultWriter } from '../../../json/selection.ts';
import { findLeft, isLost, type Left, leftWords } from '../../../lost-instance.ts';
import { orWarn } from '../../../or-warn.ts';
import { indent, line, type Output, paint, table } from '../../../output.ts';
import { pricesOf } from '../../../prices/prices.ts';
import { resourceRows, resourcesOf } from '../../../resources.ts';
import { prepareConnection, shortCommand } from '../../../ssh/connection.ts';
import { stopWordsInZone } from '../../../stop-time.ts';

type ReadyNetwork = Network & { readonly status: 'ready' };

/** What there is to show of an environment besides its view. */
interface Details {
  readonly record: Environment;
  readonly network: Network | undefined;
  /** What the operation in progress is doing. */
  readonly progress: Progress | undefined;
  /** The operation that this machine started with --no-wait, if the record does not show how it failed. */
  readonly background: Background | undefined;
  /** Why this machine cannot connect to its owner's environment. */
  readonly sshError: RecodeError | undefined;
  /** What is left of it, if its instance is gone. */
  readonly left: Left | undefined;
}

/**
 * Shows an environment as the table records it, what the operation in progress is doing, and why the last one with --no-wait failed.
 *
 * @throws RecodeError UsageNotValid, EnvironmentNotFound, RecodeNotInstalled, what a first start with --no-wait failed with, and those of
 *   cli/environment.ts
 */
export function runStatus(target: EnvironmentTarget, selection: JsonSelection, output: Output): Promise<void> {
  return inSession(output, withoutExecution(`look at ${target.repository}`), async ({ view }) => {
    const write = await openResultWriter(output, selection);
    const opened = await openEnvironment(target, view);
    const { clients, own, files } = opened;
    const [found, background] = await Promise.all([findRecord(opened), readBackground(opened, output)]);
    // An execution without a time is one that Step Functions does not know: the embedded AWS has been reset, for example.
    if (!found && background?.kind === 'start' && background.running && background.startedAt) {
      view.end();
      const operation = { kind: background.kind, owner: opened.account.owner, startedAt: background.startedAt.toISOString() };
      if (output.json) await write(firstStartJson(opened, operation, background));
      else printFirstStart(opened, operation, background, output);
      return;
    }
    if (!found && background?.failure) throw background.failure.error;
    const record = found ?? (await requireRecord(opened));
    const holder = holderOf(record);
    const [prices, network, progress, left] = await Promise.all([
      pricesOf(opened.account.region, clients.dynamodb),
      ifInstalled(readNetwork(clients.dynamodb)),
      holder && executionProgress(clients.sfn, holder.executionArn),
      findLeft(opened, record, output),
    ]);
    view.end();
    const connection = prepareConnection(files, record);
    const shown = viewOf(record, connection, prices);
    const details: Details = {
      record,
      network,
      progress,
      background: background?.failure && background.failure.error.message !== record.lastError?.message ? background : undefined,
      sshError: own ? connection?.error : undefined,
      left,
    };
    if (output.json) await write(asJson(shown, details));
    else print(opened, shown, { ...details, command: connection && shortCommand(files, connection) }, output);
  });
}

/** What became of the operation that this machine started with --no-wait, if it remembers one. */
async function readBackground(opened: OpenedEnvironment, output: Output): Promise<Background | undefined> {
  let remembered: string | undefined;
  orWarn(output, () => {
    remembered = rememberedExecution(opened.files);
  });
  return remembered === undefined ? undefined : backgroundOperation(opened, remembered);
}

function asJson(shown: RecordedView, { record, network, progress, background, sshError, left }: Details) {
  const { kind, failure } = background ?? {};
  return {
    ...shown,
    operation: shown.operation && { ...shown.operation, running: progress?.running ?? false, steps: progress?.sentences ?? [] },
    resources: resourcesOf(record),
    network: network?.status === 'ready' ? idsOf(network) : null,
    backgroundError: failure ? { kind, name: failure.error.name, message: failure.error.message, at: failure.at } : null,
    sshError: sshError ? { name: sshError.name, message: sshError.message } : null,
    left: left ? leftJson(left) : null,
  };
}

function leftJson({ kept, volumes }: Left) {
  return { keptSnapshotId: kept?.snapshotId ?? null, keptUntil: kept?.keptUntil ?? null, volumes };
}

function idsOf({ ids: { vpcId, subnets, internetGatewayId, routeTableId } }: ReadyNetwork) {
  return { vpcId, subnetId: subnets[0].subnetId, internetGatewayId, routeTableId };
}

function networkRows({ ids: { vpcId, subnets } }: ReadyNetwork): (readonly [string, string])[] {
  return [['VPC', vpcId], ...subnets.map(({ subnetId }) => ['subnet', subnetId] as const)];
}

type Begun = Pick<Operation, 'kind' | 'owner' | 'startedAt'>;

/** A first start has no record until it has taken the lock. */
function firstStartJson({ subject }: OpenedEnvironment, operation: Begun, { executionArn, running, sentences }: Background) {
  const view = { ...unknownView(subject), executionArn, operation: { ...operation, running, steps: sentences } };
  return { ...view, resources: [], network: null, backgroundError: null, sshError: null, left: null };
}

function printFirstStart({ account, subject }: OpenedEnvironment, operation: Begun, progress: Background, { stdout }: Output): void {
  stdout.write(`${paint(stdout, 'bold', subject.repository)}${line` (${subject.owner}): not created yet`}\n`);
  stdout.write(`\n${inProgressLine(operation, progress, account.owner)}\n`);
}

interface Shown extends Details {
  /** What to type to connect. */
  readonly command: string | undefined;
}

function print(opened: OpenedEnvironment, shown: RecordedView, details: Shown, { stdout }: Output): void {
  const me = opened.account.owner;
  const { record, network, progress, background, sshError, left, command } = details;
  const { operation, lastError, stopAt } = shown;
  const { autoStop, allowCidrs } = record.wanted;
  stdout.write(`${paint(stdout, 'bold', shown.repository)}${line` (${shown.owner}): ${statusWords(shown)}`}\n\n`);
  stdout.write(
    table([
      ['updated', ago(shown.updatedAt)],
      ['created', ago(shown.createdAt)],
      ...(shown.startedAt ? [['up', age(shown.startedAt)] as const] : []),
      ...(shown.publicIpAddress ? [['address', shown.publicIpAddress] as const] : []),
      ...(shown.status === 'started' ? [['stops', stopWordsInZone(stopAt)] as const] : []),
      ['auto-stop', autoStop ? autoStopText(autoStop) : 'team default'],
      ['idle stop', shown.idleStop ?? 'team default'],
      ['SSH allowed from', allowCidrs.join(', ')],
      ...(shown.costPerHour === null ? [] : [['cost', costWords(shown)] as const]),
      ...resourceRows(record),
      ...(network?.status === 'ready' ? networkRows(network) : []),
    ]),
  );
  if (operation) stdout.write(`\n${inProgressLine(operation, progress, me)}\n`);
  const transfer = progress?.running ? undefined : transferOf(record);
  if (transfer) {
    stdout.write(line`\nIts transfer from ${transfer.from} to ${transfer.to} did not finish. `);
    stdout.write(`To finish it, run:\n  ${paint(stdout, 'bold', finishCommand(transfer, opened.account))}\n`);
  }
  if (left) {
    const agreed = !isLost(record);
    const next = agreed ? environmentCommand(opened, 'start') : environmentCommand(opened, 'start', ['--new-instance']);
    const how = agreed ? 'To start it' : 'To start it with a new instance and an empty disk';
    stdout.write(`\n${leftWords(opened, left).join('\n')}\n${how}, run:\n  ${paint(stdout, 'bold', next)}\n`);
  }
  if (lastError && !(left && lastError.name === 'InstanceGone'))
    stdout.write(`\nLast error, ${ago(lastError.at)}: ${indent(lastError.message).trimStart()}\n`);
  if (background?.failure) {
    const { error, at } = background.failure;
    stdout.write(`\nYour ${background.kind} failed, ${ago(at)}: ${indent(error.message).trimStart()}\n`);
  }
  if (command !== undefined) stdout.write(`\nTo connect, run:\n  ${paint(stdout, 'bold', command)}\n`);
  if (sshError) {
    const { message, nextStep } = describeFailure(sshError, givenStatus(opened));
    stdout.write(`\nThis machine cannot connect: ${indent(message).trimStart()}\n${indent(nextStep)}\n`);
  }
}

/** `$0.051 per hour while it runs, ~$1.60 this month`. */
function costWords({ costPerHour, monthEstimate, currency }: RecordedView): string {
  const month = monthEstimate === null ? [] : [`${monthWords(monthEstimate, currency)} this month`];
  return [`${hourWords(costPerHour, currency)} per hour while it runs`, ...month].join(', ');
}

/** What an execution is doing: "A stop is running, started 3s ago by you: Stopping the instance". */
function inProgressLine(operation: Begun, progress: Pick<Progress, 'running' | 'sentences'> | undefined, me: string): string {
  const { kind } = operation;
  return progress?.running
    ? line`A ${kind} is running, ${begun(operation, me)}: ${progress.sentences.join(', ') || 'just started'}`
    : line`A ${kind}, ${begun(operation, me)}, ended without releasing its lock. The next command takes over.`;
}

function givenStatus(opened: OpenedEnvironment): GivenCommand {
  const { account, own, subject } = opened;
  return {
    argv: environmentArguments(opened, 'status'),
    usage: 'recode aws status',
    repository: subject.repository,
    owner: own ? undefined : subject.owner,
    account: account.options,
  };
}
