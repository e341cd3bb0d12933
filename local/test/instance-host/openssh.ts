import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Clock, createClock } from '../../src/clock.ts';
import { type BootingInstance, createInstanceHost, type InstanceHost } from '../../src/instance-host/instance-host.ts';

const run = promisify(execFile);

/** A folder with an instance host, and the keys of a user with the OpenSSH client of the system. */
export interface Workbench extends AsyncDisposable {
  readonly directory: string;
  readonly host: InstanceHost;
  readonly clock: Clock;
  readonly userKey: KeyFile;
  readonly hostKey: KeyFile;
}

export interface KeyFile {
  readonly path: string;
  readonly publicKey: string;
}

export async function openWorkbench(): Promise<Workbench> {
  const directory = mkdtempSync(join(tmpdir(), 'instance-test-'));
  chmodSync(directory, 0o700);
  const clock = createClock();
  const host = createInstanceHost({ stateDirectory: directory, clock });
  return {
    directory,
    host,
    clock,
    userKey: await makeKey(join(directory, 'user-key')),
    hostKey: await makeKey(join(directory, 'host-key')),
    async [Symbol.asyncDispose]() {
      await host.stop();
      clock.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export async function makeKey(path: string, type = 'ed25519'): Promise<KeyFile> {
  await run('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', '', '-f', path]);
  return { path, publicKey: readFileSync(`${path}.pub`, 'utf8').trim() };
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Cloud-config with the workbench's host key, and a user with the workbench's key. */
export function cloudConfig({ userKey, hostKey }: Workbench, user: string, port: number, extraKeys: readonly string[] = []): Buffer {
  const indented = readFileSync(hostKey.path, 'utf8').trimEnd().replaceAll('\n', '\n    ');
  return Buffer.from(`#cloud-config
bootcmd:
  - |
    mkdir -p /etc/ssh/sshd_config.d
    printf 'Port ${port}\\nPasswordAuthentication no\\n' > /etc/ssh/sshd_config.d/10-port.conf
    if systemctl is-enabled --quiet ssh.socket; then
      systemctl disable --now ssh.socket
    fi
ssh_keys:
  ed25519_private: |
    ${indented}
  ed25519_public: ${hostKey.publicKey}
users:
  - name: ${user}
    shell: /bin/bash
    sudo: ALL=(ALL) NOPASSWD:ALL
    ssh_authorized_keys: ${JSON.stringify([userKey.publicKey, ...extraKeys])}
`);
}

/** An instance that nothing surrounds: everybody is admitted, and nobody notices when it shuts down. */
export const alone = { admits: () => true, poweredOff: () => {} };

/** A booted instance, and options for OpenSSH's programs that trust only its host key. */
export interface Booted {
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly options: readonly string[];
}

export async function bootInstance(
  bench: Workbench,
  given: {
    userData?: (port: number) => Buffer;
    id?: string;
    keyPair?: string;
    admits?: BootingInstance['admits'];
    poweredOff?: () => void;
  } = {},
): Promise<Booted> {
  const port = await freePort();
  // With its own ID, because a halt kills all processes with the ID of the instance.
  const id = given.id ?? `i-${randomBytes(9).toString('hex').slice(1)}`;
  const userData = given.userData?.(port) ?? cloudConfig(bench, 'dev', port);
  const address = await bench.host.reserveAddress(userData);
  const keyPair = given.keyPair === undefined ? {} : { keyPair: given.keyPair };
  const { admits = alone.admits, poweredOff = alone.poweredOff } = given;
  await bench.host.boot({ id, address, userData, admits, poweredOff, ...keyPair });
  return { id, address, port, options: clientOptions(bench, address, port) };
}

export function clientOptions(bench: Workbench, address: string, port: number): string[] {
  const knownHosts = join(bench.directory, 'known_hosts');
  writeFileSync(knownHosts, `[${address}]:${port} ${bench.hostKey.publicKey}\n`);
  const settings = {
    UserKnownHostsFile: knownHosts,
    GlobalKnownHostsFile: '/dev/null',
    StrictHostKeyChecking: 'yes',
    IdentitiesOnly: 'yes',
    IdentityAgent: 'none',
    BatchMode: 'yes',
    Port: port,
    ConnectTimeout: 10,
    LogLevel: 'ERROR',
  };
  return ['-F', '/dev/null', '-i', bench.userKey.path, ...Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`])];
}

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program until it ends, with any exit code. */
export function program(
  name: string,
  args: readonly string[],
  given: { input?: string; variables?: NodeJS.ProcessEnv } = {},
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(name, args, { stdio: 'pipe', env: { ...process.env, ...given.variables } });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data) => (stdout += data));
    child.stderr.on('data', (data) => (stderr += data));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
    // A program may end before it has read its input.
    child.stdin.on('error', () => child.stdin.destroy());
    child.stdin.end(given.input ?? '');
  });
}

export const ssh = (
  booted: Booted,
  command: readonly string[],
  given: { user?: string; options?: readonly string[]; input?: string } = {},
) =>
  program(
    'ssh',
    // OpenSSH uses the first of two options.
    [...(given.options ?? []), ...booted.options, `${given.user ?? 'dev'}@${booted.address}`, ...command],
    given.input === undefined ? {} : { input: given.input },
  );
