import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { expect, it, vi } from 'vitest';
import type { Order } from '../../src/lambda/runtime.ts';
import { bundleRuntime } from './functions.ts';

it('ends in the middle of a handler when its host process ends', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'runtime-'));
  const runtimeFile = await bundleRuntime(directory);
  writeFileSync(
    join(directory, 'index.mjs'),
    'export const handler = () => { console.log("runs"); return new Promise(() => setInterval(() => {}, 1000)); };',
  );
  const host = createServer((_, response) => response.writeHead(200, { 'lambda-runtime-aws-request-id': '1' }).end('{}')).listen(
    0,
    '127.0.0.1',
  );
  await once(host, 'listening');
  const child = spawn(process.execPath, [runtimeFile], {
    env: {},
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  });
  const environment = {
    AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${(host.address() as AddressInfo).port}/sandbox`,
    LAMBDA_TASK_ROOT: directory,
    _HANDLER: 'index.handler',
  };
  const order: Order = { id: 'sandbox', environment };
  (child.stdio[3] as Writable).write(`${JSON.stringify(order)}\n`);
  try {
    let output = '';
    child.stdout?.on('data', (chunk) => {
      output += chunk;
    });
    await vi.waitFor(() => expect(output).toContain('runs'), { timeout: 20_000 });
    expect(child.exitCode).toBeNull();
    child.stdio[3]?.destroy();
    expect(await once(child, 'exit')).toEqual([1, null]);
  } finally {
    child.kill('SIGKILL');
    host.closeAllConnections();
    host.close();
    rmSync(directory, { recursive: true });
  }
});
