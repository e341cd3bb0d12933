import { spawn, spawnSync } from 'node:child_process';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ownUserOnly, uidInTable } from '../../src/gateway/peer.ts';

describe('the table of connections', () => {
  // From a little-endian machine.
  const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:AA6D 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 391245 1 00000000c17df1ef 100 0 0 10 0
   9: 0100007F:AA6D 0100007F:9512 01 00000000:00000000 00:00000000 00000000  1000        0 390220 1 000000007ed4d614 20 0 0 10 -1
  84: 0100007F:9506 0100007F:AA6D 05 00000000:00000000 03:00001722 00000000     0        0 0 2 000000008140a4fe
  85: 0100007F:9508 0100007F:AA6D 06 00000000:00000000 03:00001722 00000000     0        0 0 3 00000000d55bacff
  86: 0100007F:9512 0100007F:AA6E 01 00000000:00000000 00:00000000 00000000  1001        0 390218 2 00000000686587a6 20 0 0 10 -1
  87: 0100007F:9512 0100007F:AA6D 01 00000000:00000000 00:00000000 00000000 65534        0 390219 2 00000000686587a7 20 0 0 10 -1
`;
  const tcp6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0000000000000000FFFF00000100007F:951A 0000000000000000FFFF00000100007F:AA6D 01 00000000:00000000 00:00000000 00000000  1000        0 390229 2 000000003adfcc0f 20 0 0 10 -1
`;
  const gateway = { address: '127.0.0.1', port: 0xaa6d };
  const from = (port: number) => ({ address: '127.0.0.1', port });

  it('has the owner of one end, by both ends', () => {
    expect(uidInTable(tcp, from(0x9512), gateway)).toBe(65534);
    expect(uidInTable(tcp, from(0x9512), { ...gateway, port: 0xaa6e })).toBe(1001);
    expect(uidInTable(tcp, gateway, from(0x9512))).toBe(1000);
  });

  it('has no owner of an unknown connection', () => {
    expect(uidInTable(tcp, from(0x9513), gateway)).toBeUndefined();
    expect(uidInTable(tcp, { address: '127.0.0.2', port: 0x9512 }, gateway)).toBeUndefined();
    expect(uidInTable('', from(0x9512), gateway)).toBeUndefined();
  });

  it('has no owner of a closed socket, for which the kernel shows root', () => {
    expect(uidInTable(tcp, from(0x9506), gateway)).toBeUndefined();
    expect(uidInTable(tcp, from(0x9508), gateway)).toBeUndefined();
  });

  it('has IPv4 over an IPv6 socket, which Java opens', () => {
    expect(uidInTable(tcp6, from(0x951a), gateway)).toBe(1000);
    expect(uidInTable(tcp, from(0x951a), gateway)).toBeUndefined();
  });
});

describe('a server for its own user only', () => {
  let server: Server;
  let port: number;
  let refusals: (string | undefined)[];
  let strangerAt: (socket: Socket) => string | undefined;
  let logged: string[];
  beforeEach(() => {
    logged = [];
    vi.spyOn(console, 'error').mockImplementation((line: string) => void logged.push(line));
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  async function serve() {
    refusals = [];
    server = createServer(({ socket }, response) => {
      refusals.push(strangerAt(socket));
      response.end('served');
    });
    strangerAt = ownUserOnly(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  }
  const get = (host: string, localAddress?: string) =>
    new Promise<void>((resolve, reject) => {
      const request = httpRequest({ host, port, agent: false, ...(localAddress && { localAddress }) }, (response) =>
        response.resume().once('end', resolve),
      );
      request.once('error', reject).end();
    });

  it('serves that user from any address of this machine, even over IPv6 sockets', async () => {
    await serve();
    await get('127.0.0.1');
    await get('127.0.0.1', '127.0.0.9');
    await get('::ffff:127.0.0.1');
    expect(refusals).toEqual([undefined, undefined, undefined]);
    expect(logged).toEqual([]);
  });

  it('refuses every other user, and logs each one once', async () => {
    const own = process.geteuid?.() ?? 0;
    vi.spyOn(process, 'geteuid').mockReturnValue(own + 1);
    await serve();
    await get('127.0.0.1');
    await get('::ffff:127.0.0.1');
    const refusal = expect.stringContaining(`only the user with the ID ${own + 1}. This is a connection of the user with the ID ${own}.`);
    expect(refusals).toEqual([refusal, refusal]);
    expect(logged).toEqual([refusal]);
  });

  it('refuses a request if its sender ended before its user is known', async () => {
    await serve();
    // Synchronous, so that this process accepts the connection after that.
    const program = `const socket = require('node:net').connect(${port}, '127.0.0.1');
      socket.write('GET / HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n', () => process.exit());`;
    spawnSync(process.execPath, ['-e', program]);
    await vi.waitFor(() => expect(refusals).toEqual([expect.stringContaining('an unknown user')]));
  });

  it.runIf(process.geteuid?.() === 0)('recognizes another user of this machine', async () => {
    await serve();
    const program = `require('node:http').get({ host: process.argv[1], port: ${port} }, (answer) => answer.pipe(process.stdout))`;
    for (const host of ['127.0.0.1', '::ffff:127.0.0.1']) {
      const child = spawn(process.execPath, ['-e', program, host], { uid: 65534, cwd: '/', stdio: 'ignore' });
      await new Promise((resolve) => child.once('close', resolve));
    }
    const refusal = expect.stringContaining('a connection of the user with the ID 65534.');
    expect(refusals).toEqual([refusal, refusal]);
  });
});
