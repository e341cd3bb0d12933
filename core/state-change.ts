import type { Observed } from './environment.ts';
import type { OperationKind } from './operations.ts';
import type { InstanceState } from './plan.ts';

/**
 * Whether what EC2 shows of an instance is older than a state of which it has told: its answers lag behind its events. A state that EC2 told
 * of late, or twice, may be over.
 */
export function isOlder(shown: InstanceState, told: InstanceState): boolean {
  return before[told].includes(shown);
}

const before: Record<InstanceState, readonly InstanceState[]> = {
  pending: [],
  running: ['pending'],
  stopping: [],
  stopped: ['stopping'],
  // No instance comes back from these.
  'shutting-down': ['pending', 'running', 'stopping', 'stopped'],
  terminated: ['pending', 'running', 'stopping', 'stopped'],
};

/** What a record has of an instance that is in a state. */
export function stateAfter(told: InstanceState): Observed['state'] {
  return told === 'shutting-down' || told === 'terminated' ? 'gone' : told;
}

/**
 * Whether what EC2 has told of an instance came after what a record has observed of it. EC2 tells times in whole seconds: within one, no
 * instance goes back.
 *
 * @param told its time as ISO 8601
 */
export function isNews(told: Pick<Observed, 'state'> & { readonly time: string }, observed: Pick<Observed, 'state' | 'at'>): boolean {
  const [then, now] = [observed.at, told.time].map((time) => Math.floor(Date.parse(time) / 1000)) as [number, number];
  return now > then || (now === then && order.indexOf(told.state) > order.indexOf(observed.state));
}

const order: readonly Observed['state'][] = ['pending', 'running', 'stopping', 'stopped', 'gone'];

/**
 * Whether an operation leads an instance through a state. The operation then records what comes of it. Any other state is somebody else's
 * doing, which an operation that has looked before may not notice.
 */
export function leadsThrough(kind: OperationKind, state: InstanceState): boolean {
  return passed[kind].includes(state);
}

const up = ['pending', 'running'] as const;
const down = ['stopping', 'stopped'] as const;
const out = ['shutting-down', 'terminated'] as const;
const passed: Record<OperationKind, readonly InstanceState[]> = {
  start: up,
  stop: down,
  restart: [...down, ...up],
  move: [...down, ...out, ...up],
  rename: [],
  transfer: down,
  remove: [...up, ...down, ...out],
  uninstall: [],
};
