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
  remove: [...up, ...down, ...out],
  uninstall: [],
};
