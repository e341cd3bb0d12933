// Measures what a cold start loads: the size of each function's bundle, and the time to load its handler, compared with an
// empty handler built in the same way. Fails if a bundle is too big, or if one with the EC2 client loads too slowly.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bundleFunctions, functionFiles } from '../scripts/bundle.mjs';

/**
 * What is measured of a bundle; `milliseconds` is its best loading time so far.
 * @typedef {{ name: string, kilobytes: number, zipKilobytes: number, hasEc2: boolean, milliseconds: number }} Bundle
 */

// BeginOperation is the largest: it asks EC2, DynamoDB and Step Functions.
const largestKilobytes = 440;
/** @param {number} empty */
const longestWith = (empty) => 1.3 * empty + 45;
// Enough on an idle machine. On a busy one, handlers that seem too slow are measured longer.
const usualSeconds = 20;
const mostSeconds = 40;

const run = promisify(execFile);
const folder = await mkdtemp(join(tmpdir(), 'recode-cold-'));
try {
  const files = { empty: join(import.meta.dirname, 'empty-handler.mjs'), ...(await functionFiles()) };
  const { outputs } = await bundleFunctions(files, folder);
  const sizes = await Promise.all(Object.keys(files).map((name) => measureSize(name, outputs)));
  const bundles = /** @type {[Bundle, ...Bundle[]]} */ (sizes);
  await measureLoading(bundles);
  report(bundles);
} finally {
  await rm(folder, { recursive: true });
}

/**
 * @param {string} name
 * @param {import('esbuild').Metafile['outputs']} outputs
 * @returns {Promise<Bundle>}
 */
async function measureSize(name, outputs) {
  const inputs = Object.entries(outputs).flatMap(([path, output]) => (path.endsWith(`/${name}.mjs`) ? Object.keys(output.inputs) : []));
  /** @param {'mjs' | 'zip'} extension */
  const kilobytes = async (extension) => (await stat(join(folder, `${name}.${extension}`))).size / 1024;
  return {
    name,
    kilobytes: await kilobytes('mjs'),
    zipKilobytes: await kilobytes('zip'),
    hasEc2: inputs.some((input) => input.includes('@aws-sdk/client-ec2/')),
    milliseconds: Number.POSITIVE_INFINITY,
  };
}

/**
 * Loads the bundles in rounds, so that other load on the machine affects all alike, and keeps the best time of each. In the
 * end, it repeats only those that seem too slow.
 *
 * @param {readonly [Bundle, ...Bundle[]]} bundles
 */
async function measureLoading(bundles) {
  const begun = performance.now();
  const seconds = () => (performance.now() - begun) / 1000;
  /** @type {readonly Bundle[]} */
  let measured = bundles;
  do {
    for (const bundle of measured) bundle.milliseconds = Math.min(bundle.milliseconds, await load(bundle.name));
    if (seconds() > usualSeconds) measured = tooSlow(bundles);
  } while (measured.length > 0 && seconds() < mostSeconds);
}

/**
 * Loads a bundle without environment variables, so it has no region or account to call. Resolves to the milliseconds this takes.
 *
 * @param {string} name
 */
async function load(name) {
  const { stdout } = await run(process.execPath, [join(import.meta.dirname, 'load.mjs'), join(folder, `${name}.mjs`)], { env: {} });
  return Number(stdout);
}

/** @param {readonly [Bundle, ...Bundle[]]} bundles */
function tooSlow(bundles) {
  const [{ milliseconds: empty }] = bundles;
  return bundles.filter(({ hasEc2, milliseconds }) => hasEc2 && milliseconds > longestWith(empty));
}

/** @param {readonly [Bundle, ...Bundle[]]} bundles */
function report(bundles) {
  const [{ milliseconds: empty }] = bundles;
  /** @type {(name: string, ...numbers: (number | string)[]) => void} */
  const line = (name, ...numbers) => console.log(name.padEnd(26) + numbers.map((number) => String(number).padStart(10)).join(''));
  line('function', 'KB', 'zip KB', 'load ms', '× empty');
  for (const { name, kilobytes, zipKilobytes, milliseconds } of bundles) {
    line(name, kilobytes.toFixed(1), zipKilobytes.toFixed(1), milliseconds.toFixed(1), (milliseconds / empty).toFixed(2));
  }

  for (const { name, kilobytes } of bundles.filter((bundle) => bundle.kilobytes > largestKilobytes)) {
    console.error(`${name} is ${kilobytes.toFixed(1)} KB. The limit is ${largestKilobytes} KB.`);
    process.exitCode = 1;
  }
  for (const { name, milliseconds } of tooSlow(bundles)) {
    console.error(
      `${name} loads in ${milliseconds.toFixed(1)} ms. The limit is 1.3 × empty + 45 ms = ${longestWith(empty).toFixed(1)} ms.`,
    );
    process.exitCode = 1;
  }
}
