import { randomInt } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkSsh } from '../../../functions/environment/check-ssh.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { instance } from '../documents.ts';
import { launched, untilState } from '../launched.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await testAccount();
});

const servers: { server: Server; sockets: Set<Socket> }[] = [];
afterEach(async () => {
  for (const { server, sockets } of servers.splice(0)) {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
  await account[Symbol.asyncDispose]();
});

describe('checkSsh', () => {
  it('is content with the banner of an SSH server', async () => {
    expect(await check(await answering((socket) => socket.write('SSH-2.0-OpenSSH_9.6p1 Ubuntu-3ubuntu13\r\n')))).toBeUndefined();
  });

  it('is content with a banner that comes in pieces, after other lines', async () => {
    const address = await answering((socket) => {
      socket.setNoDelay();
      socket.write('Authorised users only.\r\nSSH-');
      setTimeout(() => socket.write('2.0-OpenSSH_9.6\r\n'), 20);
    });
    expect(await check(address)).toBeUndefined();
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

  it('waits no longer where a byte comes now and then', async () => {
    const drips: NodeJS.Timeout[] = [];
    const address = await answering((socket) => void drips.push(setInterval(() => socket.write('x'), 500)));
    try {
      expect(await problem(address)).toMatch(/no answer\.$/);
    } finally {
      for (const drip of drips) clearInterval(drip);
    }
  });

  it.each([
    [true, 'InstanceFailedToLaunch'],
    [false, 'InstanceFailedToStart'],
  ])('tells at once why the instance is on its way out (launched by this start: %s)', async (created, name) => {
    await account.aws.post('ec2', { launches: [{ outcome: 'terminated', reason: 'Client.InvalidSnapshot: the key is disabled' }] });
    const { instanceId } = await launched(account);
    await untilState(account, instanceId, 'terminated');
    expect(await account.refusal(checkSsh, document(randomAddress(), { instanceId, created }))).toMatchObject({
      name,
      message: `The instance ${instanceId} is terminated: Client.InvalidSnapshot: the key is disabled.`,
    });
  });

  it('waits for an instance that is on its way up', async () => {
    const { instanceId } = await launched(account);
    const address = randomAddress();
    expect(await account.refusal(checkSsh, document(address, { instanceId }))).toMatchObject({
      name: 'SshNotReady',
      message: expect.stringContaining(`The instance ${instanceId} does not answer on ${address}`),
    });
  });

  it('looks at the instance only where it finds no SSH server', async () => {
    await account.refuse('DescribeInstances', 'UnauthorizedOperation');
    expect(await check(await answering((socket) => socket.write('SSH-2.0-OpenSSH_9.6\r\n')))).toBeUndefined();
    expect((await account.refusal(checkSsh, document(randomAddress()))).name).toBe('PermissionMissing');
  });

  it('refuses an instance without an address', async () => {
    expect((await account.refusal(checkSsh, { instance })).name).toBe('InputNotValid');
  });
});

const document = (publicIpAddress: string, { instanceId = 'i-1', created = true } = {}) => ({
  ...(created && { launch: { instanceId } }),
  instance: { ...instance, instanceId, publicIpAddress },
});
const check = (address: string) => account.run(checkSsh, document(address));

/** What the step tells of an address where it finds no SSH server. */
async function problem(address: string): Promise<string> {
  const { name, message } = await account.refusal(checkSsh, document(address));
  expect(name).toBe('SshNotReady');
  return message;
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
