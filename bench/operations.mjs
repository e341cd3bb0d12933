// Measures how long operations take, from keystroke to the last line, where AWS is as slow as AWS: the embedded AWS with
// `calibrated` latency and no warm sandbox. Beside Recode, the waiter way: what a command-line tool on a laptop does.
// node bench/operations.mjs [--runs 20] [--lanes 2] [--check]: with so many lanes of each way; with --check, fails if a target is missed.
// Writes the results to bench/results/latest.json, and makes the table and the chart of docs/performance.md from it.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { GetExecutionHistoryCommand, ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { performanceChart, performancePage } from '../scripts/performance.mjs';
import { recode, variablesIn } from './recode.mjs';
import { waiterWay } from './waiter-way.mjs';

/**
 * @typedef {import('../scripts/performance.mjs').Operation} Operation
 * @typedef {import('../scripts/performance.mjs').Target} Target
 * @typedef {import('../scripts/performance.mjs').Times} Times
 * @typedef {import('../scripts/performance.mjs').Result} Result
 * @typedef {(...args: readonly string[]) => Promise<{ stdout: string }>} Command
 * @typedef {{ readonly endpoint: string, readonly folder: string, readonly command: Command }} EmbeddedAws
 */

// The SDK would warn about this version of Node.js.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
const run = promisify(execFile);
const resultsFile = join(import.meta.dirname, 'results/latest.json');
const page = join(import.meta.dirname, '../docs/performance');
const region = 'us-east-1';
// Sandboxes end after ten idle minutes.
const untilCold = 11 * 60_000;
/** @type {Record<Operation, Target>} */
const targets = JSON.parse(await readFile(join(import.meta.dirname, 'targets.json'), 'utf8'));

const { values: options } = parseArgs({
  options: { runs: { type: 'string', default: '20' }, lanes: { type: 'string', default: '2' }, check: { type: 'boolean', default: false } },
});
const runs = Number(options.runs);

/** @type {Record<string, { recode: number[], waiterWay: number[] }>} */
const times = Object.fromEntries(Object.keys(targets).map((name) => [name, { recode: [], waiterWay: [] }]));
/** @type {Record<string, number>} */
const transitions = {};

// The waiter way looks so rarely that it hardly uses this machine.
await Promise.all([inLanes(recodeWay), inLanes(measureWaiterWay)]);

const results = Object.fromEntries(
  Object.entries(times).map(([name, measured]) => [
    name,
    {
      recode: summary(measured.recode),
      waiterWay: summary(measured.waiterWay),
      ...(name in transitions && { transitions: transitions[name] }),
    },
  ]),
);
const machine = { cpus: cpus().length, cpu: cpus()[0]?.model, node: process.version };
await writeFile(resultsFile, `${JSON.stringify({ measuredAt: new Date().toISOString(), runs, machine, operations: results }, null, 2)}\n`);
await writeFile(`${page}.md`, performancePage(await readFile(`${page}.md`, 'utf8')));
await writeFile(`${page}.svg`, await performanceChart());
report();

/** Runs a way as often as asked, several at once, each on an embedded AWS of its own. */
async function inLanes(/** @type {(aws: EmbeddedAws) => Promise<void>} */ way) {
  let begun = 0;
  const lane = async () => {
    while (begun < runs) {
      begun += 1;
      await onEmbeddedAws(way);
    }
  };
  await Promise.all(Array.from({ length: Math.min(runs, Number(options.lanes)) }, lane));
}

async function onEmbeddedAws(/** @type {(aws: EmbeddedAws) => Promise<void>} */ way) {
  const folder = await mkdtemp(join(tmpdir(), 'recode-bench-'));
  const command = (/** @type {readonly string[]} */ ...args) => run(process.execPath, [recode, ...args], { env: variablesIn(folder) });
  try {
    const { stdout } = await command('local', 'up', '--latency', 'calibrated', '--json');
    await way({ endpoint: JSON.parse(stdout).endpoint, folder, command });
  } finally {
    // What has failed before is what counts.
    await command('local', 'down').catch(() => {});
    await rm(folder, { recursive: true, force: true });
  }
}

/** All operations once, by Recode. */
async function recodeWay(/** @type {EmbeddedAws} */ { endpoint, command }) {
  const measure = async (/** @type {Operation} */ name, /** @type {readonly string[]} */ ...args) => {
    await coolDown(endpoint);
    const begin = performance.now();
    await command('aws', ...args, '--local');
    times[name]?.recode.push((performance.now() - begin) / 1000);
  };
  const start = ['--no-clone', '--no-open', '--auto-stop', 'never'];
  await measure('firstStart', 'start', 'acme/first', ...start);
  await measure('start', 'start', 'acme/api', ...start);
  transitions.start ??= await transitionsOfLastStart(endpoint);
  await measure('stop', 'stop', 'acme/api');
  await measure('restart', 'start', 'acme/api', ...start);
  await measure('remove', 'remove', 'acme/api', '--force');
  await command('aws', 'remove', 'acme/first', '--local', '--force');
  await measure('uninstall', 'uninstall', '--force');
}

