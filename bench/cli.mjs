// Measures how long commands take that people and programs run all the time, compared with Node.js alone or in milliseconds, and how much memory
// the longest list takes. Fails if one takes too much.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addEnvironments } from './many-environments.mjs';
import { median, peakMemory, recode, run, variablesIn } from './recode.mjs';

/** @typedef {{ name: string, args: readonly string[], most: number, unit: '× node' | 'ms', added?: NodeJS.ProcessEnv }} Measured */
const list = [recode, 'aws', 'list', '--local'];
const listAll = [...list, '--all'];
// What bash asks at the end of this line.
const complete = [recode, '__complete', 'bash', '--', 'recode aws status --local acme/', ' \t\n"\'><=;|&(:'];

const folder = await mkdtemp(join(tmpdir(), 'recode-bench-'));
const variables = variablesIn(folder);
try {
  line('median', 'ms', '× node', 'limit');
  // The list has a row, as it usually has.
  await run([recode, 'aws', 'start', 'acme/api', '--local', '--no-wait'], variables, 'ignore');
  await run([recode, 'aws', 'follow', 'acme/api', '--local'], variables);
  await measure(41, [
    { name: 'recode --version', args: [recode, '--version'], most: 1.25, unit: '× node' },
    { name: 'recode aws list --local', args: list, most: 3, unit: '× node' },
  ]);

  await fill({ count: 300, perOwner: 300 });
  await run(listAll, variables);
  await measure(21, [
    { name: 'complete one of 300', args: complete, most: 150, unit: 'ms' },
    { name: '  without compiled code', args: complete, most: 300, unit: 'ms', added: { NODE_DISABLE_COMPILE_CACHE: '1' } },
  ]);

  await fill({ count: 5000, perOwner: 25 });
  await measure(11, [{ name: 'list --all of 5,000', args: listAll, most: 1500, unit: 'ms' }]);
  check('  its memory at most', await peakMemory(listAll, variables), 'MB', 150);
} finally {
  await run([recode, 'local', 'down'], variables);
  await rm(folder, { recursive: true });
}

/** @param {{ count: number, perOwner: number }} environments */
function fill(environments) {
  const { endpoint } = JSON.parse(readFileSync(join(folder, 'local', 'process.json'), 'utf8'));
  return addEnvironments(endpoint, environments);
}

/**
 * Runs commands in turn with Node.js alone, so that other load on the machine affects them alike.
 *
 * @param {number} rounds
 * @param {readonly Measured[]} commands
 */
async function measure(rounds, commands) {
  /** @type {number[]} */
  const alone = [];
  const times = commands.map(() => /** @type {number[]} */ ([]));
  for (let round = 0; round < rounds; round += 1) {
    alone.push(await run(['-e', '0'], variables));
    for (const [index, { args, added }] of commands.entries()) times[index]?.push(await run(args, { ...variables, ...added }));
  }
  line('node -e 0', median(alone).toFixed(1), '1.00');
  for (const [index, { name, most, unit }] of commands.entries()) {
    const taken = times[index] ?? [];
    // Of each round its own: a run beside a busy moment has a neighbor that was slow, too.
    const ratio = median(taken.map((time, round) => time / (alone[round] ?? Number.NaN)));
    line(name, median(taken).toFixed(1), ratio.toFixed(2), `${most} ${unit}`);
    fail(name, unit === 'ms' ? median(taken) : ratio, unit, most);
  }
}

/** @type {(name: string, value: number, unit: string, most: number) => void} */
function check(name, value, unit, most) {
  line(name, `${value.toFixed(0)} ${unit}`, '', `${most} ${unit}`);
  fail(name, value, unit, most);
}

/** @type {(name: string, value: number, unit: string, most: number) => void} */
function fail(name, value, unit, most) {
  if (value <= most) return;
  console.error(`${name.trim()}: ${value.toFixed(2)} ${unit}. The limit is ${most} ${unit}.`);
  process.exitCode = 1;
}

/** @type {(name: string, ...cells: string[]) => void} */
function line(name, ...cells) {
  console.log(name.padEnd(26) + cells.map((cell) => cell.padStart(12)).join(''));
}
