import { executionProgress, type Progress } from '../../../../aws/executions.ts';
import { readNetwork } from '../../../../aws/records/network.ts';
import { ifInstalled } from '../../../../aws/records/table.ts';
import { autoStopText } from '../../../../core/auto-stop.ts';
import type { Environment } from '../../../../core/environment.ts';
import type { Network } from '../../../../core/network.ts';
import { begun } from '../../../begun.ts';
import { ago } from '../../../duration.ts';
import { openEnvironment, requireRecord } from '../../../environment.ts';
import { type EnvironmentView, statusWords, viewOf } from '../../../environment-view.ts';
import { inSession } from '../../../operation.ts';
import { indent, line, type Output, paint, table, writeJson } from '../../../output.ts';
import { resourceRows, resourcesOf } from '../../../resources.ts';
import { stopWordsInZone } from '../../../stop-time.ts';
import type { EnvironmentTarget } from '../options.ts';

/**
 * Shows an environment as the table records it, and what the execution at work on it is doing.
 *
 * @throws RecodeError EnvironmentNotFound, RecodeNotInstalled, and those of cli/environment.ts
 */
export function runStatus(target: EnvironmentTarget, output: Output): Promise<void> {
  return inSession(output, `look at ${target.repository}`, async ({ view }) => {
    const opened = await openEnvironment(target, view);
    const { account, clients } = opened;
    const record = await requireRecord(opened);
    const [network, progress] = await Promise.all([
      ifInstalled(readNetwork(clients.dynamodb)),
      record.operation && executionProgress(clients.sfn, record.operation.executionArn),
    ]);
    view.end();
    const shown = viewOf(account, record);
    if (output.json) writeJson(output, asJson(shown, record, network, progress));
    else print(output, shown, { record, network, progress, me: account.owner });
  });
}

function asJson(shown: EnvironmentView, record: Environment, network: Network | undefined, progress: Progress | undefined) {
  return {
    ...shown,
    operation: shown.operation && { ...shown.operation, running: progress?.running ?? false, steps: progress?.sentences ?? [] },
    resources: resourcesOf(record),
    network: network?.status === 'ready' ? network.ids : null,
  };
}

function print(
  { stdout }: Output,
  shown: ReturnType<typeof viewOf>,
  { record, network, progress, me }: { record: Environment; network: Network | undefined; progress: Progress | undefined; me: string },
): void {
  const { operation, lastError, stopAt } = shown;
  const { autoStop } = record.request;
  stdout.write(`${paint(stdout, 'bold', shown.repository)}${line` (${shown.owner}): ${statusWords(shown)}`}\n\n`);
  stdout.write(
    table([
      ['updated', ago(shown.updatedAt)],
      ['created', ago(shown.createdAt)],
      ...(shown.publicIpAddress ? [['address', shown.publicIpAddress] as const] : []),
      ...(shown.status === 'started' ? [['stops', stopWordsInZone(stopAt)] as const] : []),
      ['auto-stop', autoStop ? autoStopText(autoStop) : 'team default'],
      ['SSH allowed from', record.request.allowCidrs.join(', ')],
      ...resourceRows(record),
      ...(network?.status === 'ready' ? [['VPC', network.ids.vpcId] as const, ['subnet', network.ids.subnetId] as const] : []),
    ]),
  );
  if (operation) {
    const doing = progress?.running
      ? line`A ${operation.kind} is running, ${begun(operation, me)}: ${progress.sentences.join(', ') || 'just started'}`
      : line`A ${operation.kind}, ${begun(operation, me)}, ended without releasing its lock. The next command takes over.`;
    stdout.write(`\n${doing}\n`);
  }
  if (lastError) stdout.write(`\nLast error, ${ago(lastError.at)}: ${indent(lastError.message).trimStart()}\n`);
  if (shown.sshCommand) stdout.write(`\nTo connect, run:\n  ${paint(stdout, 'bold', shown.sshCommand)}\n`);
}
