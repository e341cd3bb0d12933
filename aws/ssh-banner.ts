import { connect, type Socket } from 'node:net';

/** How long one connection may take to show the banner, in milliseconds. */
const longestAttempt = 3_000;
/** Until another connection is tried, in milliseconds. */
const attemptEvery = 250;
const longestPreface = 4_096;

export interface SshBannerOptions {
  readonly host: string;
  readonly port: number;
  /** How long to look for the banner, in milliseconds. */
  readonly milliseconds: number;
  readonly signal?: AbortSignal;
}

/**
 * Looks for the banner of an SSH server. Connects again and again while earlier connections are still pending: a host that is booting drops
 * packets, and TCP repeats them only after seconds. Resolves to undefined once one of them shows the banner, otherwise to the latest problem.
 */
export function sshBannerProblem({ host, port, milliseconds, signal }: SshBannerOptions): Promise<string | undefined> {
  return new Promise((resolve) => {
    const sockets = new Set<Socket>();
    let latest = 'no answer';
    const end = (problem: string | undefined) => {
      clearInterval(again);
      clearTimeout(patience);
      signal?.removeEventListener('abort', giveUp);
      for (const socket of sockets) socket.destroy();
      resolve(problem);
    };
    const giveUp = () => end(latest);
    const attempt = () => {
      const socket = attemptBanner({ host, port }, (problem) => {
        sockets.delete(socket);
        if (problem === undefined) return end(undefined);
        latest = problem;
      });
      sockets.add(socket);
    };
    const again = setInterval(attempt, attemptEvery);
    const patience = setTimeout(giveUp, milliseconds);
    signal?.addEventListener('abort', giveUp);
    attempt();
  });
}

/** Connects once. Calls back with what is wrong, or with undefined if the banner is there. */
function attemptBanner(address: { host: string; port: number }, callback: (problem: string | undefined) => void): Socket {
  const socket = connect(address);
  let received = '';
  let ended = false;
  const end = (problem: string | undefined) => {
    if (ended) return;
    ended = true;
    clearTimeout(patience);
    socket.destroy();
    callback(problem);
  };
  // For the whole banner: a peer that sends a byte now and then must not hold the connection.
  const patience = setTimeout(() => end('no answer'), longestAttempt);
  socket.setEncoding('latin1');
  socket.on('data', (text: string) => {
    received += text;
    // RFC 4253, section 4.2: other lines may precede the version.
    if (/^SSH-2\.0-/m.test(received)) end(undefined);
    else if (received.length > longestPreface) end('something else than SSH answers');
  });
  socket.on('error', (error) => end(error.message));
  socket.on('end', () => end('the connection was closed'));
  socket.on('close', () => clearTimeout(patience));
  return socket;
}
