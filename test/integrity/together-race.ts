import { setTimeout as sleep } from 'node:timers/promises';
import { ListExecutionsCommand } from '@aws-sdk/client-sfn';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { expect } from 'vitest';
import type { UninstallOutput } from '../../core/document.ts';
import { type ErrorName, isErrorName } from '../../core/errors.ts';
import { stateMachineArn } from '../../core/executions.ts';
import type { OperationKind } from '../../core/operations.ts';
import { expectInvariants, resourcesOf } from '../harness/invariants.ts';
import { inventory } from '../harness/inventory.ts';
import { begin, ended, somePublicKey } from '../harness/workflows.ts';

/** One execution of a race: what it is to do, and with whose environment. */
export interface Contender {
  readonly kind: OperationKind;
  /** alice by default. */
  readonly owner?: string;
  /** acme/api by default. */
  readonly repository?: string;
  /** Of a start: the instance in whose place it may launch one with an empty disk. */
  readonly replaces?: string | undefined;
  /** What a rename names it: billing by default. */
  readonly name?: string;
  /** Who gets it by a transfer: carol by default. */
  readonly to?: string;
  /** Real time after the beginning of the race; at once by default. */
  readonly afterMilliseconds?: number;
}

/** What became of an execution: that it did what it was to do, that there was nothing to do, or what refused it. */
export type Outcome = 'succeeded' | 'not-installed' | 'killed' | ErrorName;

/** Starts the execution of a contender. Resolves to its ARN. */
export function enter(
  aws: TestAws,
  { kind, owner = 'alice', repository = 'acme/api', name = 'billing', to = 'carol', replaces }: Contender,
): Promise<string> {
  const subject = { caller: owner, environment: { owner, repository } };
  if (kind === 'uninstall') return begin(aws, kind, { caller: owner });
  if (kind === 'rename') return begin(aws, kind, { ...subject, name });
  if (kind === 'transfer') return begin(aws, kind, { ...subject, to });
  return begin(
    aws,
    kind,
    kind === 'start' ? { ...subject, request: { publicKey: somePublicKey, ...(replaces && { replaces }) } } : subject,
  );
}

/** Waits for the end of an execution. Throws where it ended with something that the catalog of errors does not know, or that is a defect. */
export async function outcomeOf(aws: TestAws, executionArn: string): Promise<Outcome> {
  const { status, output, error = '', cause } = await ended<Partial<UninstallOutput>>(aws, executionArn);
  if (status === 'SUCCEEDED') return output?.status === 'not-installed' ? 'not-installed' : 'succeeded';
  if (status === 'ABORTED') return 'killed';
  if (isErrorName(error) && error !== 'Unexpected') return error;
  throw new Error(`${executionArn} is ${status} with ${error}: ${cause}`);
}

/** Runs executions at once, or each so much later. Resolves to their outcomes. */
export async function race(aws: TestAws, ...contenders: readonly Contender[]): Promise<Outcome[]> {
  const executionArns = await Promise.all(
    contenders.map(async (contender) => {
      await sleep(contender.afterMilliseconds ?? 0);
      return enter(aws, contender);
    }),
  );
  // Each looking by itself, many would keep the embedded AWS busier than what they wait for.
  if (contenders.length > 2) while (await anyRuns(aws, contenders)) await sleep(100);
  return Promise.all(executionArns.map((executionArn) => outcomeOf(aws, executionArn)));
}

async function anyRuns(aws: TestAws, contenders: readonly Contender[]): Promise<boolean> {
  const running = [...new Set(contenders.map(({ kind }) => kind))].map(async (kind) => {
    return aws.clients.sfn.send(
      new ListExecutionsCommand({ stateMachineArn: stateMachineArn(aws, kind), statusFilter: 'RUNNING', maxResults: 1 }),
    );
  });
  return (await Promise.all(running)).some(({ executions = [] }) => executions.length > 0);
}

/**
 * Empties an account as its users would: removes every environment that has a record, then uninstalls. Nothing may be left then.
 *
 * @param theirs the ids of what is somebody else's, and stays
 */
export async function expectEmptied(aws: TestAws, theirs: ReadonlySet<string> = new Set()): Promise<void> {
  const items = (await inventory(aws)).items ?? [];
  const environments = items.filter(({ kind }) => kind === 'environment').map(({ owner, repository }) => ({ owner, repository }));
  const removed = await race(aws, ...environments.map((environment): Contender => ({ kind: 'remove', ...environment })));
  expect(removed).toEqual(environments.map(() => 'succeeded'));
  const [uninstalled] = await race(aws, { kind: 'uninstall' });
  expect(['succeeded', 'not-installed']).toContain(uninstalled);
  const left = await inventory(aws);
  expect(resourcesOf(left).filter(({ id }) => !theirs.has(id))).toEqual([]);
  expect(left.items).toBeUndefined();
  await expectInvariants(aws, theirs);
}

/** Counts outcomes, and prints how often which came. */
export function tally(title: string) {
  const counts = new Map<string, number>();
  return {
    add(outcomes: readonly Outcome[]) {
      const key = outcomes.join(' + ');
      counts.set(key, (counts.get(key) ?? 0) + 1);
    },
    print() {
      const rounds = [...counts.values()].reduce((sum, count) => sum + count, 0);
      const lines = [...counts].sort(([, one], [, other]) => other - one).map(([key, count]) => `  ${count} × ${key}`);
      console.log([`${title}: ${rounds} rounds`, ...lines].join('\n'));
    },
  };
}
