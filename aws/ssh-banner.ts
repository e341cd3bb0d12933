import { connect, type Socket } from 'node:net';

/** How long one connection may take to show the banner, in milliseconds. */
const longestAttempt = 2_000;
// A packet to a host that boots is dropped, and sent again after 1, 3 and 7 seconds: a new attempt arrives sooner. Few enough at once for
// sshd's MaxStartups (10) and PerSourcePenalties (15 in a row without a login).
/** Until another connection is tried, in milliseconds. */
const attemptEvery = 250;
const longestPreface = 4_096;

/**
 * Waits until an SSH server answers. New attempts begin while earlier ones are pending, and the first banner counts.
 *
 * @param signal ends the wait
 * @returns undefined once there is a banner; after the signal, the latest problem
 */
export function sshBannerProblem(
  address: { readonly host: string; readonly port: number },
  signal: AbortSignal,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const pending = new Set<Socket>();
    let latest = 'no answer';
    const end = (problem: string | undefined) => {
      clearInterval(trying);
      signal.removeEventListener('abort', giveUp);
      for (const socket of pending) socket.destroy();
      resolve(problem);
    };
    const giveUp = () => end(latest);
    const attempt = () => {
      const socket = connect(address);
      pending.add(socket);
      const fail = (problem: string) => {
        latest = problem;
        socket.destroy();
      };
      // For the whole banner: a peer that sends a byte now and then must not hold the connection.
      const waiting = setTimeout(fail, longestAttempt, 'no answer');
      let received = '';
      socket.setEncoding('latin1');
      socket.on('data', (text: string) => {
        received += text;
        // RFC 4253, section 4.2: other lines may precede the version.
        if (/^SSH-2\.0-/m.test(received)) end(undefined);
        else if (received.length > longestPreface) fail('something else than SSH answers');
      });
      // The next attempt may fare better.
      socket.on('error', ({ message }) => fail(message));
      socket.on('end', () => fail('the connection was closed'));
      socket.on('close', () => {
        clearTimeout(waiting);
        pending.delete(socket);
      });
    };
    const trying = setInterval(attempt, attemptEvery);
    signal.addEventListener('abort', giveUp);
    if (signal.aborted) giveUp();
    else attempt();
  });
}
