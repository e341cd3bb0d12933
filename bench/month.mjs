// Lets 200 people live with their environments for a month, on the clock of an embedded AWS that skips the time in which nothing works, and
// counts which automatic stops came in time, what they cost and what they saved. Writes bench/results/month.json and the tables of
// docs/automatic-stops.md if it is the whole month, or with --save.
// node bench/month.mjs [--environments 200] [--from 2028-03-06] [--days 31] [--seed 1] [--save]: fails if a stop was late, missed,
// doubled, of a busy machine or for no reason, or if the model of an instance decides otherwise than its script.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { automaticStopsPage } from '../scripts/month.mjs';

// The SDK would warn about this version of Node.js.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
const whole = { environments: '200', from: '2028-03-06', days: '31', seed: '1' };
const options = Object.fromEntries(
  Object.entries(whole).map(([name, value]) => [name, { type: /** @type {const} */ ('string'), default: value }]),
);
const { values } = parseArgs({ options: { ...options, save: { type: 'boolean', default: false } } });
const given = /** @type {typeof whole & { save: boolean }} */ (/** @type {unknown} */ (values));

const root = join(import.meta.dirname, '..');
const { runMonth } = await bundled();
const begun = performance.now();
const { complaints, ...results } = await runMonth({
  environments: Number(given.environments),
  from: given.from,
  days: Number(given.days),
  seed: Number(given.seed),
  packageDirectory: join(root, 'dist/stack'),
  script: join(root, 'core/instance/auto-stop.sh'),
  progress: (/** @type {number} */ at) =>
    console.error(`${((performance.now() - begun) / 1000).toFixed(0)} s: ${new Date(at).toISOString()}`),
});
const measured = {
  measuredAt: new Date().toISOString(),
  minutes: Math.round((performance.now() - begun) / 6000) / 10,
  machine: { cpus: cpus().length, node: process.version },
  ...results,
};
console.log(JSON.stringify(measured, undefined, 2));
for (const complaint of complaints) console.error(complaint);
if (given.save || Object.entries(whole).every(([name, value]) => given[/** @type {'seed'} */ (name)] === value)) {
  writeFileSync(join(root, 'bench/results/month.json'), `${JSON.stringify(measured, undefined, 2)}\n`);
  const page = join(root, 'docs/automatic-stops.md');
  writeFileSync(page, automaticStopsPage(readFileSync(page, 'utf8')));
}
process.exit(complaints.length === 0 ? 0 : 1);

/** @returns {Promise<typeof import('./month/run.ts')>} */
async function bundled() {
  const folder = join(root, 'node_modules/.cache/bench-month');
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, 'run.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'month/run.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'error',
    loader: { '.sh': 'text' },
    plugins: [
      {
        name: 'packages outside',
        setup(builder) {
          // All but ours, which is TypeScript.
          builder.onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
            kind === 'entry-point' || path.startsWith('@recode/') ? undefined : { path, external: true },
          );
        },
      },
    ],
    // The harness of the embedded AWS finds what it bundles from there.
    define: { 'import.meta.dirname': JSON.stringify(join(root, 'local/test/harness')) },
  });
  return import(pathToFileURL(outfile).href);
}
