// Compares the embedded AWS with that of another build, in runs in turn: how long the first start of an environment takes, and how much
// memory all processes of the embedded AWS have after five starts. Fails if one is too much.
// node bench/local.mjs --against FOLDER [--rounds N]: FOLDER is a checkout of the other build, built. Run it on an idle machine.
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { memoryOf } from './memory.mjs';
import { median, recode as own, run, variablesIn } from './recode.mjs';

const { values } = parseArgs({ options: { against: { type: 'string' }, rounds: { type: 'string', default: '5' } } });
const starts = 5;
const most = { seconds: 0.5, megabytes: 0.4 };
/** @typedef {{ seconds: number, megabytes: number }} Run */

if (values.against === undefined || !existsSync(join(values.against, 'bin/recode.js'))) {
  console.error('Name the folder of another build: npm run bench:local -- --against FOLDER');
  process.exit(1);
}
const other = join(resolve(values.against), 'bin/recode.js');
/** @type {{ before: Run, now: Run }[]} */
const rounds = [];
for (let round = 0; round < Number(values.rounds); round += 1) rounds.push({ before: await measure(other), now: await measure(own) });
report();

/**
 * Starts environments in a new embedded AWS, as on a new machine: without any files of the person.
 *
 * @param {string} recode
 * @returns {Promise<Run>}
 */
async function measure(recode) {
  const folder = await mkdtemp(join(tmpdir(), 'recode-bench-'));
  const variables = variablesIn(folder);
  const start = (/** @type {number} */ index) =>
    run([recode, 'aws', 'start', `acme/api-${index}`, '--local', '--no-clone'], variables, 'ignore');
  try {
    const seconds = (await start(1)) / 1000;
    for (let index = 2; index <= starts; index += 1) await start(index);
    return { seconds, megabytes: memoryOf(join(folder, 'local')) };
  } finally {
    await run([recode, 'local', 'down'], variables, 'ignore');
    await rm(folder, { recursive: true });
  }
}

function report() {
  /** @type {(name: string, ...cells: string[]) => void} */
  const line = (name, ...cells) => console.log(name.padEnd(30) + cells.map((cell) => cell.padStart(10)).join(''));
  line(`median of ${rounds.length} rounds`, 'before', 'now', 'ratio', 'limit');
  const rows = /** @type {const} */ ([
    ['first start, seconds', 'seconds'],
    [`PSS after ${starts} starts, MB`, 'megabytes'],
  ]);
  for (const [name, unit] of rows) {
    const ratio = median(rounds.map(({ before, now }) => now[unit] / before[unit]));
    const [before, now] = /** @type {const} */ (['before', 'now']).map((which) => median(rounds.map((round) => round[which][unit])));
    line(name, `${before?.toFixed(1)}`, `${now?.toFixed(1)}`, ratio.toFixed(2), most[unit].toFixed(2));
    if (ratio <= most[unit]) continue;
    console.error(`${name}: ${ratio.toFixed(2)} times as much as before. The limit is ${most[unit].toFixed(2)}.`);
    process.exitCode = 1;
  }
}
