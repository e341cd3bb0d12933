import { randomInt } from 'node:crypto';
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import * as v from 'valibot';
import type { Clock } from '../clock.ts';
import { storageFailure } from '../storage.ts';
import { ensureFolder, openStore } from '../store.ts';
import { type BootedSystem, bootSystem } from './cloud-init.ts';
import { type Host, serveConnection, type UserConnection } from './connection.ts';
import { Disk, diskOf, type InstanceUser } from './disk.ts';
import { makeHome } from './home.ts';
import { greeting, ownHostKey } from './host-key.ts';
import { kernelView } from './kernel-view.ts';
import { killProcesses, usageMeter } from './processes.ts';
import { binOf, clientFile, openPrograms } from './programs.ts';
import { openRootFolder } from './root-folder.ts';
import { runService } from './service.ts';
import { createSnapshots } from './snapshots.ts';
import { interactiveOnly, runSudo, type Sudone } from './sudo.ts';
import { BootRefused, replaceContents } from './system-files.ts';
import { openTurns, type RunningTimer, startTimer } from './timer.ts';
import { readTimer, type Timer } from './units.ts';

/** An instance to boot. */
export interface BootingInstance {
  readonly id: string;
  /** An address in the loopback network of this machine, from `reserveAddress`. */
  readonly address: string;
  readonly userData: Uint8Array;
  /** The public key of the launch's key pair, on one line. */
  readonly keyPair?: string;
  /** Whether the security groups allow a TCP connection. Called for each connection. */
  admits(remoteAddress: string, port: number): boolean;
  /** It has shut down by itself. Its processes still have to be halted. */
  poweredOff(): void;
}

/** No address is free for an instance. */
export class AddressUnavailable extends Error {
  override readonly name = 'AddressUnavailable';
}

/** The host of all instances: their SSH servers, files, processes and consoles. */
export interface InstanceHost {
  /**
   * Finds an address on which the SSH ports of this user data are free, for an instance that may have booted before.
   * Throws `AddressUnavailable`, which names the tried addresses.
   */
  reserveAddress(userData: Uint8Array, instanceId?: string): Promise<string>;
  /**
   * Boots an instance. Resolves to true when it answers on SSH, to false if it never will: its console says why.
   * Throws `AddressUnavailable` if its address is in use now.
   */
  boot(instance: BootingInstance): Promise<boolean>;
  /** Closes the SSH server of an instance and kills its processes, if it runs. */
  halt(instanceId: string): Promise<void>;
  /** Copies the files of a halted instance to a snapshot. Resolves to the bytes of the blocks that they take. */
  takeSnapshot(instanceId: string, snapshotId: string): Promise<number>;
  /** Copies the files of a snapshot to an instance that has not booted yet. */
  restoreSnapshot(snapshotId: string, instanceId: string): Promise<void>;
  /** Deletes a snapshot, if there is one. */
  discardSnapshot(snapshotId: string): void;
  /** Deletes the files of an instance, but not its console. */
  erase(instanceId: string): void;
  /** Deletes the console, too. */
  forget(instanceId: string): void;
  /** Adds a line to the console. */
  print(instanceId: string, line: string): void;
  /** The last 64 KiB of the console. Empty before the first boot. */
  consoleOutput(instanceId: string): string;
  /** Halts all instances. */
  stop(): Promise<void>;
}

interface Machine {
  readonly listeners: Server[];
  readonly sockets: Set<Socket>;
  readonly timers: RunningTimer[];
  halted: boolean;
}

const addressesToTry = 5;
const consoleBytes = 64 * 1024;

