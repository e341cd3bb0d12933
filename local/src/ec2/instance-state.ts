import * as v from 'valibot';
import type { Region } from './operation.ts';
import { type Kind, resource } from './resource.ts';
import { latencies } from './settings.ts';

export const Instance = v.strictObject({
  ...resource,
  reservationId: v.string(),
  imageId: v.string(),
  instanceType: v.string(),
  architecture: v.picklist(['i386', 'x86_64', 'arm64', 'x86_64_mac', 'arm64_mac']),
  keyName: v.optional(v.string()),
  /** The key pair's public half as it was at the launch. */
  publicKey: v.optional(v.string()),
  /** Base64. */
  userData: v.string(),
  clientToken: v.optional(v.string()),
  subnetId: v.string(),
  vpcId: v.string(),
  availabilityZone: v.string(),
  networkInterfaceId: v.string(),
  /** Whether it has a public address in this run: its network interface says so at a launch or a start, and when it is modified. */
  public: v.boolean(),
  metadata: v.strictObject({
    tokens: v.picklist(['optional', 'required']),
    hopLimit: v.number(),
    endpoint: v.picklist(['enabled', 'disabled']),
  }),
  shutdownBehavior: v.picklist(['stop', 'terminate']),
  /** The latest launch or start, in milliseconds since the epoch; so are the other times. */
  launchedAt: v.number(),
  hasRun: v.boolean(),
  state: v.picklist(['pending', 'running', 'stopping', 'stopped', 'shutting-down', 'terminated']),
  since: v.number(),
  /** When a state of transition ends, and when a running instance answers on SSH. */
  until: v.optional(v.number()),
  /** The address it listens on in this run, once found; AWS would call it its public address. */
  address: v.optional(v.string()),
  /** What was planned for this run, other than that all goes well. */
  fate: v.optional(
    v.strictObject({ outcome: v.picklist(['terminated', 'stopped', 'never-answers', 'dies-booting']), reason: v.optional(v.string()) }),
  ),
  stateReason: v.optional(v.strictObject({ code: v.string(), message: v.string() })),
  transitionReason: v.string(),
});
export type Instance = v.InferOutput<typeof Instance>;

export const instanceKind: Kind<Instance> = {
  type: 'instance',
  prefix: 'i',
  noun: 'instance ID',
  notFound: 'InvalidInstanceID.NotFound',
  malformed: 'InvalidInstanceID.Malformed',
  schema: Instance,
  // Its network interface uses the subnet and the groups, as long as it exists.
  uses: () => [],
};

/** How long AWS shows a terminated instance. */
const terminatedShown = 60 * 60 * 1000;

/** The states' numbers in the API. */
export const stateCodes = { pending: 0, running: 16, 'shutting-down': 32, terminated: 48, stopping: 64, stopped: 80 } as const;

/** Begins a run: the launch of a new instance or the start of a stopped one. `delay` (milliseconds) is what the call itself takes. */
export function begin(instance: Instance, region: Region, fate: Instance['fate'], delay: number): void {
  enter(instance, 'pending', region.clock.now(), delay + latencies[region.settings.latency].pending);
  instance.public = cardOf(instance, region)?.associatePublicIpAddress ?? false;
  instance.launchedAt = instance.since;
  instance.fate = fate;
  instance.address = undefined;
  instance.stateReason = undefined;
  instance.transitionReason = '';
}

/** Gives an instance a public address for the rest of its run, or takes it away. */
export function setPublic(instance: Instance, region: Region, isPublic: boolean): void {
  instance.public = isPublic;
  if (instance.state === 'running') showAddress(instance, region);
}

/** Shows a running instance's address as its public one, once it is found, if the instance is to have one. */
export function showAddress(instance: Instance, region: Region): void {
  const card = cardOf(instance, region);
  if (card) card.publicIpAddress = instance.public ? instance.address : undefined;
}

/** Begins to stop a running instance at a time (milliseconds since the epoch). */
export function beginStop(instance: Instance, region: Region, reason: Reason, at = region.clock.now()): void {
  leave(instance, region, reason, at);
  enter(instance, 'stopping', at, latencies[region.settings.latency].stopping);
}

/** Begins to terminate an instance, whatever its state, at a time (milliseconds since the epoch). */
export function beginTermination(instance: Instance, region: Region, reason: Reason, at = region.clock.now()): void {
  leave(instance, region, reason, at);
  enter(instance, 'shutting-down', at, latencies[region.settings.latency].shuttingDown);
}

