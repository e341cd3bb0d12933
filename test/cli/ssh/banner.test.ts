import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { sshAnswers } from '../../../cli/ssh/banner.ts';

const servers: Server[] = [];
const sockets = new Set<Socket>();
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

/** Serves each connection as its number says, beginning at 1. */
async function serving(serve: (socket: Socket, number: number) => void): Promise<{ address: string; port: number; connections(): number }> {
  let connections = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => sockets.delete(socket));
    connections += 1;
    serve(socket, connections);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { address: '127.0.0.1', port: (server.address() as AddressInfo).port, connections: () => connections };
}

const quick = { every: 5, patience: 60_000 };
const never = new AbortController().signal;
const banner = 'SSH-2.0-OpenSSH_9.6p1 Ubuntu-3ubuntu13\r\n';

it('sees the first banner while earlier attempts are still pending, and leaves none behind', async () => {
  const closed: number[] = [];
  const host = await serving((socket, number) => {
    socket.on('close', () => closed.push(number));
    if (number === 3) socket.write(banner);
  });
  expect(await sshAnswers(host, never, quick)).toBe(true);
  await expect.poll(() => closed.length).toBe(host.connections());
});

it('waits for a port that nobody listens on yet', async () => {
  const taken = await serving(() => {});
  const [first] = servers.splice(0);
  await new Promise((resolve) => first?.close(resolve));
  const answered = sshAnswers(taken, never, quick);
  const server = createServer((socket) => socket.end(banner));
  servers.push(server);
  server.listen(taken.port, taken.address);
  expect(await answered).toBe(true);
});

// RFC 4253, section 4.2: "The server MAY send other lines of data before sending the version string."
it('reads a banner that comes in pieces after other lines', async () => {
  const host = await serving((socket) => {
    socket.write('Welcome\r\nSS');
    setTimeout(() => socket.write('H-2.0-x\r\n'), 20);
  });
  expect(await sshAnswers(host, never, quick)).toBe(true);
});

it.each([
  ['says something else without end', (socket: Socket) => socket.write('x'.repeat(5_000))],
  ['hangs up', (socket: Socket) => socket.end()],
  ['breaks the connection', (socket: Socket) => socket.resetAndDestroy()],
  ['says nothing', () => {}],
])('tries again with a server that %s, until it is told to stop', async (_, serve) => {
  const host = await serving(serve);
  const stop = new AbortController();
  const answered = sshAnswers(host, stop.signal, { every: 5, patience: 10 });
  await expect.poll(host.connections).toBeGreaterThan(3);
  stop.abort();
  expect(await answered).toBe(false);
});

it('does not begin where it is stopped already', async () => {
  const host = await serving((socket) => socket.write(banner));
  expect(await sshAnswers(host, AbortSignal.abort(), quick)).toBe(false);
  expect(host.connections()).toBe(0);
});
