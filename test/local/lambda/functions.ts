import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { strToU8, zipSync } from 'fflate';
import type { StackFunction } from '../../../local/stack.ts';

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
  await build({ entryPoints: ['local/lambda/runtime.ts'], outfile, bundle: true, platform: 'node', format: 'esm', target: 'node20' });
  return outfile;
}
