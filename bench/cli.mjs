// Measures how long commands take that people and programs run all the time, compared with Node.js alone. Fails if one is too slow.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentIn, median, recode, run } from './recode.mjs';

const rounds = 41;
const list = [recode, 'aws', 'list', '--local'];
/** @typedef {{ name: string, args: readonly string[], most: number, times: number[] }} Measured */
/** @type {Measured} */
const nothing = { name: 'node -e 0', args: ['-e', '0'], most: 1, times: [] };
/** @type {readonly Measured[]} */
const commands = [
  { name: 'recode --version', args: [recode, '--version'], most: 1.25, times: [] },
  { name: 'recode aws list --local', args: list, most: 3, times: [] },
];

const folder = await mkdtemp(join(tmpdir(), 'recode-bench-'));
const environment = environmentIn(folder);
try {
  // The list has a row, as it usually has.
  await run([recode, 'aws', 'start', 'acme/api', '--local', '--no-wait'], environment);
  await run([recode, 'aws', 'follow', 'acme/api', '--local'], environment);
  await measure();
  report();
} finally {
  await run([recode, 'local', 'down'], environment);
  await rm(folder, { recursive: true });
}

/** Runs all commands in turn, so that other load on the machine affects them alike. */
async function measure() {
  for (let round = 0; round < rounds; round += 1) {
    for (const { args, times } of [nothing, ...commands]) times.push(await run(args, environment));
  }
}

function report() {
  /** @type {(name: string, ...cells: string[]) => void} */
  const line = (name, ...cells) => console.log(name.padEnd(26) + cells.map((cell) => cell.padStart(12)).join(''));
  line(`median of ${rounds} runs`, 'ms', '× node', 'limit');
  line(nothing.name, median(nothing.times).toFixed(1), '1.00');
  for (const { name, times, most } of commands) {
    // Of each round its own: a run beside a busy moment has a neighbor that was slow, too.
    const ratio = median(times.map((time, round) => time / (nothing.times[round] ?? Number.NaN)));
    line(name, median(times).toFixed(1), ratio.toFixed(2), most.toFixed(2));
    if (ratio <= most) continue;
    console.error(`${name} takes ${ratio.toFixed(2)} times as long as ${nothing.name}. The limit is ${most.toFixed(2)}.`);
    process.exitCode = 1;
  }
}
