import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { isatty } from 'node:tty';
import { clientNotRun } from './client.ts';

/** What to open a session with. */
export interface SshSession {
  /** The file for `ssh -F`. */
  readonly sshConfig: string;
  /** Its host. */
  readonly name: string;
  /** Options for ssh, each as in `ssh -o`. */
  readonly options: readonly string[];
  /** The words after the host: a remote command; none for a shell. */
  readonly words: readonly string[];
  /** Where to begin, as a shell writes it; the home if it is not given, or not there. */
  readonly folder?: string;
}

/** The exit code of ssh where it fails itself. */
export const sshFailed = 255;

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs the system's ssh on this process's own input, output and terminal until it ends. A signal to this process ends ssh too.
 *
 * @returns the exit code of the remote command, 255 where ssh fails, or 128 and the number of the signal that ended it
 * @throws RecodeError SshClientMissing, SshClientFails where ssh cannot be run
 */
export function runSession({ sshConfig, name, options, words, folder }: SshSession): Promise<number> {
  // For a command, ssh makes no terminal by itself. In a terminal, an editor or a pager needs one.
  const shell = words.length === 0;
  const command = folder === undefined ? words : [`cd ${folder} 2>/dev/null;`, ...(shell ? ['exec "${SHELL:-/bin/sh}" -l'] : words)];
  const terminal = command.length > 0 && isatty(0) && (shell || isatty(1)) ? ['-t'] : [];
  const args = ['-F', sshConfig, ...options.flatMap((option) => ['-o', option]), ...terminal, name, ...command];
  return sessionEnd(spawn('ssh', args, { stdio: 'inherit' }), 'ssh');
}

/**
 * Waits for the end of a program of OpenSSH. A signal to this process ends it too.
 *
 * @returns its exit code, or 128 and the number of the signal that ended it
 * @throws RecodeError SshClientMissing, SshClientFails where it cannot be run
 */
export function sessionEnd(child: ChildProcess, program: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let received: NodeJS.Signals | undefined;
    const forward = (signal: NodeJS.Signals) => {
      received = signal;
      child.kill(signal);
    };
    for (const signal of signals) process.on(signal, forward);
    const forget = () => {
      for (const signal of signals) process.off(signal, forward);
    };
    child.once('error', (error: NodeJS.ErrnoException) => {
      forget();
      reject(clientNotRun(program, error));
    });
    child.once('close', (code, killedBy) => {
      forget();
      // At a signal, ssh exits with its own code for a failure, or with 0 where there is no session, only forwarding.
      const signal = killedBy ?? (code === sshFailed || code === 0 ? received : undefined);
      resolve(signal ? 128 + constants.signals[signal] : (code ?? sshFailed));
    });
  });
}