/** Ends a run that the host cannot serve: a launch is terminated, a start goes back to stopped, a running instance stops. */
export function fail(instance: Instance, region: Region, message: string): void {
  const reason = `Server.InternalError: ${message}`;
  if (instance.state === 'pending') {
    instance.fate = { outcome: instance.hasRun ? 'stopped' : 'terminated', reason };
    instance.until = region.clock.now();
  } else if (instance.state === 'running') beginStop(instance, region, { by: 'EC2', text: reason });
}

/** Does what is due by now; returns whether anything was. */
export function advance(instance: Instance, region: Region): boolean {
  let changed = false;
  while (step(instance, region)) changed = true;
  return changed;
}

/** Whether it ended so long ago that AWS shows it no more. */
export function isForgotten(instance: Instance, now: number): boolean {
  return instance.state === 'terminated' && now >= instance.since + terminatedShown;
}

/** When something is due next, in milliseconds since the epoch; undefined when nothing is. */
export function nextDue(instance: Instance): number | undefined {
  if (instance.state === 'terminated') return instance.since + terminatedShown;
  return instance.until;
}

/** Who ended a run, and how AWS words it in StateReason: `Code: text`. */
export interface Reason {
  readonly by: 'User' | 'Instance' | 'EC2';
  readonly text: string;
}

export const userShutdown: Reason = { by: 'User', text: 'Client.UserInitiatedShutdown: User initiated shutdown' };
const instanceShutdown: Reason = { by: 'Instance', text: 'Client.InstanceInitiatedShutdown: Instance initiated shutdown' };

function step(instance: Instance, region: Region): boolean {
  const due = nextDue(instance);
  if (due === undefined || region.clock.now() < due) return false;
  switch (instance.state) {
    case 'pending':
      return endPending(instance, region, due);
    case 'running':
      return endBooting(instance, region, due);
    case 'stopping':
      enter(instance, 'stopped', due);
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
    else enter(instance, 'stopped', due);
    return true;
  }
  // Its address is still being looked for.
  if (instance.public && instance.address === undefined) return false;
  enter(instance, 'running', due, latencies[region.settings.latency].booting);
  instance.hasRun = true;
  showAddress(instance, region);
  return true;
}

function endBooting(instance: Instance, region: Region, due: number): boolean {
  instance.until = undefined;
  if (instance.fate?.outcome === 'dies-booting') {
    const reason = instance.fate.reason === undefined ? instanceShutdown : ({ by: 'Instance', text: instance.fate.reason } as const);
    if (instance.shutdownBehavior === 'stop') beginStop(instance, region, reason, due);
    else beginTermination(instance, region, reason, due);
  }
  return true;
}

function enter(instance: Instance, state: Instance['state'], at: number, lasting?: number): void {
  instance.state = state;
  instance.since = at;
  instance.until = lasting === undefined ? undefined : at + lasting;
}

function leave(instance: Instance, region: Region, { by, text }: Reason, at: number): void {
  const [code = '', ...rest] = text.split(':');
  instance.stateReason =
    rest.length > 0 ? { code, message: text } : { code: 'Server.InternalError', message: `Server.InternalError: ${text}` };
  instance.transitionReason = by === 'User' ? `User initiated (${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} GMT)` : text;
  const card = cardOf(instance, region);
  if (card) card.publicIpAddress = undefined;
}

function terminate(instance: Instance, region: Region, at: number): void {
  enter(instance, 'terminated', at);
  instance.tags = [];
  instance.address = undefined;
  const { networkInterfaces, volumes } = region.resources;
  const card = cardOf(instance, region);
  if (card?.attachment?.deleteOnTermination) networkInterfaces.delete(card.id, at);
  else if (card) card.attachment = undefined;
  for (const volume of volumes.all().filter(({ attachment }) => attachment?.instanceId === instance.id)) {
    if (volume.attachment?.deleteOnTermination) volumes.delete(volume.id, at);
    else volume.attachment = undefined;
  }
}

/** The network interface of an instance that still has it. */
export function cardOf(instance: Instance, { resources }: Pick<Region, 'resources'>) {
  return resources.networkInterfaces.all().find(({ attachment }) => attachment?.instanceId === instance.id);
}
