import { createHash, randomInt } from 'node:crypto';
import { appendFileSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import ssh2 from 'ssh2';
import * as v from 'valibot';
import { storageFailure } from '../storage.ts';
import { ensureFolder, openStore, replaceFile } from '../store.ts';
import { BootRefused, replaceContents } from './boot-commands.ts';
import { type BootedSystem, bootSystem } from './cloud-init.ts';
import { type Host, serveConnection } from './connection.ts';
import { Disk, diskOf } from './disk.ts';
import { killProcesses } from './processes.ts';
import { runSudo, type Sudone } from './sudo.ts';
import { installSudo, profile, type SudoProgram } from './sudo-program.ts';

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
  sudo?: SudoProgram;
  halted: boolean;
}

const addressesToTry = 5;
const consoleBytes = 64 * 1024;

/** A host with the files of its instances in the state directory. Throws `StateDamaged` for a disk that cannot be read. */
export function createInstanceHost({ stateDirectory }: { readonly stateDirectory: string }): InstanceHost {
  const machines = new Map<string, Machine>();
  ensureFolder(join(stateDirectory, 'instances'), 0o700);
  const folderOf = (instanceId: string) => join(stateDirectory, 'instances', instanceId);
  const store = openStore(stateDirectory);
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
      machine.sudo?.close();
      for (const socket of machine.sockets) socket.destroy();
      await Promise.all(machine.listeners.map(closed));
    }
    await killProcesses(instanceId);
  }

  /** Runs `sudo` for a user of a booted instance. What it changes is on the disk before it is there. */
  function becomeRoot(instanceId: string, { users, hostKeys, system }: BootedSystem, args: readonly string[], name: string): Sudone {
    const user = users.find((each) => each.name === name);
    if (!user) throw new Error(`Instance ${instanceId} has no user ${name}`);
    const done = runSudo(args, user, system);
    if (!done.system) return done;
    try {
      store.write(diskFile(instanceId), diskOf(done.system, users, hostKeys));
    } catch (error) {
      return { code: 1, stdout: '', stderr: `sudo: ${(error as Error).message}\n` };
    }
    replaceContents(system, done.system);
    return done;
  }

  return {
    async reserveAddress(userData, instanceId) {
      const ports = portsOf(userData, instanceId === undefined ? undefined : readDisk(instanceId));
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
      const machine: Machine = { listeners: [], sockets: new Set(), halted: false };
      machines.set(id, machine);
      // They are left from an embedded AWS that was killed.
      await killProcesses(id);
      const booted = tryToBoot(instance, readDisk(id), (line) => print(id, line));
      if (!booted || machine.halted) return false;

      const { users, sshd, system } = booted;
      const hostKeys = booted.hostKeys.length > 0 ? booted.hostKeys : [keeping(() => ownHostKey(folderOf(id)))];
      const sudo = keeping(() =>
        installSudo(
          folderOf(id),
          users.map(({ name }) => name),
          (args, user) => becomeRoot(id, booted, args, user),
        ),
      );
      machine.sudo = sudo;
      const host: Host = {
        instanceId: id,
        address,
        users,
        sshd,
        system,
        homeOf: (user) => join(folderOf(id), 'home', user),
        binOf: sudo.binOf,
      };
      for (const user of users) keeping(() => makeHome(host.homeOf(user.name), user.authorizedKeys));
      // At last, because a boot that is interrupted before is not the first one.
      keeping(() => store.write(diskFile(id), diskOf(system, users, booted.hostKeys)));
      try {
        machine.listeners.push(...(await listenAll(address, sshd.ports)));
      } catch (error) {
        machines.delete(id);
        sudo.close();
        print(id, `sshd: Bind to ${address} failed: ${reasonOf(error)}`);
        throw new AddressUnavailable(`The address ${address} of instance ${id} is no longer free: ${reasonOf(error)}`);
      }
      if (machine.halted) {
        await Promise.all(machine.listeners.map(closed));
        return false;
      }
      for (const listener of machine.listeners) answerOn(listener, machine, host, hostKeys, instance.admits);
      for (const line of greeting(host, hostKeys)) print(id, line);
      return true;
    },

    halt,
    erase(instanceId) {
      for (const folder of ['home', 'bin']) rmSync(join(folderOf(instanceId), folder), { recursive: true, force: true });
      for (const file of ['ssh_host_ed25519_key', 'disk.json', 'sudo.cjs']) rmSync(join(folderOf(instanceId), file), { force: true });
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
    },
  };
}

/** From 127.64.0.1 to 127.127.255.254, away from localhost and the local DNS resolvers. */
const randomAddress = () => `127.${randomInt(64, 128)}.${randomInt(0, 256)}.${randomInt(1, 255)}`;

function portsOf(userData: Uint8Array, disk: Disk | undefined): readonly number[] {
  try {
    return bootSystem(userData, undefined, disk).sshd.ports;
  } catch (error) {
    // It will never listen. Its boot says why.
    if (error instanceof BootRefused) return [];
    throw error;
  }
}

function tryToBoot(
  { userData, keyPair }: BootingInstance,
  disk: Disk | undefined,
  print: (line: string) => void,
): BootedSystem | undefined {
  print('cloud-init: running');
  try {
    const system = bootSystem(userData, keyPair, disk);
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
    serveConnection(client, host, { address: ip, port }, { address: host.address, port: ownPort });
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

/** Creates a home folder at the first boot, like useradd and cloud-init. Later boots do not change it. */
function makeHome(home: string, authorizedKeys: readonly string[]): void {
  if (existsSync(home)) return;
  // As a whole: without the keys, nobody could ever connect.
  const next = `${home}.next`;
  for (const folder of [dirname(home), next, join(next, '.ssh')]) ensureFolder(folder, 0o700);
  const file = join(next, '.ssh/authorized_keys');
  writeFileSync(file, authorizedKeys.map((key) => `${key.trim()}\n`).join(''), { mode: 0o600 });
  writeFileSync(join(next, '.profile'), profile, { mode: 0o644 });
  renameSync(next, home);
}

function ownHostKey(folder: string): string {
  const file = join(folder, 'ssh_host_ed25519_key');
  if (!existsSync(file)) replaceFile(file, newHostKey(), 0o600);
  return readFileSync(file, 'utf8');
}

/** For one key in 256, ssh2 drops the leading zero byte of the public key, and then cannot read the pair. */
function newHostKey(): string {
  for (;;) {
    const { private: key } = ssh2.utils.generateKeyPairSync('ed25519');
    if (!(ssh2.utils.parseKey(key) instanceof Error)) return key;
  }
}

function* greeting({ instanceId, address, sshd }: Host, hostKeys: readonly string[]): Generator<string> {
  const keys = hostKeys.map((text) => {
    const key = ssh2.utils.parseKey(text);
    if (key instanceof Error) throw key;
    return { type: key.type, blob: key.getPublicSSH() };
  });
  yield '-----BEGIN SSH HOST KEY FINGERPRINTS-----';
  for (const { type, blob } of keys) yield `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')} (${type})`;
  yield '-----END SSH HOST KEY FINGERPRINTS-----';
  yield '-----BEGIN SSH HOST KEY KEYS-----';
  for (const { type, blob } of keys) yield `${type} ${blob.toString('base64')}`;
  yield '-----END SSH HOST KEY KEYS-----';
  for (const port of sshd.ports) yield `sshd: Server listening on ${address} port ${port}.`;
  yield `${instanceId} login:`;
}