/** A host with the files of its instances in the state directory. Throws `StateDamaged` for a disk that cannot be read. */
export function createInstanceHost({ stateDirectory, clock }: { readonly stateDirectory: string; readonly clock: Clock }): InstanceHost {
  const machines = new Map<string, Machine>();
  ensureFolder(join(stateDirectory, 'instances'), 0o700);
  const folderOf = (instanceId: string) => join(stateDirectory, 'instances', instanceId);
  const laidOut = (instanceId: string) => join(folderOf(instanceId), 'root');
  const store = openStore(stateDirectory);
  const programs = openPrograms();
  const takeTurn = openTurns();
  const snapshots = createSnapshots(stateDirectory, folderOf);
  const diskFile = (instanceId: string) => join('instances', instanceId, 'disk.json');
  const readDisk = (instanceId: string) => store.read(diskFile(instanceId), (json) => v.parse(Disk, json));
  const consoleOf = (instanceId: string) => join(folderOf(instanceId), 'console.log');
  // A damaged one is told now, and not by an instance that does not boot.
  for (const entry of readdirSync(join(stateDirectory, 'instances'), { withFileTypes: true })) {
    if (entry.isDirectory()) readDisk(entry.name);
  }

  const keeping = <T>(write: () => T): T => {
    try {
      return write();
    } catch (error) {
      throw storageFailure(error, stateDirectory) ?? error;
    }
  };
  const write = (instanceId: string, line: string) => {
    ensureFolder(folderOf(instanceId), 0o700);
    appendFileSync(consoleOf(instanceId), `${line}\n`);
  };
  const print = (instanceId: string, line: string) => keeping(() => write(instanceId, line));

  async function halt(instanceId: string): Promise<void> {
    const machine = machines.get(instanceId);
    if (machine) {
      machines.delete(instanceId);
      machine.halted = true;
      for (const timer of machine.timers) timer.stop();
      programs.remove(instanceId);
      for (const socket of machine.sockets) socket.destroy();
      await Promise.all(machine.listeners.map(closed));
    }
    await killProcesses(instanceId);
    // Its files are taken over before it boots again or is erased.
    await Promise.all(machine?.timers.map((timer) => timer.ran()) ?? []);
  }

  /** Does the work of an instance's own program, for a user or root. What it changes is on the disk before it is there. */
  function runProgram({ id, poweredOff }: BootingInstance, machine: Machine, booted: BootedSystem, asked: Asked): Sudone {
    const { users, hostKeys, system } = booted;
    const user = [root, ...users].find(({ name }) => name === asked.user);
    if (!user) throw new Error(`Instance ${id} has no user ${asked.user}`);
    if (asked.program === 'systemctl' && user !== root) return interactiveOnly;
    const done = runSudo(asked.program === 'systemctl' ? ['systemctl', ...asked.args] : asked.args, user, system);
    if (!done.system) return done;
    try {
      store.write(diskFile(id), diskOf(done.system, users, hostKeys, id));
    } catch (error) {
      return { code: 1, stdout: '', stderr: `sudo: ${(error as Error).message}\n`, powersOff: false };
    }
    replaceContents(system, done.system);
    if (done.powersOff) {
      // A service that asks for it ends before.
      void Promise.all(machine.timers.map((timer) => timer.ran())).then(() => {
        if (!machine.halted) poweredOff();
      });
    }
    return done;
  }

  /** Starts the timers that a boot has started. */
  function startTimers({ system, users, hostKeys }: BootedSystem, host: Host): RunningTimer[] {
    const { instanceId, connections } = host;
    const bootedAt = clock.now();
    const usage = usageMeter(instanceId);
    const files = openRootFolder(laidOut(instanceId));
    // Each connection has its process ID as long as it is open.
    const pids = new WeakMap<UserConnection, number>();
    let lastPid = 1;
    const pidOf = (connection: UserConnection) => {
      const pid = pids.get(connection) ?? ++lastPid;
      pids.set(connection, pid);
      return pid;
    };
    const run = async ({ name, script }: Timer) => {
      const processes = new Map([...connections].map((connection) => [pidOf(connection), connection]));
      const kernel = kernelView({ bootedAt, now: clock.now(), connections: processes, ...usage() });
      const { output, diskChanged } = await runService(script, { instanceId, system, root: files, bin: host.binOf(root.name) }, kernel);
      if (output !== '') print(instanceId, `${name}: ${output}`);
      if (diskChanged) keeping(() => store.write(diskFile(instanceId), diskOf(system, users, hostKeys, instanceId)));
    };
    return [...system.timers].map((unit) => {
      const timer = readTimer(system, unit);
      return startTimer(timer, clock, takeTurn, () => run(timer));
    });
  }

  return {
    async reserveAddress(userData, instanceId) {
      const ports = portsOf(userData, instanceId, instanceId === undefined ? undefined : readDisk(instanceId));
      const failures: string[] = [];
      while (failures.length < addressesToTry) {
        const address = randomAddress();
        try {
          await Promise.all((await listenAll(address, ports)).map(closed));
          return address;
        } catch (error) {
          failures.push(`${address} (${reasonOf(error)})`);
        }
      }
      throw new AddressUnavailable(
        `No address of this machine is free for an SSH server on port ${ports.join(' and ')}. Tried ${failures.join(', ')}. Stop the program that listens there on all addresses, then start again.`,
      );
    },

    async boot(instance) {
      const { id, address } = instance;
      if (machines.has(id)) throw new Error(`Instance ${id} is running already`);
      const machine: Machine = { listeners: [], sockets: new Set(), timers: [], halted: false };
      machines.set(id, machine);
      // They are left from an embedded AWS that was killed.
      await killProcesses(id);
      rmSync(laidOut(id), { recursive: true, force: true });
      const booted = tryToBoot(instance, readDisk(id), (line) => print(id, line));
      if (!booted || machine.halted) return false;

      const { users, sshd, system } = booted;
      const hostKeys = booted.hostKeys.length > 0 ? booted.hostKeys : [keeping(() => ownHostKey(folderOf(id)))];
      keeping(() =>
        programs.install(id, folderOf(id), [...new Set([root, ...users].map(({ name }) => name))], (program, args, user) =>
          runProgram(instance, machine, booted, { program, args, user }),
        ),
      );
      const host: Host = {
        instanceId: id,
        address,
        users,
        sshd,
        system,
        connections: new Set(),
        homeOf: (user) => join(folderOf(id), 'home', user),
        binOf: (user) => binOf(folderOf(id), user),
      };
      for (const user of users) keeping(() => makeHome(host.homeOf(user.name), user.authorizedKeys));
      // At last, because a boot that is interrupted before is not the first one.
      keeping(() => store.write(diskFile(id), diskOf(system, users, booted.hostKeys, id)));
      try {
        machine.listeners.push(...(await listenAll(address, sshd.ports)));
      } catch (error) {
        machines.delete(id);
        programs.remove(id);
        print(id, `sshd: Bind to ${address} failed: ${reasonOf(error)}`);
        throw new AddressUnavailable(`The address ${address} of instance ${id} is no longer free: ${reasonOf(error)}`);
      }
      if (machine.halted) {
        await Promise.all(machine.listeners.map(closed));
        return false;
      }
      for (const listener of machine.listeners) answerOn(listener, machine, host, hostKeys, instance.admits);
      for (const line of greeting(host, hostKeys)) print(id, line);
      machine.timers.push(...startTimers(booted, host));
      return true;
    },

    halt,
    takeSnapshot: snapshots.take,
    restoreSnapshot: snapshots.restore,
    discardSnapshot: snapshots.discard,
    erase(instanceId) {
      for (const folder of ['home', 'bin', 'root']) rmSync(join(folderOf(instanceId), folder), { recursive: true, force: true });
      for (const file of ['ssh_host_ed25519_key', 'disk.json', clientFile]) rmSync(join(folderOf(instanceId), file), { force: true });
    },
    forget(instanceId) {
      rmSync(folderOf(instanceId), { recursive: true, force: true });
    },
    print,
    consoleOutput(instanceId) {
      if (!existsSync(consoleOf(instanceId))) return '';
      return readFileSync(consoleOf(instanceId)).subarray(-consoleBytes).toString('utf8');
    },
    async stop() {
      await Promise.all([...machines.keys()].map(halt));
      programs.close();
    },
  };
}

