import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';

/** A real SSH agent with a key of its own. */
export interface TestAgent extends Disposable {
  /** For SSH_AUTH_SOCK. */
  readonly socket: string;
  /** `ssh-ed25519 AAAA… comment` */
  readonly publicKey: string;
  /** The file with it. */
  readonly publicKeyFile: string;
}

/** Starts an SSH agent that holds a new key, whose private half is nowhere else. */
export async function sshAgent(): Promise<TestAgent> {
  const directory = mkdtempSync(join(tmpdir(), 'recode-agent-'));
  const [socket, key] = [join(directory, 'socket'), join(directory, 'key')];
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
  await vi.waitUntil(() => existsSync(socket), 10_000);
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'ada', '-f', key]);
  execFileSync('ssh-add', ['-q', key], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
  rmSync(key);
  const publicKeyFile = `${key}.pub`;
  return {
    socket,
    publicKey: readFileSync(publicKeyFile, 'utf8').trim(),
    publicKeyFile,
    [Symbol.dispose]() {
      agent.kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
