import { randomInt } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { bootSystem } from '../../src/instance-host/cloud-init.ts';
import { AddressUnavailable, type BootingInstance, type InstanceHost } from '../../src/instance-host/instance-host.ts';

/** What goes on inside of instances, instead of their own programs. */
export interface InstanceModel {
  /** An instance has booted. */
  booted(instance: ModelledInstance): void;
  /** It has stopped or is stopping, also if it has powered itself off. */
  halted(instanceId: string): void;
}

export interface ModelledInstance {
  readonly id: string;
  /** What its user data has written, by absolute path. */
  readonly files: ReadonlyMap<string, string>;
  /** Powers it off, as its own program would. */
  powerOff(): void;
}

const sshPort = 2200;
const banner = 'SSH-2.0-ModelledInstance\r\n';
const addressesToTry = 20;

/**
 * A host of instances that have an address, on which they show that an SSH server is there, and the files that their user data has written
 * at this boot. They have no disk, run no program and let nobody in: a model says what happens in them. Hundreds fit a process.
 */
export function modelledInstances(model: InstanceModel): InstanceHost {
  const servers = new Map<string, Server>();
  const running = new Map<string, BootingInstance>();
  const sockets = new Set<Socket>();

  const answer = (address: string) => (socket: Socket) => {
    sockets.add(socket.once('close', () => sockets.delete(socket)).on('error', () => socket.destroy()));
    const instance = [...running.values()].find((one) => one.address === address);
    if (instance?.admits(socket.remoteAddress ?? '', sshPort)) socket.write(banner);
  };
  const listen = (address: string) =>
    new Promise<Server>((resolve, reject) => {
      const server = createServer(answer(address)).once('error', reject);
      server.listen({ host: address, port: sshPort, exclusive: true }, () => resolve(server));
    });
  const halt = async (instanceId: string): Promise<void> => {
    const instance = running.get(instanceId);
    if (!instance) return;
    running.delete(instanceId);
    servers.get(instance.address)?.close();
    servers.delete(instance.address);
    model.halted(instanceId);
  };

  return {
    async reserveAddress() {
      let failure: unknown;
      for (let tried = 0; tried < addressesToTry; tried++) {
        const address = `127.${randomInt(64, 128)}.${randomInt(0, 256)}.${randomInt(1, 255)}`;
        try {
          servers.set(address, await listen(address));
          return address;
        } catch (error) {
          failure = error;
        }
      }
      throw new AddressUnavailable(`No address of this machine is free: ${(failure as Error).message}`);
    },
    async boot(instance) {
      running.set(instance.id, instance);
      const { files } = bootSystem(instance.userData, instance.keyPair, instance.id).system;
      model.booted({ id: instance.id, files, powerOff: () => instance.poweredOff() });
      return true;
    },
    halt,
    takeSnapshot: async () => 0,
    restoreSnapshot: async () => undefined,
    discardSnapshot: () => undefined,
    erase: () => undefined,
    forget: () => undefined,
    print: (instanceId, line) => console.error(`${instanceId}: ${line}`),
    consoleOutput: () => '',
    async stop() {
      await Promise.all([...running.keys()].map(halt));
      for (const server of servers.values()) server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
