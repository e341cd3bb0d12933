import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import type { Connection } from 'ssh2';
import { openAgentChannel } from './ssh2-gaps.ts';

/** A socket in the instance that reaches the agent on the client's machine. */
export interface ForwardedAgent {
  /** For SSH_AUTH_SOCK. */
  readonly socketPath: string;
  close(): void;
}

/** Opens the socket of a forwarded agent; each connection to it becomes a channel to the client's agent. */
export function forwardAgent(client: Connection): ForwardedAgent {
  // Below the temporary folder, because a socket's path may not be longer than 107 bytes.
  const directory = mkdtempSync(join(tmpdir(), 'ssh-'));
  const socketPath = join(directory, 'agent');
  const server = createServer((socket) => {
    openAgentChannel(client, (error, channel) => {
      if (error) socket.destroy();
      // Either end may go away at any time, which ends the other.
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
