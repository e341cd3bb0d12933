import * as v from 'valibot';
import type { Region } from './operation.ts';
import { type Kind, resource, type Stored } from './resource.ts';
import { profileOf } from './settings.ts';

export const Instance = v.strictObject({
  ...resource,
  reservationId: v.string(),
  imageId: v.string(),
  instanceType: v.string(),
  architecture: v.picklist(['i386', 'x86_64', 'arm64', 'x86_64_mac', 'arm64_mac']),
  keyName: v.optional(v.string()),
  /** The public key of the key pair at the launch. */
  publicKey: v.optional(v.string()),
  /** Base64. */
  userData: v.string(),
  clientToken: v.optional(v.string()),
  subnetId: v.string(),
  vpcId: v.string(),
  availabilityZone: v.string(),
  networkInterfaceId: v.string(),
  /** Whether it has a public address in this run. It follows its network interface at each launch and start, and when that is modified. */
  public: v.boolean(),
  metadata: v.strictObject({
    tokens: v.picklist(['optional', 'required']),
    hopLimit: v.number(),
    endpoint: v.picklist(['enabled', 'disabled']),
  }),
  shutdownBehavior: v.picklist(['stop', 'terminate']),
  /** The latest launch or start. All times are milliseconds since the epoch. */
  launchedAt: v.number(),
  hasRun: v.boolean(),
  state: v.picklist(['pending', 'running', 'stopping', 'stopped', 'shutting-down', 'terminated']),
  since: v.number(),
  /** When a transitional state ends, or when a running instance answers on SSH. */
  until: v.optional(v.number()),
  /** The address on which it listens in this run, which AWS would call its public address. */
  address: v.optional(v.string()),
  /** The planned failure of this run, if any. */
  fate: v.optional(
    v.strictObject({ outcome: v.picklist(['terminated', 'stopped', 'never-answers', 'dies-booting']), reason: v.optional(v.string()) }),
  ),
  stateReason: v.optional(v.strictObject({ code: v.string(), message: v.string() })),
  transitionReason: v.string(),
  /** The snapshot whose files its root volume is to have, until the host has copied them. */
  filesOf: v.optional(v.string()),
});
export type Instance = Stored<v.InferOutput<typeof Instance>>;

export const instanceKind: Kind<Instance> = {
  type: 'instance',
  prefix: 'i',
  noun: 'instance ID',
  notFound: 'InvalidInstanceID.NotFound',
  malformed: 'InvalidInstanceID.Malformed',
  schema: Instance,
  // Its network interface uses the subnet and the groups.
  uses: () => [],
};

/** How long AWS shows a terminated instance. */
const terminatedShown = 60 * 60 * 1000;

/** The codes of the states in the API. */
export const stateCodes = { pending: 0, running: 16, 'shutting-down': 32, terminated: 48, stopping: 64, stopped: 80 } as const;

/** Begins a run: the launch of a new instance or the start of a stopped one. `delay` is the duration of the call, in milliseconds. */
export function begin(instance: Instance, region: Region, fate: Instance['fate'], delay: number): void {
  enter(instance, region, 'pending', region.clock.now(), delay + profileOf(region.settings).pending);
  region.resources.instances.change(instance, {
    public: cardOf(instance, region)?.associatePublicIpAddress ?? false,
    launchedAt: instance.since,
    fate,
    address: undefined,
    stateReason: undefined,
    transitionReason: '',
  });
}

/** Adds or removes the public address of an instance for the rest of its run. */
export function setPublic(instance: Instance, region: Region, isPublic: boolean): void {
  region.resources.instances.change(instance, { public: isPublic });
  if (instance.state === 'running') showAddress(instance, region);
}

/** Shows the address of a running instance as its public address, if it has one. */
export function showAddress(instance: Instance, region: Region): void {
  changeAddress(instance, region, instance.public ? instance.address : undefined);
}

/** Begins to stop a running instance at a time, in milliseconds since the epoch. */
export function beginStop(instance: Instance, region: Region, reason: Reason, at = region.clock.now()): void {
  leave(instance, region, reason, at);
  enter(instance, region, 'stopping', at, profileOf(region.settings).stopping);
}

/** Begins to terminate an instance in any state at a time, in milliseconds since the epoch. */
export function beginTermination(instance: Instance, region: Region, reason: Reason, at = region.clock.now()): void {
  leave(instance, region, reason, at);
  enter(instance, region, 'shutting-down', at, profileOf(region.settings).shuttingDown);
}

/**
 * An instance that shuts down by itself begins to stop, or to terminate if its shutdown behavior says so.
 *
 * @param text AWS's text for StateReason
 */
export function shutDown(instance: Instance, region: Region, text = instanceShutdown, at = region.clock.now()): void {
  const begin = instance.shutdownBehavior === 'stop' ? beginStop : beginTermination;
  begin(instance, region, { by: 'Instance', text }, at);
}

