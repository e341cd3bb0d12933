import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { strToU8, zipSync } from 'fflate';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { type Clock, createClock } from '../../src/clock.ts';
import { createPool, type Invocation, type Pool } from '../../src/lambda/lambda.ts';
import type { StackFunction } from '../../src/stack/stack.ts';

export const accountId = '000000000000';
export const region = 'us-east-1';

/** Zips the source of a function as a package has it, and describes it as a stack does. */
export function zipFunction(directory: string, name: string, source: string, rest: Partial<StackFunction> = {}): StackFunction {
  mkdirSync(directory, { recursive: true });
  const zipFile = join(directory, `${name}.zip`);
  writeFileSync(zipFile, zipSync({ 'index.mjs': strToU8(source) }));
  return {
    name,
    arn: `arn:aws:lambda:${region}:${accountId}:function:${name}`,
    handler: 'index.handler',
    zipFile,
    timeoutSeconds: 20,
    memoryMegabytes: 128,
    environment: {},
    ...rest,
  };
}

/** Bundles the sandboxes' runtime as the build does; returns the file. */
export async function bundleRuntime(directory: string): Promise<string> {
  const outfile = join(directory, 'lambda-runtime.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, '../../src/lambda/runtime.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
  });
  return outfile;
}

/** For a test file whose tests each have a pool and a state directory of their own. */
export function usePools() {
  let shared: string;
  let runtimeFile: string;
  let directory: string;
  let pool: Pool;
  const clock = createClock();
  beforeAll(async () => {
    shared = mkdtempSync(join(tmpdir(), 'pool-runtime-'));
    runtimeFile = await bundleRuntime(shared);
  });
  afterAll(() => rmSync(shared, { recursive: true }));
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'pool-'));
  });
  afterEach(async () => {
    await pool.stop();
    rmSync(directory, { recursive: true });
  });
  return {
    directory: () => directory,
    pool: () => pool,
    poolOf(functions: StackFunction[], rest: { limit?: number; clock?: Clock } = {}): Pool {
      const stack = { accountId, region, functions, stateMachines: [] };
      pool = createPool({ stack, stateDirectory: directory, endpoint: () => 'http://127.0.0.1:1', clock, runtimeFile, ...rest });
      return pool;
    },
    make: (name: string, source: string, rest: Partial<StackFunction> = {}) => zipFunction(join(directory, 'package'), name, source, rest),
  };
}

/** Answers with its process and access key, after so many milliseconds. */
export const whoAmI = `export const handler = async ({ sleep = 0 }) => {
  await new Promise((resolve) => setTimeout(resolve, sleep));
  return { pid: process.pid, accessKeyId: process.env.AWS_ACCESS_KEY_ID };
};`;

export async function payloadOf<T = { pid: number; accessKeyId: string }>(invocation: Promise<Invocation>): Promise<T> {
  const result = await invocation;
  if ('error' in result) throw new Error(`${result.error}: ${result.cause}`);
  return result.payload as T;
}

export async function failureOf(invocation: Promise<Invocation>): Promise<{ error: string; cause: Record<string, unknown> }> {
  const result = await invocation;
  if (!('error' in result)) throw new Error(`answered ${JSON.stringify(result.payload)}`);
  return { error: result.error, cause: JSON.parse(result.cause) };
}

export const isAlive = (pid: number) => existsSync(`/proc/${pid}`) && !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
