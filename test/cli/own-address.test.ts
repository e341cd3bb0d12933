import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { addressNotAllowed, ownAddress } from '../../cli/own-address.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

/** A stand-in for AWS's service; resolves to the environment that names it. */
async function service(listener: RequestListener): Promise<{ RECODE_CHECKIP_URL: string }> {
  const made = createServer(listener);
  server = made;
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  return { RECODE_CHECKIP_URL: `http://127.0.0.1:${(made.address() as AddressInfo).port}` };
}
const answering = (text: string, status = 200) => service((_, response) => response.writeHead(status).end(text));
const aws = { local: false };

describe('ownAddress', () => {
  // "curl https://checkip.amazonaws.com" prints the address and a line break; with an X-Forwarded-For header, that list with the address last.
  it.each([
    ['198.51.100.7\n', '198.51.100.7'],
    ['10.1.2.3, 198.51.100.7\n', '198.51.100.7'],
  ])('is what the service says: %j', async (text, address) => {
    expect(await ownAddress(aws, await answering(text))).toBe(address);
  });

  it('is loopback for the embedded AWS, which is asked for nothing', async () => {
    expect(await ownAddress({ local: true }, { RECODE_CHECKIP_URL: 'http://127.0.0.1:9' })).toBe('127.0.0.1');
  });

  it.each(['2001:db8::7', '<html>Please sign in</html>', '', '300.1.1.1', '198.51.100.7 and more', '198.51.100.7'.padStart(500, '1')])(
    'is unknown where the answer is %j',
    async (text) => {
      const variables = await answering(text);
      await expect(ownAddress(aws, variables)).rejects.toMatchObject({
        name: 'PublicAddressUnknown',
        message: `${variables.RECODE_CHECKIP_URL} did not answer with an IPv4 address.`,
      });
    },
  );

  it('is unknown where the service fails', async () => {
    const variables = await answering('198.51.100.7', 503);
    await expect(ownAddress(aws, variables)).rejects.toMatchObject({
      name: 'PublicAddressUnknown',
      message: `${variables.RECODE_CHECKIP_URL} answered with HTTP status 503.`,
    });
  });

  it('is unknown where nothing listens', async () => {
    const variables = await answering('');
    await new Promise((resolve) => server?.close(resolve));
    await expect(ownAddress(aws, variables)).rejects.toMatchObject({
      name: 'PublicAddressUnknown',
      message: expect.stringContaining('cannot be reached. Nothing listens at 127.0.0.1 port'),
    });
  });

  it.each<[string, RequestListener]>([
    ['does not answer', () => {}],
    ['answers a byte now and then', (_, response) => response.write('1')],
  ])('is unknown after seconds where the service %s', { timeout: 20_000 }, async (_, listener) => {
    const variables = await service(listener);
    await expect(ownAddress(aws, variables)).rejects.toMatchObject({
      name: 'PublicAddressUnknown',
      message: `${variables.RECODE_CHECKIP_URL} did not answer within 5 seconds.`,
    });
  });

  it('is not read to the end where the answer has none', async () => {
    const variables = await service((_, response) => {
      const more = () => response.write('x'.repeat(64 * 1024), (error) => error ?? setImmediate(more));
      more();
    });
    await expect(ownAddress(aws, variables)).rejects.toMatchObject({ name: 'PublicAddressUnknown' });
  });

  it.each(['checkip', 'ftp://127.0.0.1/', 'http://user:secret@127.0.0.1/'])('is not asked at %s', async (RECODE_CHECKIP_URL) => {
    await expect(ownAddress(aws, { RECODE_CHECKIP_URL })).rejects.toMatchObject({
      name: 'UsageNotValid',
      message: 'Invalid RECODE_CHECKIP_URL. Use an http or https URL without a user name.',
    });
  });
});

describe('addressNotAllowed', () => {
  it('names the address and the blocks', async () => {
    expect(await addressNotAllowed(['203.0.113.0/24', '192.0.2.1/32'], aws, await answering('198.51.100.7'))).toMatchObject({
      name: 'AddressNotAllowed',
      message: 'Your address 198.51.100.7 is not in the allowed blocks 203.0.113.0/24, 192.0.2.1/32.',
    });
  });

  it('has nothing against an address in a block', async () => {
    expect(await addressNotAllowed(['203.0.113.0/24', '198.51.100.0/24'], aws, await answering('198.51.100.7'))).toBeUndefined();
  });

  it.each([[['0.0.0.0/0', '203.0.113.0/24']], [[]]])('asks nobody where %j are allowed', async (blocks) => {
    let asked = 0;
    const variables = await service((_, response) => {
      asked += 1;
      response.end('198.51.100.7');
    });
    expect(await addressNotAllowed(blocks, aws, variables)).toBeUndefined();
    expect(asked).toBe(0);
  });

  it('says nothing where the address is unknown', async () => {
    expect(await addressNotAllowed(['203.0.113.0/24'], aws, await answering('nothing'))).toBeUndefined();
  });
});