/** Ends a run in which the host failed: a launched instance is terminated, a started one goes back to stopped, a running one stops. */
export function fail(instance: Instance, region: Region, message: string): void {
  const reason = `Server.InternalError: ${message}`;
  if (instance.state === 'pending') {
    const outcome = instance.hasRun ? 'stopped' : 'terminated';
    region.resources.instances.change(instance, { fate: { outcome, reason }, until: region.clock.now() });
  } else if (instance.state === 'running') beginStop(instance, region, { by: 'EC2', text: reason });
}

/** Does what is due now. */
export function advance(instance: Instance, region: Region): void {
  while (step(instance, region));
}

/** Whether it ended so long ago that AWS no longer shows it. */
export function isForgotten(instance: Instance, now: number): boolean {
  return instance.state === 'terminated' && now >= instance.since + terminatedShown;
}

/** When the next thing is due, in milliseconds since the epoch; undefined if nothing is. */
export function nextDue(instance: Instance): number | undefined {
  if (instance.state === 'terminated') return instance.since + terminatedShown;
  return instance.until;
}

/** Who ended a run, and AWS's text for StateReason: `Code: text`. */
export interface Reason {
  readonly by: 'User' | 'Instance' | 'EC2';
  readonly text: string;
}

export const userShutdown: Reason = { by: 'User', text: 'Client.UserInitiatedShutdown: User initiated shutdown' };
const instanceShutdown = 'Client.InstanceInitiatedShutdown: Instance initiated shutdown';

function step(instance: Instance, region: Region): boolean {
  const due = nextDue(instance);
  if (due === undefined || region.clock.now() < due) return false;
  switch (instance.state) {
    case 'pending':
      return endPending(instance, region, due);
    case 'running':
      return endBooting(instance, region, due);
    case 'stopping':
      enter(instance, region, 'stopped', due);
      return true;
    case 'shutting-down':
      terminate(instance, region, due);
      return true;
    case 'terminated':
    case 'stopped':
      return false;
  }
}

function endPending(instance: Instance, region: Region, due: number): boolean {
  const { fate } = instance;
  if (fate?.outcome === 'terminated' || fate?.outcome === 'stopped') {
    leave(instance, region, { by: 'EC2', text: fate.reason ?? 'Server.InternalError: Internal error on launch' }, due);
    if (fate.outcome === 'terminated') terminate(instance, region, due);
    else enter(instance, region, 'stopped', due);
    return true;
  }
  // The host is still looking for its address.
  if (instance.public && instance.address === undefined) return false;
  enter(instance, region, 'running', due, profileOf(region.settings).booting);
  region.resources.instances.change(instance, { hasRun: true });
  showAddress(instance, region);
  return true;
}

function endBooting(instance: Instance, region: Region, due: number): boolean {
  region.resources.instances.change(instance, { until: undefined });
  if (instance.fate?.outcome === 'dies-booting') shutDown(instance, region, instance.fate.reason, due);
  return true;
}

function enter(instance: Instance, region: Region, state: Instance['state'], at: number, lasting?: number): void {
  region.resources.instances.change(instance, { state, since: at, until: lasting === undefined ? undefined : at + lasting });
  region.stateChanged(instance, at);
}

function leave(instance: Instance, region: Region, { by, text }: Reason, at: number): void {
  const [code = '', ...rest] = text.split(':');
  region.resources.instances.change(instance, {
    stateReason: rest.length > 0 ? { code, message: text } : { code: 'Server.InternalError', message: `Server.InternalError: ${text}` },
    transitionReason: by === 'User' ? `User initiated (${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} GMT)` : text,
  });
  changeAddress(instance, region, undefined);
}

function changeAddress(instance: Instance, region: Region, publicIpAddress: string | undefined): void {
  const card = cardOf(instance, region);
  if (card) region.resources.networkInterfaces.change(card, { publicIpAddress });
}

function terminate(instance: Instance, region: Region, at: number): void {
  enter(instance, region, 'terminated', at);
  const { instances, networkInterfaces, volumes } = region.resources;
  instances.change(instance, { tags: [], address: undefined });
  const card = cardOf(instance, region);
  if (card?.attachment?.deleteOnTermination) networkInterfaces.delete(card.id, at);
  else if (card) networkInterfaces.change(card, { attachment: undefined });
  for (const volume of volumes.of(instance.id)) {
    if (volume.attachment?.deleteOnTermination) volumes.delete(volume.id, at);
    else volumes.change(volume, { attachment: undefined });
  }
}

/** The network interface of an instance, while it is attached. */
export function cardOf(instance: Instance, { resources }: Pick<Region, 'resources'>) {
  return resources.networkInterfaces.of(instance.id)[0];
}
