import { randomInt } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { sshBannerProblem } from '../../aws/ssh-banner.ts';

const port = 2200;
const servers: { server: Server; sockets: Set<Socket> }[] = [];
afterEach(async () => {
  for (const { server, sockets } of servers.splice(0)) {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
});

describe('sshBannerProblem', () => {
  it('is content with the banner of an SSH server', async () => {
    expect(await problem(await answering((socket) => socket.write('SSH-2.0-OpenSSH_9.6p1 Ubuntu-3ubuntu13\r\n')))).toBeUndefined();
  });

  it('is content with a banner that comes in pieces, after other lines', async () => {
    const host = await answering((socket) => {
      socket.setNoDelay();
      socket.write('Authorised users only.\r\nSSH-');
      setTimeout(() => socket.write('2.0-OpenSSH_9.6\r\n'), 20);
    });
    expect(await problem(host)).toBeUndefined();
  });

  it('finds a server that comes up while it waits', async () => {
    const host = randomAddress();
    const found = problem(host, 20_000);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await answering((socket) => socket.write('SSH-2.0-OpenSSH_9.6\r\n'), host);
    expect(await found).toBeUndefined();
  });

  it('finds the banner on a later connection while an earlier one stays silent', async () => {
    let connections = 0;
    let closed = 0;
    const host = await answering((socket) => {
      connections += 1;
      socket.on('close', () => {
        closed += 1;
      });
      if (connections === 2) socket.write('SSH-2.0-OpenSSH_9.6\r\n');
    });
    expect(await problem(host, 20_000)).toBeUndefined();
    expect(connections).toBe(2);
    await expect.poll(() => closed).toBe(2);
  });

  it('finds nobody listening', async () => {
    const host = randomAddress();
    expect(await problem(host)).toMatch(new RegExp(`^connect ECONNREFUSED ${host}`));
  });

  it('finds a server that says nothing', async () => {
    expect(await problem(await answering(() => {}))).toBe('no answer');
  });

  it('finds a server that closes the connection', async () => {
    expect(await problem(await answering((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')))).toBe('the connection was closed');
  });

  it('finds a server that resets the connection', async () => {
    expect(await problem(await answering((socket) => socket.resetAndDestroy()))).toMatch(/ECONNRESET/);
  });

  it('stops reading if something else than SSH answers', async () => {
    expect(await problem(await answering((socket) => socket.write('SSH-1.99-old\n'.repeat(400))))).toBe('something else than SSH answers');
  });

  it('is not held by a server that sends a byte now and then', async () => {
    const drips: NodeJS.Timeout[] = [];
    const host = await answering((socket) => void drips.push(setInterval(() => socket.write('x'), 50)));
    try {
      expect(await problem(host)).toBe('no answer');
    } finally {
      for (const drip of drips) clearInterval(drip);
    }
  });

  it('ends when it is told to', async () => {
    const host = await answering(() => {});
    const stopper = new AbortController();
    const found = sshBannerProblem({ host, port }, stopper.signal);
    stopper.abort();
    expect(await found).toBe('no answer');
  });

  it('does not begin if it is told to end already', async () => {
    let connections = 0;
    const host = await answering((socket) => {
      connections += 1;
      socket.write('SSH-2.0-OpenSSH_9.6\r\n');
    });
    expect(await sshBannerProblem({ host, port }, AbortSignal.abort())).toBe('no answer');
    expect(connections).toBe(0);
  });
});

const problem = (host: string, milliseconds = 400) => sshBannerProblem({ host, port }, AbortSignal.timeout(milliseconds));

/** A server that does this with each connection, on an address of its own. */
async function answering(serve: (socket: Socket) => void, host = randomAddress()): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  servers.push({ server, sockets });
  return host;
}

/** Away from the addresses that resolvers and the instances of other tests use. */
const randomAddress = () => `127.${randomInt(2, 53)}.${randomInt(0, 256)}.${randomInt(1, 255)}`;
