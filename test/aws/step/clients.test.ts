import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { DescribeVpcsCommand } from '@aws-sdk/client-ec2';
import { ListStateMachinesCommand } from '@aws-sdk/client-sfn';
import { expect, it, vi } from 'vitest';
import { dynamodb, ec2, sfn } from '../../../aws/step/clients.ts';
import { measureWith } from '../../../aws/step/stopwatch.ts';

it.each<[string, () => { call: () => Promise<unknown>; destroy: () => void }]>([
  [
    'EC2',
    () => {
      const client = ec2();
      return { call: () => client.send(new DescribeVpcsCommand({})), destroy: () => client.destroy() };
    },
  ],
  [
    'DynamoDB',
    () => {
      const client = dynamodb();
      return { call: () => client.send(new ListTablesCommand({})), destroy: () => client.destroy() };
    },
  ],
  [
    'Step Functions',
    () => {
      const client = sfn();
      return { call: () => client.send(new ListStateMachinesCommand({})), destroy: () => client.destroy() };
    },
  ],
])('a call of %s counts as time in AWS, from its beginning to its end', async (_, make) => {
  vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:9');
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'x');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'x');
  const counted: string[] = [];
  measureWith({
    async during(activity, work) {
      counted.push(`${activity} begins`);
      try {
        return await work();
      } finally {
        counted.push(`${activity} ends`);
      }
    },
    read: () => ({ aws: 0, proof: 0, waiting: 0, total: 0 }),
  });
  const { call, destroy } = make();
  await expect(call()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  destroy();
  vi.unstubAllEnvs();
  expect(counted).toEqual(['aws begins', 'aws ends']);
});

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
