import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { parseAddress, parsePorts, requireFreePorts } from '../../../../../cli/commands/aws/forward/ports.ts';

it('reads ports', () => {
  expect(parsePorts(['3000', '8080:80', '1:65535'])).toEqual([
    { local: 3000, remote: 3000 },
    { local: 8080, remote: 80 },
    { local: 1, remote: 65535 },
  ]);
});

it.each(['0', '65536', '80:0', '8080:', ':80', '-1', '1e3', 'http', '3000:localhost:80', ' 80', ''])('refuses %j', (text) => {
  const message = `Invalid port '${text}'. Use a port from 1 to 65535, or local:remote, for example 8080:80.`;
  expect(() => parsePorts(['3000', text])).toThrow(expect.objectContaining({ name: 'UsageNotValid', message }));
});

it('refuses a local port that is given twice', () => {
  expect(() => parsePorts(['3000', '80', '3000:80'])).toThrow('The local port 3000 is given twice.');
});

it('reads addresses', async () => {
  expect(['127.0.0.1', '0.0.0.0', '::1', 'localhost'].map(parseAddress)).toEqual(['127.0.0.1', '0.0.0.0', '::1', 'localhost']);
  expect(() => parseAddress('eth0')).toThrow("Invalid --address 'eth0'. Use an IP address of this machine");
  await expect(requireFreePorts([{ local: 3000, remote: 80 }], '192.0.2.1')).rejects.toThrow(
    "Invalid --address '192.0.2.1'. It is not an address of this machine.",
  );
});

it('names another port where one is taken', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await expect(requireFreePorts([{ local: port, remote: 80 }], '127.0.0.1')).rejects.toMatchObject({
    name: 'PortInUse',
    message: `Another program on this machine listens on 127.0.0.1, port ${port}.`,
    fix: expect.stringMatching(/^\d+:80$/) as string,
  });
  await new Promise((resolve) => server.close(resolve));
  await requireFreePorts([{ local: port, remote: 80 }], '127.0.0.1');
});
