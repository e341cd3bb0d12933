import { spawn } from 'node:child_process';
import { RecodeError } from '../../core/errors.ts';

/** How a program of OpenSSH has ended. */
export interface Ended {
  /** Null where it was killed. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

// An SSH server that accepts the connection and then says nothing more.
const mostMilliseconds = 30_000;

/**
 * Runs a program of the system's OpenSSH client without a terminal or input.
 *
 * @param timeout after which it is killed, in milliseconds
 * @throws RecodeError SshClientMissing, SshClientFails where it cannot be run
 */
export function runOpenSsh(program: 'ssh' | 'ssh-add', options: readonly string[], timeout = mostMilliseconds): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, options, { stdio: ['ignore', 'pipe', 'pipe'], timeout });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      reject(clientNotRun(program, error));
    });
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** Why a program of OpenSSH could not be run. */
export function clientNotRun(program: string, error: NodeJS.ErrnoException): RecodeError {
  if (error.code === 'ENOENT') return new RecodeError('SshClientMissing', `There is no "${program}" on the PATH.`, { cause: error });
  return new RecodeError('SshClientFails', `"${program}" cannot be run: ${error.message}.`);
}

/**
 * Makes sure that the system has an OpenSSH client which runs for this user.
 *
 * @param timeout as for `runOpenSsh`
 * @returns what it says of its version
 * @throws RecodeError SshClientMissing, UserNotKnown, SshClientFails
 */
export async function requireSshClient(timeout?: number): Promise<string> {
  const { code, stderr } = await runOpenSsh('ssh', ['-V'], timeout);
  if (code === 0) return stderr.trim();
  throw userNotKnown(stderr) ?? new RecodeError('SshClientFails', `"ssh -V" fails: ${lastLine(stderr) || `exit code ${code}`}`);
}

/** OpenSSH looks up who runs it before anything else. */
function userNotKnown(said: string): RecodeError | undefined {
  const [, uid] = /No user exists for uid (\d+)/i.exec(said) ?? [];
  if (uid === undefined) return undefined;
  return new RecodeError('UserNotKnown', `ssh does not run for the user ID ${uid}, because the system has no user with that ID.`, {
    fix: `useradd --uid ${uid} --no-create-home dev`,
  });
}

/** The last line of what a program has printed. */
export const lastLine = (text: string): string => text.trim().split('\n').at(-1)?.trim() ?? '';
