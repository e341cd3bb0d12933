import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { strToU8, zipSync } from 'fflate';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { type Clock, createClock } from '../../src/clock.ts';
import type { StackFunction } from '../../src/lambda/functions.ts';
import { createLambda, type Invocation, type Lambda } from '../../src/lambda/lambda.ts';

export const accountId = '000000000000';
export const region = 'us-east-1';

/** Zips the source of a function like a packaged one, and returns its description in the stack. */
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

/** Bundles the runtime of the sandboxes like the build, and returns the file. */
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

/** Gives each test of a file its own Lambda and state directory. */
export function useLambda() {
  let shared: string;
  let runtimeFile: string;
  let directory: string;
  let lambda: Lambda;
  const clock = createClock();
  beforeAll(async () => {
    shared = mkdtempSync(join(tmpdir(), 'lambda-runtime-'));
    runtimeFile = await bundleRuntime(join(shared, 'local'));
  });
  afterAll(() => rmSync(shared, { recursive: true }));
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'lambda-'));
  });
  afterEach(async () => {
    await lambda.stop();
    for (const folder of [directory, compiledFolder()]) rmSync(folder, { recursive: true, force: true });
  });
  const compiledFolder = () => join(shared, 'local/compiled');
  return {
    directory: () => directory,
    /** Where the runtime looks for the compiled code of functions. */
    compiledFolder,
    lambda: () => lambda,
    deploy(functions: StackFunction[], rest: { limit?: number; clock?: Clock } = {}): Lambda {
      const stack = { accountId, region, functions };
      lambda = createLambda({ stack, stateDirectory: directory, endpoint: () => 'http://127.0.0.1:1', clock, runtimeFile, ...rest });
      return lambda;
    },
    make: (name: string, source: string, rest: Partial<StackFunction> = {}) => zipFunction(join(directory, 'package'), name, source, rest),
  };
}

/** Returns its process and access key after `sleep` milliseconds. */
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
  if (!('error' in result)) throw new Error(`The invocation succeeded with ${JSON.stringify(result.payload)}.`);
  return { error: result.error, cause: JSON.parse(result.cause) };
}

export const isAlive = (pid: number) => existsSync(`/proc/${pid}`) && !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
