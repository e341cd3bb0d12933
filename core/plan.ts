/** EC2's names of an instance's states. */
export type InstanceState = 'pending' | 'running' | 'shutting-down' | 'terminated' | 'stopping' | 'stopped';

export interface FoundInstance {
  readonly instanceId: string;
  readonly state: InstanceState;
}

/** What a start has to do: launch an instance, start a stopped one, wait for one that is on its way, or nothing. */
export type StartPlan =
  | { readonly action: 'create' }
  | { readonly action: 'start' | 'wait' | 'nothing'; readonly instanceId: string }
  /** The instance is stopping: what to do is decided once it has stopped. */
  | { readonly action: 'undecided'; readonly instanceId: string };

const actions: Partial<Record<InstanceState, 'start' | 'wait' | 'nothing' | 'undecided'>> = {
  running: 'nothing',
  pending: 'wait',
  stopping: 'undecided',
  stopped: 'start',
};
// Where an environment had more than one live instance, the one that serves it now is kept.
const preference: readonly InstanceState[] = ['running', 'pending', 'stopping', 'stopped'];

/** Decides what a start does from the environment's instances as EC2 shows them; a terminated one counts as none. */
export function planStart(instances: readonly FoundInstance[]): StartPlan {
  for (const state of preference) {
    const found = instances.find((instance) => instance.state === state);
    const action = actions[state];
    if (found && action) return { action, instanceId: found.instanceId };
  }
  return { action: 'create' };
}
