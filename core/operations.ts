import { policies } from './names.ts';
import type { EnvironmentStatus } from './status.ts';

interface Common {
  /** What it says of the operation's subject while it runs: `acme/api is already starting`. */
  readonly doing: string;
  /** The policy that lets a person start it. */
  readonly policy: (typeof policies)[keyof typeof policies];
}

/** An operation on one environment, which it locks. */
export interface EnvironmentRow extends Common {
  readonly on: 'environment';
  /** Whether it creates an environment that does not exist. Any other operation is refused then. */
  readonly creates: boolean;
  /** The statuses it may find the environment in. Any other is refused. */
  readonly from: readonly EnvironmentStatus[];
  /** The status of the environment while it runs. Missing if it stays what it is. */
  readonly during?: EnvironmentStatus;
  /** What the environment is once it has succeeded. */
  readonly ends: 'started' | 'stopped' | 'renamed' | 'transferred' | 'removed';
  /** Missing if teammates may begin it where the team lets everyone act. Otherwise only the owner and administrators may. */
  readonly forTeammates?: boolean;
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
    creates: true,
    from: ['creating', 'starting', 'started', 'stopping', 'stopped', 'gone'],
    during: 'starting',
    ends: 'started',
    doing: 'starting',
    policy: policies.user,
  },
  stop: {
    on: 'environment',
    creates: false,
    from: ['starting', 'started', 'stopping', 'stopped', 'gone'],
    during: 'stopping',
    ends: 'stopped',
    doing: 'stopping',
    policy: policies.user,
  },
  restart: {
    on: 'environment',
    creates: false,
    from: ['starting', 'started', 'stopping', 'stopped', 'gone'],
    during: 'starting',
    ends: 'started',
    doing: 'restarting',
    policy: policies.user,
  },
  move: {
    on: 'environment',
    creates: false,
    from: ['starting', 'started', 'stopping', 'stopped', 'gone'],
    during: 'starting',
    ends: 'started',
    doing: 'moving',
    policy: policies.user,
  },
  rename: {
    on: 'environment',
    creates: false,
    from: ['starting', 'started', 'stopping', 'stopped', 'gone'],
    ends: 'renamed',
    doing: 'being renamed',
    policy: policies.user,
  },
  transfer: {
    on: 'environment',
    creates: false,
    from: ['starting', 'started', 'stopping', 'stopped', 'gone'],
    during: 'stopping',
    ends: 'transferred',
    forTeammates: false,
    doing: 'being transferred',
    policy: policies.user,
  },
  remove: {
    on: 'environment',
    creates: false,
    from: ['creating', 'starting', 'started', 'stopping', 'stopped', 'removing', 'gone'],
    during: 'removing',
    ends: 'removed',
    doing: 'being removed',
    policy: policies.user,
  },
  uninstall: { on: 'network', doing: 'being uninstalled', policy: policies.admin },
} as const satisfies Record<string, EnvironmentRow | NetworkRow>;

export type OperationKind = keyof typeof operations;
export const operationKinds = Object.keys(operations) as OperationKind[];

type KindWith<Part> = { [Kind in OperationKind]: (typeof operations)[Kind] extends Part ? Kind : never }[OperationKind];

/** Lists the operations whose rows have these fields: `kindsWith({ ends: 'started' })`. */
export function kindsWith<const Part extends Partial<EnvironmentRow> | Partial<NetworkRow>>(part: Part): KindWith<Part>[] {
  const has = (row: object) => Object.entries(part).every(([field, value]) => (row as Record<string, unknown>)[field] === value);
  return operationKinds.filter((kind) => has(operations[kind])) as KindWith<Part>[];
}

/** The operations on one environment. */
export type EnvironmentOperationKind = KindWith<{ on: 'environment' }>;

/** Makes a value for each of some operations. */
export function forEach<Kind extends OperationKind, Value>(
  kinds: readonly Kind[],
  make: (kind: Kind) => Value,
): Readonly<Record<Kind, Value>> {
  return Object.fromEntries(kinds.map((kind) => [kind, make(kind)])) as Record<Kind, Value>;
}