/** What a program of an instance was asked to do. */
interface Asked {
  readonly program: 'sudo' | 'systemctl';
  readonly args: readonly string[];
  readonly user: string;
}

const root: InstanceUser = { name: 'root', shell: '/bin/bash', sudo: true, authorizedKeys: [] };

/** From 127.64.0.1 to 127.127.255.254, away from localhost and the local DNS resolvers. */
const randomAddress = () => `127.${randomInt(64, 128)}.${randomInt(0, 256)}.${randomInt(1, 255)}`;

function portsOf(userData: Uint8Array, instanceId = '', disk: Disk | undefined): readonly number[] {
  try {
    return bootSystem(userData, undefined, instanceId, disk).sshd.ports;
  } catch (error) {
    // It will never listen. Its boot says why.
    if (error instanceof BootRefused) return [];
    throw error;
  }
}

function tryToBoot(
  { id, userData, keyPair }: BootingInstance,
  disk: Disk | undefined,
  print: (line: string) => void,
): BootedSystem | undefined {
  print('cloud-init: running');
  try {
    const system = bootSystem(userData, keyPair, id, disk);
    for (const line of system.log) print(line);
    return system;
  } catch (error) {
    if (!(error instanceof BootRefused)) throw error;
    print(error.message);
    print('This instance does not answer on SSH.');
    return undefined;
  }
}

/** Listens on all ports. If one fails, listens on none and throws. */
async function listenAll(address: string, ports: readonly number[]): Promise<Server[]> {
  const results = await Promise.allSettled(ports.map((port) => listening(address, port)));
  const servers = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failure = results.find((result) => result.status === 'rejected');
  if (!failure) return servers;
  await Promise.all(servers.map(closed));
  throw failure.reason;
}

const listening = (address: string, port: number) =>
  new Promise<Server>((resolve, reject) => {
    // Otherwise keystrokes and the small packets of the handshake would wait for each other.
    const server = createServer({ noDelay: true });
    server.once('error', reject);
    server.listen({ host: address, port, exclusive: true }, () => resolve(server));
  });

const closed = (server: Server) => new Promise<void>((resolve) => server.close(() => resolve()));

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return 'address already in use';
  if (code === 'EACCES') return 'permission denied: ports below 1024 need privileges';
  return message;
}

function answerOn(listener: Server, machine: Machine, host: Host, hostKeys: readonly string[], admits: BootingInstance['admits']): void {
  const ssh = new ssh2.Server({ hostKeys: [...hostKeys], ident: 'EmbeddedInstance' }, (client, { ip, port }) => {
    const { port: ownPort } = listener.address() as { port: number };
    const traffic = [...machine.sockets].find((socket) => socket.remotePort === port && socket.remoteAddress === ip) ?? noTraffic;
    serveConnection(client, host, { address: ip, port }, { address: host.address, port: ownPort }, traffic);
  });
  listener.on('connection', (socket) => {
    machine.sockets.add(socket);
    socket.once('close', () => machine.sockets.delete(socket));
    // A connection that is not admitted stays open, unanswered, until its client gives up.
    socket.on('error', () => socket.destroy());
    if (admits(socket.remoteAddress ?? '', socket.localPort ?? 0)) ssh.injectSocket(socket);
    else socket.resume();
  });
}

// Of a connection that has been closed at once.
const noTraffic = { bytesRead: 0, bytesWritten: 0 };
