import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { ListStateMachinesCommand, SFNClient } from '@aws-sdk/client-sfn';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { openHandler } from '../../../cli/http/handler.ts';
import { clientConfigAt } from '../../../cli/identity/client-config.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'recode-client-config-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

it('leaves nothing for a client to look up in the files of the AWS CLI', async () => {
  // This program can write once a reader opens the pipe.
  const pipe = join(folder, 'config');
  execFileSync('mkfifo', [pipe]);
  const writer = spawn('/bin/sh', ['-c', `: > ${pipe}; echo opened`], { stdio: ['ignore', 'pipe', 'ignore'] });
  let opened = '';
  writer.stdout.on('data', (text) => {
    opened += text;
  });
  for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) vi.stubEnv(name, pipe);
  const server = createServer((_, response) => response.writeHead(400).end('{}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    writer.kill('SIGKILL');
    server.close().closeAllConnections();
  });

  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = {
    ...clientConfigAt(endpoint, 'us-east-1', openHandler({}, undefined)),
    credentials: { accessKeyId: 'K', secretAccessKey: 's' },
  };
  const asked = await Promise.allSettled([
    new STSClient(config).send(new GetCallerIdentityCommand({})),
    new DynamoDBClient(config).send(new ListTablesCommand({})),
    new SFNClient(config).send(new ListStateMachinesCommand({})),
  ]);
  // They were answered, so nothing was left to read.
  for (const { status, reason } of asked as PromiseRejectedResult[])
    expect([status, reason.$metadata.httpStatusCode]).toEqual(['rejected', 400]);
  expect(opened).toBe('');
});
