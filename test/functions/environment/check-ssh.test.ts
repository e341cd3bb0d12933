import { randomInt } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { parseInput } from '../../../aws/step.ts';
import type { RecodeError } from '../../../core/errors.ts';
import { checkSsh } from '../../../functions/environment/check-ssh.ts';

const servers: { server: Server; sockets: Set<Socket> }[] = [];
afterEach(async () => {
  for (const { server, sockets } of servers.splice(0)) {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
});

describe('checkSsh', () => {
  it('is content with the banner of an SSH server', async () => {
    expect(await check(await answering((socket) => socket.write('SSH-2.0-OpenSSH_9.6p1 Ubuntu-3ubuntu13\r\n')))).toEqual({});
  });

  it('is content with a banner that comes in pieces, after other lines', async () => {
    const address = await answering((socket) => {
      socket.setNoDelay();
      socket.write('Authorised users only.\r\nSSH-');
      setTimeout(() => socket.write('2.0-OpenSSH_9.6\r\n'), 20);
    });
    expect(await check(address)).toEqual({});
  });

  it('waits while nobody listens', async () => {
    const address = randomAddress();
    expect(await problem(address)).toMatch(new RegExp(`^The instance i-1 does not answer on ${address} port 2200: connect ECONNREFUSED`));
  });

  it('waits where the server says nothing', async () => {
    expect(await problem(await answering(() => {}))).toMatch(/no answer\.$/);
  });

  it('waits where the server hangs up', async () => {
    expect(await problem(await answering((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')))).toMatch(
      /the connection was closed\.$/,
    );
  });

  it('waits where the server breaks the connection off', async () => {
    expect(await problem(await answering((socket) => socket.resetAndDestroy()))).toMatch(/ECONNRESET/);
  });

  it('does not read on where something else than SSH answers', async () => {
    expect(await problem(await answering((socket) => socket.write('SSH-1.99-old\n'.repeat(400))))).toMatch(
      /something else than SSH answers\.$/,
    );
  });

  it('refuses an instance without an address', () => {
    expect(() => parseInput(checkSsh.input, { instance: { instanceId: 'i-1' } })).toThrow(
      expect.objectContaining({ name: 'InputNotValid' }),
    );
  });
});

function check(publicIpAddress: string): Promise<object> {
  return checkSsh.run(parseInput(checkSsh.input, { instance: { instanceId: 'i-1', publicIpAddress } }), {
    clock: { now: () => Date.now() },
  });
}

/** What the step tells of an address where it finds no SSH server. */
async function problem(address: string): Promise<string> {
  const outcome = await check(address).then(
    () => undefined,
    (error: RecodeError) => error,
  );
  expect(outcome?.name).toBe('SshNotReady');
  return outcome?.message ?? '';
}

/** Away from the addresses that resolvers and the instances of other tests use. */
const randomAddress = () => `127.${randomInt(2, 53)}.${randomInt(0, 256)}.${randomInt(1, 255)}`;

/** Listens on the SSH port of an address of its own; returns the address. */
async function answering(answer: (socket: Socket) => void): Promise<string> {
  const address = randomAddress();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    answer(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen({ host: address, port: 2200, exclusive: true }, resolve);
  });
  servers.push({ server, sockets });
  return address;
}
