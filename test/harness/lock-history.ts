import {
  DescribeExecutionCommand,
  type HistoryEvent,
  paginateGetExecutionHistory,
  paginateListExecutions,
  type SFNClient,
} from '@aws-sdk/client-sfn';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { stateMachineArn } from '../../core/executions.ts';
import { environmentId } from '../../core/names.ts';
import { settleSeconds } from '../../core/operation.ts';
import { type OperationKind, operationKinds } from '../../core/operations.ts';

/** A time during which an execution held something for certain: from after it took it until before it released it. */
export interface Hold {
  readonly what: string;
  readonly who: string;
  readonly from: number;
  readonly to: number;
  /** Nobody may take it sooner after `to`, in milliseconds. */
  readonly quiet: number;
}

/** An execution that has closed, as its history tells it. */
export interface Past {
  readonly executionArn: string;
  readonly kind: OperationKind;
  readonly status: string;
  readonly holds: readonly Hold[];
}

/** Whatever ran in the account, oldest first. Throws where something still runs: only what is over can be judged. */
export async function pastExecutions(aws: TestAws): Promise<readonly Past[]> {
  const known = remembered.get(aws) ?? new Map<string, Past>();
  remembered.set(aws, known);
  for (const kind of operationKinds) {
    for await (const { executions = [] } of paginateListExecutions(
      { client: aws.clients.sfn },
      { stateMachineArn: stateMachineArn(aws, kind) },
    )) {
      for (const { executionArn = '', status = '' } of executions) {
        if (status === 'RUNNING') throw new Error(`${shortened(executionArn)} still runs.`);
        if (known.has(executionArn)) continue;
        known.set(executionArn, { executionArn, kind, status, holds: await holdsOf(aws.clients.sfn, kind, executionArn, status) });
      }
    }
  }
  return [...known.values()];
}

/** One sentence for each execution that took what another still held, or might still have used. */
export function overlaps(past: readonly Past[]): string[] {
  const holds = past.flatMap((each) => each.holds).sort((one, other) => one.from - other.from);
  return holds.flatMap((later, index) => holds.slice(0, index).flatMap((earlier) => quarrel(earlier, later) ?? []));
}

/** `start 5f0c1d2e`, of an execution's ARN. */
export const shortened = (executionArn: string) => executionArn.replace(/^.*:recode-(\w+):(\w{8}).*$/, '$1 $2');

// What is over does not change, and there are hundreds.
const remembered = new WeakMap<TestAws, Map<string, Past>>();

/** What no two may hold at once: one environment, or the network; and while a network is deleted, nobody may hold any environment. */
const network = 'the network';
const everything = 'everything';

function quarrel(earlier: Hold, later: Hold): string | undefined {
  const [one, other] = [earlier.what, later.what];
  const exclusive = one === other || (one === everything && other !== network) || (other === everything && one !== network);
  if (!exclusive || earlier.who === later.who || later.from >= earlier.to + (one === other ? earlier.quiet : 0)) return undefined;
  const sooner = Math.round((later.from - earlier.to) / 1000);
  const when = sooner < 0 ? 'while it held it' : `${sooner} s after it closed`;
  return `${later.who} took ${other} from ${earlier.who} (${one}) ${when}.`;
}

async function holdsOf(sfn: SFNClient, kind: OperationKind, executionArn: string, status: string): Promise<Hold[]> {
  const events: HistoryEvent[] = [];
  for await (const page of paginateGetExecutionHistory({ client: sfn }, { executionArn, maxResults: 1000 }))
    events.push(...(page.events ?? []));
  const at = (event: HistoryEvent | undefined) => event?.timestamp?.getTime();
  const entered = (...names: string[]) => at(events.find(({ stateEnteredEventDetails: to }) => to && names.includes(to.name ?? '')));
  const exited = (name: string) => at(events.find(({ stateExitedEventDetails: from }) => from?.name === name));
  const end = at(events.at(-1)) ?? Number.NaN;
  const who = shortened(executionArn);
  // An execution that ended without its Catch released nothing: nobody enters before its last Lambda must be dead.
  const failed = entered('FailOperation') !== undefined;
  const settling = settleSeconds * 1000;
  const died = status !== 'SUCCEEDED' && !failed ? settling : 0;

  // The state that begins the try block is entered right after BeginOperation has taken what it takes.
  const from = entered('Provision', 'Stop', 'Restart', 'Move', 'Rename', 'Transfer', 'Remove', 'Uninstall');
  if (from === undefined) {
    // An uninstall where Recode is not installed takes nothing.
    if (status === 'SUCCEEDED' && kind !== 'uninstall') throw new Error(`${who} succeeded without a block that is known here.`);
    return [];
  }
  if (kind === 'uninstall') {
    const to = entered('DeleteTable', 'FailOperation') ?? end;
    const confirmed = exited('ConfirmUninstall');
    return [
      { what: network, who, from, to, quiet: died },
      ...(confirmed === undefined ? [] : [{ what: everything, who, from: confirmed, to, quiet: 0 }]),
    ];
  }
  const { input = '{}' } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
  const { environment, to: newOwner } = JSON.parse(input) as { environment: { owner: string; repository: string }; to?: string };
  const to = entered('FinishOperation', 'FailOperation') ?? end;
  const making = entered('CreateNetworkParts');
  return [
    // An execution that released it in its Catch keeps everyone out of the environment for the same time.
    ...[environment, ...(newOwner === undefined ? [] : [{ ...environment, owner: newOwner }])].map((each) => ({
      what: environmentId(each),
      who,
      from,
      to,
      quiet: failed ? settling : died,
    })),
    ...(making === undefined
      ? []
      : [{ what: network, who, from: making, to: entered('RecordNetwork', 'FailOperation') ?? end, quiet: died }]),
  ];
}
