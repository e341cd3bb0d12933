import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DescribeVpcsCommand } from '@aws-sdk/client-ec2';
import { expect, it, vi } from 'vitest';
import { ec2 } from '../../../aws/step/clients.ts';

it('a request that AWS never answers fails after eight seconds', { timeout: 20_000 }, async () => {
  const server = createServer(() => {});
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'x');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'x');
  const client = ec2();
  const outcome = await Promise.race([
    client.send(new DescribeVpcsCommand({})).then(
      () => 'answered',
      ({ name }: Error) => name,
    ),
    new Promise((done) => setTimeout(done, 11_000, 'still waiting after 11 s')),
  ]);
  client.destroy();
  server.closeAllConnections();
  server.close();
  vi.unstubAllEnvs();
  expect(outcome).toBe('TimeoutError');
});
