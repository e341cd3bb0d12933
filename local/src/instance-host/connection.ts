import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import ssh2, { type AuthContext, type Connection, type ParsedKey, type ServerChannel, type Session } from 'ssh2';
import { type ForwardedAgent, forwardAgent } from './agent.ts';
import type { InstanceUser } from './disk.ts';
import { instanceVariable } from './processes.ts';
import { serveSftp } from './sftp.ts';
import { type SessionProcess, startProcess, type Terminal } from './shell.ts';
import type { SshdSettings } from './sshd-config.ts';
import { absolute, type SystemFiles } from './system-files.ts';

/** The instance of a connection. */
export interface Host {
  readonly instanceId: string;
  readonly address: string;
  readonly users: readonly InstanceUser[];
  readonly sshd: SshdSettings;
  /** Its files outside the home folders. */
  readonly system: SystemFiles;
  /** The open connections of users. */
  readonly connections: Set<UserConnection>;
  homeOf(user: string): string;
  /** The folder with the programs of a user that hide those of this machine. */
  binOf(user: string): string;
}

/** A connection of a user, as a process of sshd that serves it would look. */
export interface UserConnection {
  readonly user: string;
  readonly sessions: Set<Pick<SessionProcess, 'terminal'>>;
  readonly traffic: Traffic;
}

/** How many bytes have come and gone. */
export interface Traffic {
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** Serves one SSH connection: public-key authentication, then sessions and forwarding. `from` and `to` are the ends of the TCP connection. */
export function serveConnection(client: Connection, host: Host, from: Peer, to: Peer, traffic: Traffic): void {
  let user: InstanceUser | undefined;
  const sessions: UserConnection['sessions'] = new Set();
  let agent: ForwardedAgent | undefined;
  const agentSocket = () => {
    agent ??= forwardAgent(client);
    return agent.socketPath;
  };
  client.on('authentication', (context) => {
    user = authenticate(context, host);
    if (user) context.accept();
    else context.reject(['publickey']);
  });
  client.on('ready', () => {
    if (!user) return;
    const connection = { user: user.name, sessions, traffic };
    host.connections.add(connection);
    client.on('close', () => host.connections.delete(connection));
  });
  client.on('session', (accept) => {
    if (user) serveSession(accept(), host, user, baseEnvironment(host, user, from, to), agentSocket, sessions);
  });
  client.on('tcpip', (accept, reject, { destIP, destPort }) => {
    if (!host.sshd.tcpForwarding || !isOwn(destIP, host.address) || destPort < 1 || destPort > 65_535) return reject?.();
    const socket = connect(destPort, destIP);
    socket.once('error', () => reject?.());
    socket.once('connect', () => {
      const channel = accept();
      // Either end may close at any time. Then the other one closes, too.
      pipeline(socket, channel, socket, () => socket.destroy());
    });
  });
  // If a client breaks off or does not speak SSH, only its own connection ends.
  client.on('error', () => client.end());
  client.on('close', () => agent?.close());
}

export interface Peer {
  readonly address: string;
  readonly port: number;
}

/** Forwarding reaches only the instance itself, not the network of the machine. */
const isOwn = (destination: string, address: string) => ['localhost', '127.0.0.1', '::1', address].includes(destination);

function authenticate(context: AuthContext, host: Host): InstanceUser | undefined {
  const user = host.users.find(({ name }) => name === context.username);
  if (context.method !== 'publickey' || !user || (user.name === 'root' && !host.sshd.rootLogin)) return undefined;
  const { key, signature, blob, hashAlgo } = context;
  const known = authorizedKeys(user, host).find((candidate) => candidate.getPublicSSH().equals(key.data));
  if (!known) return undefined;
  // Without a signature, the client only asks whether the key is acceptable.
  if (signature === undefined || blob === undefined) return user;
  return known.verify(blob, signature, hashAlgo) === true ? user : undefined;
}

/** Like sshd, reads the files at every login, so that a user can add keys. */
function authorizedKeys({ name }: InstanceUser, { sshd, system, homeOf }: Host): ParsedKey[] {
  const home = `/home/${name}/`;
  return sshd.authorizedKeysFiles
    .map((pattern) => absolute(pattern.replaceAll('%u', name).replace(/^(?!\/)/, home)))
    .map((path) => (path.startsWith(home) ? textOf(join(homeOf(name), path.slice(home.length))) : (system.files.get(path) ?? '')))
    .flatMap((text) => text.split('\n'))
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .flatMap((line) => {
      const key = ssh2.utils.parseKey(line);
      return key instanceof Error ? [] : [key];
    });
}

const textOf = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : '');

function baseEnvironment({ instanceId, homeOf, binOf }: Host, { name, shell }: InstanceUser, from: Peer, to: Peer): Record<string, string> {
  return {
    PATH: `${binOf(name)}:${process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin'}`,
    LANG: 'C.UTF-8',
    HOME: homeOf(name),
    USER: name,
    LOGNAME: name,
    SHELL: shell,
    SSH_CLIENT: `${from.address} ${from.port} ${to.port}`,
    SSH_CONNECTION: `${from.address} ${from.port} ${to.address} ${to.port}`,
    [instanceVariable]: instanceId,
  };
}

function serveSession(
  session: Session,
  host: Host,
  user: InstanceUser,
  environment: Record<string, string>,
  agentSocket: () => string,
  sessions: UserConnection['sessions'],
): void {
  const home = host.homeOf(user.name);
  const accepted = host.sshd.acceptEnv.map((pattern) => new RegExp(`^${pattern.replace(/[^\w*]/g, '').replaceAll('*', '\\w*')}$`));
  let terminal: Terminal | undefined;
  let running: SessionProcess | undefined;

  session.on('env', (accept, reject, { key, val }) => {
    if (!accepted.some((pattern) => pattern.test(key))) return reject?.();
    environment[key] = val;
    accept?.();
  });
  session.on('auth-agent', (accept, reject) => {
    if (!host.sshd.agentForwarding) return reject?.();
    environment.SSH_AUTH_SOCK = agentSocket();
    accept?.();
  });
  session.on('pty', (accept, _reject, info) => {
    terminal = { type: ('term' in info && String(info.term)) || 'xterm', columns: info.cols || 80, rows: info.rows || 24 };
    accept?.();
  });
  session.on('window-change', (accept, _reject, { cols, rows }) => {
    if (terminal) Object.assign(terminal, { columns: cols, rows });
    running?.resize(cols, rows);
    accept?.();
  });
  session.on('signal', (accept, _reject, { name }) => {
    running?.signal(name);
    accept?.();
  });
  const start = (command: string | undefined, channel: ServerChannel) => {
    try {
      const started = startProcess({ shell: user.shell, home, environment }, command, terminal, channel);
      running = started;
      sessions.add(started);
      channel.on('close', () => sessions.delete(started));
    } catch (error) {
      // For example, no pseudo-terminal is left. Only this session fails.
      channel.stderr.write(`${(error as Error).message}\n`);
      channel.exit(1);
      channel.end();
    }
    channel.on('close', () => running?.hangUp());
  };
  session.on('exec', (accept, _reject, { command }) => start(command, accept()));
  session.on('shell', (accept) => start(undefined, accept()));
  session.on('sftp', (accept) => serveSftp(accept(), home));
}
