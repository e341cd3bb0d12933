import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import type { Connection } from 'ssh2';
import { openAgentChannel } from './ssh2-gaps.ts';

/** A socket in the instance that leads to the SSH agent on the client's machine. */
export interface ForwardedAgent {
  /** For SSH_AUTH_SOCK. */
  readonly socketPath: string;
  close(): void;
}

/** Opens the socket of a forwarded agent. Each connection to it becomes a channel to the client's agent. */
export function forwardAgent(client: Connection): ForwardedAgent {
  // In the temporary folder, because the path of a socket has at most 107 bytes.
  const directory = mkdtempSync(join(tmpdir(), 'ssh-'));
  const socketPath = join(directory, 'agent');
  const server = createServer((socket) => {
    openAgentChannel(client, (error, channel) => {
      if (error) socket.destroy();
      // Either end may close at any time. Then the other one closes, too.
      else pipeline(socket, channel, socket, () => socket.destroy());
    });
  });
  server.listen(socketPath);
  return {
    socketPath,
    close() {
      server.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
