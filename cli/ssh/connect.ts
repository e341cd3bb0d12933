import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { RecodeError } from '../../core/errors.ts';

/** How long an instance may take to let the first connection in, in milliseconds. */
export interface Patience {
  readonly total: number;
  readonly pause: number;
}

// Without a network between, sshd refuses at once until cloud-init has started it; a minute after boot pam_nologin may still refuse.
const usual: Patience = { total: 120_000, pause: 1_000 };
const connectSeconds = 5;
// An SSH server that accepts the connection and then says nothing more.
const attemptMilliseconds = 30_000;

/** Throws RecodeError SshClientMissing where the system has no OpenSSH client. */
export async function requireSshClient(): Promise<void> {
  await runSsh(['-V']);
}

/**
 * Connects once with the system's own client and the settings that the printed command has, as the last proof that it works.
 *
 * @throws RecodeError SshHostKeyDiffers, SshKeyRefused at once; SshUnreachable when nothing else helped for two minutes
 */
export async function checkConnection(host: { sshConfig: string; name: string; address: string }, patience = usual): Promise<void> {
  const deadline = Date.now() + patience.total;
  for (;;) {
    const options = ['-F', host.sshConfig, '-o', 'BatchMode=yes', '-o', `ConnectTimeout=${connectSeconds}`];
    const { code, stderr } = await runSsh([...options, host.name, 'true']);
    // 255 is the client's own failure; any other code is what the remote shell made of it, and we were in.
    if (code !== null && code !== 255) return;
    const said = stderr.trim();
    const refusal = refusalIn(said, host.address);
    if (refusal) throw refusal;
    if (Date.now() + patience.pause >= deadline) {
      const reason = lastLine(said) || 'no answer';
      throw new RecodeError(
        'SshUnreachable',
        `The instance runs, but ssh does not get through to ${host.address}: ${reason.replace(/\.?$/, '.')}`,
      );
    }
    await sleep(patience.pause);
  }
}

/** What waiting cannot help. */
function refusalIn(said: string, address: string): RecodeError | undefined {
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed|no matching host key type/.test(said)) {
    return new RecodeError('SshHostKeyDiffers', `The server at ${address} does not have the host key that Recode gave the instance.`);
  }
  // Until the instance has booted, the refusal follows from that.
  if (/Permission denied \(/.test(said) && !/System is booting up/.test(said)) {
    return new RecodeError('SshKeyRefused', `The instance at ${address} says: ${lastLine(said)}`);
  }
  return undefined;
}

const lastLine = (text: string) => text.split('\n').at(-1)?.trim() ?? '';

function runSsh(options: readonly string[]): Promise<{ code: number | null; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('ssh', options, { stdio: ['ignore', 'ignore', 'pipe'], timeout: attemptMilliseconds });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'ENOENT' ? new RecodeError('SshClientMissing', 'There is no "ssh" on the PATH.', { cause: error }) : error);
    });
    child.on('close', (code) => resolve({ code, stderr }));
  });
}
