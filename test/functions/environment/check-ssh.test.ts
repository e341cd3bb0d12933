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

  it('waits while nobody listens', async () => {
    const address = randomAddress();
    expect(await account.refusal(checkSsh, document(address))).toMatchObject({
      name: 'SshNotReady',
      message: expect.stringMatching(`^The instance i-1 does not answer on ${address} port 2200: connect ECONNREFUSED`),
    });
  });

  it('does not look where the control plane cannot reach SSH', async () => {
    const { plan, ...rest } = document(randomAddress());
    expect(await account.run(checkSsh, { ...rest, plan: { ...plan, checkSsh: false } })).toBeUndefined();
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
    expect((await account.refusal(checkSsh, { ...document(randomAddress()), instance })).name).toBe('InputNotValid');
  });
});

const document = (publicIpAddress: string, { instanceId = 'i-1', created = true } = {}) => ({
  ...(created
    ? { plan: { action: 'create', checkSsh: true }, launch: { instanceId } }
    : { plan: { action: 'start', instanceId, checkSsh: true } }),
  instance: { ...instance, instanceId, publicIpAddress },
});
const check = (address: string) => account.run(checkSsh, document(address));

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
