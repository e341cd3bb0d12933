import { executionProgress, type Progress } from '../../../../aws/executions/executions.ts';
import { readNetwork } from '../../../../aws/records/read/network.ts';
import { ifInstalled } from '../../../../aws/records/read/table.ts';
import { autoStopText } from '../../../../core/auto-stop.ts';
import type { Environment } from '../../../../core/environment.ts';
import { holderOf } from '../../../../core/lock.ts';
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

type ReadyNetwork = Network & { readonly status: 'ready' };

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
    const holder = holderOf(record);
    const [network, progress] = await Promise.all([
      ifInstalled(readNetwork(clients.dynamodb)),
      holder && executionProgress(clients.sfn, holder.executionArn),
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
    network: network?.status === 'ready' ? idsOf(network) : null,
  };
}

function idsOf({ ids: { vpcId, subnets, internetGatewayId, routeTableId } }: ReadyNetwork) {
  return { vpcId, subnetId: subnets[0].subnetId, internetGatewayId, routeTableId };
}

function networkRows({ ids: { vpcId, subnets } }: ReadyNetwork): (readonly [string, string])[] {
  return [['VPC', vpcId], ...subnets.map(({ subnetId }) => ['subnet', subnetId] as const)];
}

function print(
  { stdout }: Output,
  shown: ReturnType<typeof viewOf>,
  { record, network, progress, me }: { record: Environment; network: Network | undefined; progress: Progress | undefined; me: string },
): void {
  const { operation, lastError, stopAt } = shown;
  const { autoStop, allowCidrs } = record.wanted;
  stdout.write(`${paint(stdout, 'bold', shown.repository)}${line` (${shown.owner}): ${statusWords(shown)}`}\n\n`);
  stdout.write(
    table([
      ['updated', ago(shown.updatedAt)],
      ['created', ago(shown.createdAt)],
      ...(shown.publicIpAddress ? [['address', shown.publicIpAddress] as const] : []),
      ...(shown.status === 'started' ? [['stops', stopWordsInZone(stopAt)] as const] : []),
      ['auto-stop', autoStop ? autoStopText(autoStop) : 'team default'],
      ['SSH allowed from', allowCidrs.join(', ')],
      ...resourceRows(record),
      ...(network?.status === 'ready' ? networkRows(network) : []),
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
