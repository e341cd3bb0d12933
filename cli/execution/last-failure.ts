import type { Environment } from '../../core/environment.ts';
import { type EnvironmentOperationKind, kindsWith } from '../../core/operations.ts';
import { ago } from '../duration.ts';
import { line } from '../output.ts';

/** The operation that failed last on an environment. */
export interface LastFailure {
  readonly kind: EnvironmentOperationKind;
  /** When and why, for people: `failed 3m ago: AWS says: None.` */
  readonly words: string;
}

/** The operation that failed last on an environment; undefined if the last one did not fail. */
export function lastFailure(record: Environment): LastFailure | undefined {
  const { lastError, lastOperations = [] } = record;
  if (!lastError) return undefined;
  const failed = lastOperations.findLast(({ error }) => error !== undefined);
  return { kind: environmentKind(failed?.kind, record), words: line`failed ${ago(lastError.at)}: ${lastError.message}` };
}

/** The operation of a name. If the record does not remember it, because an older version wrote it, what is wanted says which it was. */
export function environmentKind(name: string | undefined, { wanted }: Environment): EnvironmentOperationKind {
  return kindsWith({ on: 'environment' }).find((kind) => kind === name) ?? kindsByPower[wanted.power];
}

const kindsByPower = { on: 'start', off: 'stop', removed: 'remove' } as const;