/** Ends all sandboxes. */
async function coolDown(/** @type {string} */ endpoint) {
  await fetch(`${endpoint}/_local/clock`, { method: 'POST', body: JSON.stringify({ advanceMilliseconds: untilCold }) });
  // The sweep for environments to stop runs meanwhile.
  await sleep(3_000);
}

/** All operations once, by the waiter way. */
async function measureWaiterWay(/** @type {EmbeddedAws} */ { endpoint, folder }) {
  const key = join(folder, 'key');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', key]);
  const publicKey = (await readFile(`${key}.pub`, 'utf8')).trim();
  const userData = `#cloud-config\nusers:\n  - name: recode\n    ssh_authorized_keys: [${publicKey}]\nssh_keys: {}\nbootcmd:\n  - echo Port 2200 > /etc/ssh/sshd_config.d/port.conf\n`;
  const way = waiterWay({ endpoint, region, publicKey, userData });
  const measure = async (/** @type {Operation} */ name, /** @type {() => Promise<void>} */ operation) => {
    const begin = performance.now();
    await operation();
    times[name]?.waiterWay.push((performance.now() - begin) / 1000);
  };
  try {
    await measure('firstStart', () => way.firstStart('first'));
    await measure('start', () => way.start('api'));
    await measure('stop', () => way.stop('api'));
    await measure('restart', () => way.restart('api'));
    await measure('remove', () => way.remove('api'));
    await way.remove('first');
    await measure('uninstall', () => way.uninstall());
  } finally {
    way.close();
  }
}

/** How many states the last start has entered, its retries included. */
async function transitionsOfLastStart(/** @type {string} */ endpoint) {
  const sfn = new SFNClient({ endpoint, region, credentials: { accessKeyId: 'bench', secretAccessKey: 'test' } });
  try {
    const stateMachineArn = `arn:aws:states:${region}:000000000000:stateMachine:recode-start`;
    const { executions = [] } = await sfn.send(new ListExecutionsCommand({ stateMachineArn, maxResults: 1 }));
    const history = await sfn.send(new GetExecutionHistoryCommand({ executionArn: executions[0]?.executionArn, maxResults: 1000 }));
    const events = history.events ?? [];
    const entered = events.filter(({ stateEnteredEventDetails }) => stateEnteredEventDetails).length;
    const attempts = events.filter(({ type }) => type === 'LambdaFunctionScheduled').length;
    return entered + attempts - events.filter(({ type }) => type === 'TaskStateEntered').length;
  } finally {
    sfn.destroy();
  }
}

/** @param {readonly number[]} seconds @returns {Times} */
function summary(seconds) {
  const sorted = [...seconds].sort((one, other) => one - other);
  const at = (/** @type {number} */ share) =>
    round2(sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN);
  return { p50: at(0.5), p95: at(0.95), times: seconds.map(round2) };
}

/** @param {number} number */
function round2(number) {
  return Math.round(number * 100) / 100;
}

function report() {
  const columns = ['operation', 'p50', 'p95', 'EC2 itself', 'more', 'at most', 'waiter way', 'ratio', 'at most'];
  /** @type {string[]} */
  const missed = [];
  const rows = Object.entries(targets).map(([name, target]) => {
    const result = /** @type {Result} */ (results[name]);
    const more = result.recode.p95 - target.ec2;
    const ratio = result.recode.p50 / result.waiterWay.p50;
    if (more > target.overhead)
      missed.push(`${target.title} takes ${more.toFixed(1)} s more than EC2 itself. The limit is ${target.overhead} s.`);
    if (ratio > target.ratio)
      missed.push(`${target.title} takes ${ratio.toFixed(2)} times as long as the waiter way. The limit is ${target.ratio}.`);
    if (target.transitions !== undefined && (result.transitions ?? 0) > target.transitions)
      missed.push(`${target.title} enters ${result.transitions} states. The limit is ${target.transitions}.`);
    return [
      target.title,
      ...[result.recode.p50, result.recode.p95, target.ec2, more, target.overhead, result.waiterWay.p50].map((seconds) =>
        seconds.toFixed(1),
      ),
      ...[ratio, target.ratio].map((number) => number.toFixed(2)),
    ];
  });
  const widths = columns.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of [columns, ...rows])
    console.log(
      row.map((text, column) => (column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0))).join('  '),
    );
  for (const sentence of missed) console.error(sentence);
  if (options.check && missed.length > 0) process.exitCode = 1;
}
