import { connect, type Socket } from 'node:net';

/** Where an SSH server is expected. */
export interface SshAddress {
  readonly address: string;
  readonly port: number;
}

/** How often to try, and how long an attempt may take, in milliseconds. */
export interface Rhythm {
  readonly every: number;
  readonly patience: number;
}

// A packet to a host that boots is dropped, and sent again after 1, 3 and 7 seconds: a new attempt arrives sooner. Few enough at once for
// sshd's MaxStartups (10) and PerSourcePenalties (15 in a row without a login).
const usual: Rhythm = { every: 250, patience: 2_000 };
const mostCharacters = 4_096;

/**
 * Waits until an SSH server answers. New attempts begin while earlier ones are pending, and the first banner counts.
 *
 * @returns false if it was aborted before
 */
export function sshAnswers({ address, port }: SshAddress, signal: AbortSignal, { every, patience } = usual): Promise<boolean> {
  return new Promise((resolve) => {
    const pending = new Set<Socket>();
    const end = (answers: boolean) => {
      clearInterval(trying);
      signal.removeEventListener('abort', aborted);
      for (const socket of pending) socket.destroy();
      resolve(answers);
    };
    const aborted = () => end(false);
    const attempt = () => {
      const socket = connect({ host: address, port });
      pending.add(socket);
      const waiting = setTimeout(() => socket.destroy(), patience);
      let received = '';
      socket.setEncoding('latin1');
      socket.on('data', (text: string) => {
        received += text;
        // RFC 4253, section 4.2: other lines may precede the version.
        if (/^SSH-2\.0-/m.test(received)) end(true);
        else if (received.length > mostCharacters) socket.destroy();
      });
      // The next attempt may fare better.
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        clearTimeout(waiting);
        pending.delete(socket);
      });
    };
    const trying = setInterval(attempt, every);
    signal.addEventListener('abort', aborted);
    if (signal.aborted) aborted();
    else attempt();
  });
}
