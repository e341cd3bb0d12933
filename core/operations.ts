import { policies } from './names.ts';
import type { EnvironmentStatus } from './status.ts';

interface Common {
  /** What it says of the operation's subject while it runs: `acme/api is already starting`. */
  readonly doing: string;
  /** The policy that lets a person start it. */
  readonly policy: (typeof policies)[keyof typeof policies];
}

/** An operation on one environment, which it locks. */
interface EnvironmentRow extends Common {
  readonly on: 'environment';
  /** The statuses it may find the environment in. Any other is refused. */
  readonly from: readonly EnvironmentStatus[];
  /** The status of the environment while it runs. */
  readonly during: EnvironmentStatus;
  /** What the environment is once it has succeeded. */
  readonly ends: 'started' | 'stopped' | 'removed';
}

/** An operation on the network that all environments of a region share, which it locks. */
interface NetworkRow extends Common {
  readonly on: 'network';
}

/**
 * The operations: one row each. Everything else that differs between them follows from its row: the state machine
 * `recode-<kind>` (statemachines/<kind>.asl.yaml), the lock, the policies, the dashboard, and the command's words.
 */
export const operations = {
  start: {
    on: 'environment',
    from: ['creating', 'starting', 'started', 'stopping', 'stopped'],
    during: 'starting',
    ends: 'started',
    doing: 'starting',
    policy: policies.user,
  },
  stop: {
    on: 'environment',
    from: ['starting', 'started', 'stopping', 'stopped'],
    during: 'stopping',
    ends: 'stopped',
    doing: 'stopping',
    policy: policies.user,
  },
  remove: {
    on: 'environment',
    from: ['creating', 'starting', 'started', 'stopping', 'stopped', 'removing'],
    during: 'removing',
    ends: 'removed',
    doing: 'being removed',
    policy: policies.user,
  },
  uninstall: { on: 'network', doing: 'being uninstalled', policy: policies.admin },
} as const satisfies Record<string, EnvironmentRow | NetworkRow>;

export type OperationKind = keyof typeof operations;
export const operationKinds = Object.keys(operations) as OperationKind[];

/** The operations on one environment. */
export type EnvironmentOperationKind = {
  [Kind in OperationKind]: (typeof operations)[Kind]['on'] extends 'environment' ? Kind : never;
}[OperationKind];
export const environmentOperationKinds = operationKinds.filter(
  (kind) => operations[kind].on === 'environment',
) as EnvironmentOperationKind[];

type KindThatEnds<End extends EnvironmentRow['ends']> = {
  [Kind in EnvironmentOperationKind]: (typeof operations)[Kind]['ends'] extends End ? Kind : never;
}[EnvironmentOperationKind];

/** Lists the operations that leave an environment in a status. */
export function kindsThatEnd<End extends EnvironmentRow['ends']>(end: End): KindThatEnds<End>[] {
  return environmentOperationKinds.filter((kind) => operations[kind].ends === end) as KindThatEnds<End>[];
}
