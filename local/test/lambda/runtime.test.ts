import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
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
    env: {
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${(host.address() as AddressInfo).port}/sandbox`,
      LAMBDA_TASK_ROOT: directory,
      _HANDLER: 'index.handler',
    },
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  });
  try {
    await once(child.stdio[1] ?? child, 'data');
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
