import { holding } from '../clock.ts';
import { StorageFailed } from '../storage.ts';
import { includesAddress, parseAddress, parseCidr } from './cidr.ts';
import { advance, cardOf, fail, type Instance, isForgotten, nextDue, showAddress, shutDown } from './instance-state.ts';
import type { NetworkInterface } from './interface.ts';
import type { Region } from './operation.ts';
import { admits } from './rule.ts';

/** The life of a region's instances between calls. */
export interface InstanceLife {
  /** Does what is due now, and lets the host find addresses, boot and halt. Call it before and after everything that reads instances. */
  settle(): void;
  /** Stops all activity. Resolves when the host has finished its work. */
  stop(): Promise<void>;
}

/** Watches the instances of a region. At the first `settle`, it boots those that were running when the last process ended. */
export function createInstanceLife(region: Region): InstanceLife {
  const { clock, instances: host, resources } = region;
  const begun = new Map<string, string>();
  const snapshots = new Set<string>();
  const queues = new Map<string, Promise<void>>();
  /** Those that have changed since the last `settle`, or have something due. Nothing happens to the others by themselves. */
  const awake = new Set(resources.instances.all());
  resources.instances.watch((instance) => awake.add(instance));
  let cancel = () => {};
  let stopped = false;

  function settle(): void {
    if (stopped) return;
    copyFiles();
    for (const instance of awake) {
      advance(instance, region);
      const work = workOf(instance);
      // Once per run.
      if (work !== undefined && begun.get(instance.id) !== `${work} ${instance.launchedAt}`) {
        begun.set(instance.id, `${work} ${instance.launchedAt}`);
        enqueue(instance.id, () => perform(work, instance));
      }
      if (nextDue(instance) === undefined) awake.delete(instance);
      if (isForgotten(instance, clock.now())) {
        awake.delete(instance);
        resources.instances.delete(instance.id, instance.since);
        begun.delete(instance.id);
        enqueue(instance.id, async () => host.forget(instance.id));
      }
    }
    region.save();
    arm();
  }

  /** Copies files from instances to new snapshots and back, before the instances do anything else with them. */
  function copyFiles(): void {
    for (const id of snapshots) {
      if (resources.snapshots.get(id)) continue;
      snapshots.delete(id);
      // Deleting a snapshot has no effect on volumes, also on those that do not have its files yet.
      void Promise.all(queues.values()).then(() => host.discardSnapshot(id));
    }
    for (const snapshot of resources.snapshots.all()) {
      if (snapshots.has(snapshot.id)) continue;
      snapshots.add(snapshot.id);
      if (snapshot.bytes !== undefined) continue;
      enqueue(snapshot.instanceId, async () => {
        const bytes = await host.takeSnapshot(snapshot.instanceId, snapshot.id);
        resources.snapshots.change(snapshot, { bytes, completesAt: Math.max(snapshot.completesAt, clock.now()) });
      });
    }
    for (const instance of awake) {
      const { id, filesOf } = instance;
      if (filesOf === undefined || begun.has(id)) continue;
      begun.set(id, 'copy files');
      enqueue(id, async () => {
        await host.restoreSnapshot(filesOf, id);
        resources.instances.change(instance, { filesOf: undefined });
      });
    }
  }

  /** Settles when the next thing is due. Overdue things wait for the host, which settles when it is done. */
  function arm(): void {
    cancel();
    const now = clock.now();
    const due = [...awake].flatMap((instance) => nextDue(instance) ?? []);
    const next = Math.min(...due.filter((when) => when > now));
    cancel = Number.isFinite(next) ? clock.at(next, settle) : () => {};
  }

  /** The host does one thing at a time for an instance. A failure ends the run of the instance, or this process if the disk is full. */
  function enqueue(id: string, work: () => Promise<void>): void {
    const before = queues.get(id) ?? Promise.resolve();
    const done = before
      .then(() => (stopped ? undefined : holding(clock, work)))
      .catch((error: unknown) => {
        if (error instanceof StorageFailed) throw error;
        host.print(id, (error as Error).message);
        const instance = resources.instances.get(id);
        if (instance) fail(instance, region, (error as Error).message);
      })
      .then(() => {
        if (queues.get(id) === done) queues.delete(id);
        if (stopped) return;
        region.save();
        settle();
      });
    queues.set(id, done);
  }

  async function perform(work: Work, instance: Instance): Promise<void> {
    switch (work) {
      case 'find an address': {
        const address = await host.reserveAddress(userDataOf(instance), instance.id);
        if (instance.state === 'pending' || instance.state === 'running') resources.instances.change(instance, { address });
        if (instance.state === 'running') showAddress(instance, region);
        return;
      }
      case 'boot':
        if (instance.state === 'running' && instance.address !== undefined) await boot(instance, instance.address);
        return;
      case 'hang':
        host.print(instance.id, instance.fate?.reason ?? 'Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)');
        return;
      case 'halt':
        return host.halt(instance.id);
      case 'erase':
        await host.halt(instance.id);
        host.erase(instance.id);
    }
  }

  async function boot(instance: Instance, address: string): Promise<void> {
    await host.boot({
      id: instance.id,
      address,
      userData: userDataOf(instance),
      ...(instance.publicKey !== undefined && { keyPair: instance.publicKey }),
      admits: (remoteAddress, port) => {
        const card = cardOf(instance, region);
        if (card?.publicIpAddress === undefined) return false;
        return admits(resources, card.groupIds, remoteAddress, port) && hasRoute(card, region, remoteAddress);
      },
      poweredOff() {
        if (stopped || instance.state !== 'running') return;
        shutDown(instance, region);
        region.save();
        settle();
      },
    });
  }

  return {
    settle,
    async stop() {
      stopped = true;
      cancel();
      await Promise.all(queues.values());
    },
  };
}

type Work = 'find an address' | 'boot' | 'hang' | 'halt' | 'erase';

/** What the host has to do for an instance in its current state. */
function workOf({ state, public: isPublic, address, fate, until }: Instance): Work | undefined {
  switch (state) {
    case 'pending':
      return isPublic && address === undefined ? 'find an address' : undefined;
    case 'running':
      if (isPublic && address === undefined) return 'find an address';
      // Until then, it is booting. Without an address, nobody can reach it.
      if (until !== undefined || address === undefined) return undefined;
      return fate?.outcome === 'never-answers' ? 'hang' : 'boot';
    case 'stopping':
    case 'shutting-down':
    // If the clock runs fast, the instance may have gone through `stopping` unseen.
    case 'stopped':
      return 'halt';
    case 'terminated':
      return 'erase';
  }
}

const userDataOf = ({ userData }: Instance) => Buffer.from(userData, 'base64');

/** Whether a route of the subnet leads to a remote address through the internet gateway of the VPC. */
function hasRoute({ subnetId, vpcId }: NetworkInterface, { resources }: Region, remoteAddress: string): boolean {
  const address = parseAddress(remoteAddress);
  const tables = resources.routeTables.of(vpcId);
  const table =
    tables.find(({ associations }) => associations.some((association) => association.subnetId === subnetId)) ??
    tables.find(({ associations }) => associations.some(({ main }) => main));
  const gateways = resources.internetGateways.of(vpcId);
  return (table?.routes ?? []).some(({ destination, gatewayId }) => {
    const range = parseCidr(destination);
    return range !== undefined && address !== undefined && includesAddress(range, address) && gateways.some(({ id }) => id === gatewayId);
  });
}
