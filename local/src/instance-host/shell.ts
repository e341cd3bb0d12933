import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { type IPty, spawn as spawnTerminal } from '@lydell/node-pty';
import type { ServerChannel } from 'ssh2';
import { kill } from './processes.ts';

/** The user of a session. */
export interface Login {
  readonly shell: string;
  readonly home: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface Terminal {
  readonly type: string;
  columns: number;
  rows: number;
}

/** The running process of a session. */
export interface SessionProcess {
  /** The name of the terminal below /dev; undefined if there is none. */
  readonly terminal: string | undefined;
  /** Resizes the terminal, if there is one. */
  resize(columns: number, rows: number): void;
  /** Sends a signal, for example `INT`, to the process and its group. */
  signal(name: string): void;
  /** The client is gone. */
  hangUp(): void;
}

/** Runs a command, or a login shell, and connects it with an SSH channel: input, output, exit code or signal. */
export function startProcess(
  login: Login,
  command: string | undefined,
  terminal: Terminal | undefined,
  channel: ServerChannel,
): SessionProcess {
  const args = command === undefined ? ['-l'] : ['-c', command];
  return terminal ? withTerminal(login, args, terminal, channel) : withPipes(login, args, channel);
}

function withTerminal(login: Login, args: string[], terminal: Terminal, channel: ServerChannel): SessionProcess {
  const pty: IPty = spawnTerminal(login.shell, args, {
    name: terminal.type,
    cols: terminal.columns,
    rows: terminal.rows,
    cwd: login.home,
    env: { ...login.environment, TERM: terminal.type },
    // One character per byte, so that bytes pass unchanged.
    encoding: 'latin1',
  });
  let running = true;
  pty.onData((data) => {
    if (channel.writable && !channel.write(Buffer.from(data, 'latin1'))) pty.pause();
  });
  channel.on('drain', () => pty.resume());
  channel.on('data', (data: Buffer) => pty.write(data.toString('latin1')));
  pty.onExit(({ exitCode, signal }) => {
    running = false;
    leave(channel, exitCode, signal ? signalName(signal) : undefined);
  });
  // node-pty has the path, but its types lack it.
  const { ptsName } = pty as unknown as { readonly ptsName: string };
  return {
    terminal: ptsName.replace(/^\/dev\//, ''),
    resize: (columns, rows) => {
      if (running) pty.resize(Math.max(1, columns), Math.max(1, rows));
    },
    signal: (name) => {
      if (running) kill(-pty.pid, asSignal(name));
    },
    hangUp: () => {
      if (running) pty.kill('SIGHUP');
    },
  };
}

function withPipes(login: Login, args: string[], channel: ServerChannel): SessionProcess {
  const child = spawn(login.shell, args, {
    cwd: login.home,
    env: login.environment,
    stdio: 'pipe',
    // In its own process group, so that signals reach all of it.
    detached: true,
  });
  child.once('error', (error) => {
    channel.stderr.write(`${login.shell}: ${error.message}\n`);
    leave(channel, 127, undefined);
  });
  channel.pipe(child.stdin);
  // A command may end or close its input before it has read everything.
  child.stdin.on('error', () => channel.unpipe(child.stdin));
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });
  child.once('close', (code, signal) => {
    if (child.pid !== undefined) leave(channel, code ?? 0, signal ?? undefined);
  });
  return {
    terminal: undefined,
    resize: () => {},
    signal: (name) => {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) kill(-child.pid, asSignal(name));
    },
    // As with sshd, a command without a terminal continues until it reads or writes.
    hangUp: () => {
      child.stdin.end();
      child.stdout.destroy();
      child.stderr.destroy();
    },
  };
}

/** Reports how the process ended, after all its output. */
function leave(channel: ServerChannel, code: number, signal: NodeJS.Signals | undefined): void {
  channel.stderr.end(() => {
    if (signal) channel.exit(signal.replace(/^SIG/, ''), false, '');
    else channel.exit(code);
    channel.end();
  });
}

function asSignal(name: string): NodeJS.Signals {
  const signal = `SIG${name}`;
  return isSignal(signal) ? signal : 'SIGTERM';
}

const isSignal = (name: string): name is NodeJS.Signals => name in constants.signals;

function signalName(number: number): NodeJS.Signals {
  const name = Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? '';
  return isSignal(name) ? name : 'SIGKILL';
}
