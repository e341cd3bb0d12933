import { type ErrorName, RecodeError } from './errors.ts';

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
export function decideStart(instances: readonly FoundInstance[]): StartPlan {
  for (const state of preference) {
    const found = instances.find((instance) => instance.state === state);
    const action = actions[state];
    if (found && action) return { action, instanceId: found.instanceId };
  }
  return { action: 'create' };
}

/** An instance's state and why it has it, as DescribeInstances answers. */
export interface ExplainedState {
  readonly instanceId: string;
  readonly state: InstanceState;
  /** EC2's code of the reason, such as `Server.InsufficientInstanceCapacity`. */
  readonly reasonCode?: string | undefined;
  readonly reasonMessage?: string | undefined;
}

/**
 * The failure of an instance that goes back where a start waits for it to come up; undefined while it may still come.
 *
 * @param created whether this start launched it, or found it
 */
export function startFailure({ instanceId, state, reasonCode, reasonMessage }: ExplainedState, created: boolean): RecodeError | undefined {
  if (state === 'pending' || state === 'running') return undefined;
  // Right after StartInstances EC2 may still show the stop before it, which its user asked for from outside or inside.
  const stopBefore =
    !created && (state === 'stopped' || state === 'stopping') && /^Client\.(User|Instance)Initiated/.test(reasonCode ?? '');
  if (stopBefore) return undefined;
  const reason = (reasonMessage ?? 'AWS gives no reason').replace(/\.$/, '');
  const name = causeOf(`${reasonCode} ${reasonMessage}`, hasEnded(state)) ?? (created ? 'InstanceFailedToLaunch' : 'InstanceFailedToStart');
  return new RecodeError(name, `The instance ${instanceId} is ${state}: ${reason}.`);
}

/**
 * The error behind EC2's reason, where it has one of its own. The code may stand in the message alone.
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html
 */
function causeOf(reason: string, ended: boolean): ErrorName | undefined {
  // EC2 terminates an instance that it cannot launch. One that it cannot start stays stopped.
  if (/Server\.InsufficientInstanceCapacity/.test(reason)) return ended ? 'NoCapacity' : 'NoCapacityToStart';
  if (/Client\.VolumeLimitExceeded/.test(reason)) return 'QuotaReached';
  // A launch that may not use the key of its volume ends with a general "Client error on launch".
  if (/Client\.(InternalError|InvalidKMSKey)/.test(reason)) return 'VolumeKeyNotUsable';
  return undefined;
}

const hasEnded = (state: InstanceState) => state === 'shutting-down' || state === 'terminated';

/**
 * Whether EC2 has ended an instance because it could not launch it, so that nothing was ever on its disk. Whatever has run ends with another
 * reason: EC2 does not terminate an instance that it cannot start.
 */
export function failedToLaunch({ state, reasonCode = '' }: ExplainedState): boolean {
  return hasEnded(state) && launchReasons.test(reasonCode);
}

// Those of https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html that say so, and those of a volume that EC2 cannot create.
const launchReasons =
  /^(Server\.(InsufficientInstanceCapacity|InternalError)|Client\.(InternalError|VolumeLimitExceeded|InvalidSnapshot\.NotFound|InvalidKMSKey\..+))$/;

/** What to try where EC2 has no capacity to start an instance whose type has just been changed. Empty without a change. */
export function formerTypeAdvice(formerType: string | undefined): string {
  return formerType === undefined ? '' : ` It was a ${formerType} until now: --instance-type ${formerType} changes it back.`;
}

/** Whether the control plane can check SSH: only if everyone may reach it, because the address of a Lambda is not known in advance. */
export const canCheckSsh = (allowCidrs: readonly string[]): boolean => allowCidrs.includes('0.0.0.0/0');
