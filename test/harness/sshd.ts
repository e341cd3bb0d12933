import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { RemoteHost } from '../../cli/ssh/remote.ts';
import { keyPairFrom } from '../../core/openssh-key.ts';

const sshd = '/usr/sbin/sshd';

/** Why this machine cannot run OpenSSH's own sshd; undefined if it can. */
export function sshdTrouble(): string | undefined {
  if (!existsSync(sshd)) return 'there is no sshd';
  // Only root's sshd changes the user of its processes, and then needs this folder of Debian's.
  if (process.getuid?.() === 0 && !existsSync('/run/sshd')) return 'there is no /run/sshd';
  return undefined;
}

/** OpenSSH's own sshd, run by the user of the tests. */
export interface Sshd extends AsyncDisposable {
  /** A folder of its own, in the place of which scripts may name /etc/ssh/recode. */
  readonly folder: string;
  /** How to log in with a key. */
  hostFor(privateKey: string): RemoteHost;
}

/**
 * Starts sshd on loopback. It reads the keys from the file `recode` in its folder, and runs the commands of its clients with that folder in
 * the place of /etc/ssh/recode.
 *
 * @param folder an empty one
 * @param path for the PATH of the commands
 */
export async function startSshd(folder: string, path = process.env.PATH ?? ''): Promise<Sshd> {
  const own = mkdtempSync(join(tmpdir(), 'recode-sshd-'));
  chmodSync(folder, 0o755);
  const hostKey = keyPairFrom(Buffer.alloc(32, 1), 'host');
  writeFileSync(join(own, 'host-key'), hostKey.privateKey, { mode: 0o600 });
  const forced = join(own, 'forced');
  const command = `exec sh -c "$(printf '%s' "$SSH_ORIGINAL_COMMAND" | sed 's#/etc/ssh/recode#${folder}#g')"`;
  writeFileSync(forced, `#!/bin/sh\nPATH='${path}'\n${command}\n`, { mode: 0o700 });
  const port = await freePort();
  const settings = [
    ['ListenAddress', '127.0.0.1'],
    ['Port', port],
    ['HostKey', join(own, 'host-key')],
    ['AuthorizedKeysFile', join(folder, 'recode')],
    ['PidFile', 'none'],
    ['PasswordAuthentication', 'no'],
    ['PermitRootLogin', 'yes'],
    // Temporary folders are writable by everybody.
    ['StrictModes', 'no'],
    ['MaxStartups', '100'],
    ['ForceCommand', forced],
  ];
  writeFileSync(join(own, 'sshd_config'), settings.map((words) => `${words.join(' ')}\n`).join(''));
  const server = spawn(sshd, ['-D', '-e', '-f', join(own, 'sshd_config')], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  server.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await vi.waitFor(
    () => {
      if (!said.includes(`listening on 127.0.0.1 port ${port}`)) throw new Error(`sshd says: ${said}`);
    },
    { timeout: 20_000, interval: 20 },
  );
  writeFileSync(join(own, 'known_hosts'), `[127.0.0.1]:${port} ${hostKey.publicKey}\n`);
  let clients = 0;
  return {
    folder,
    hostFor(privateKey) {
      const client = join(own, `client-${++clients}`);
      mkdirSync(client);
      writeFileSync(join(client, 'key'), privateKey, { mode: 0o600 });
      const options = [
        ['HostName', '127.0.0.1'],
        ['Port', port],
        ['User', userInfo().username],
        ['IdentityFile', join(client, 'key')],
        ['IdentitiesOnly', 'yes'],
        ['IdentityAgent', 'none'],
        ['UserKnownHostsFile', join(own, 'known_hosts')],
        ['GlobalKnownHostsFile', '/dev/null'],
      ];
      writeFileSync(join(client, 'config'), `Host instance\n${options.map((words) => `  ${words.join(' ')}\n`).join('')}`);
      return { sshConfig: join(client, 'config'), name: 'instance' };
    },
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => server.once('close', resolve));
      server.kill();
      await ended;
      rmSync(own, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
