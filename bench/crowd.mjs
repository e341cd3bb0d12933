// Starts many environments at once where AWS refuses a request too many: the embedded AWS with `throttled` latency. Compares the time that
// this takes, on its clock, with the shortest that EC2 allows: two launches a second, after a few at once, and one boot.
// node bench/crowd.mjs [--count 100]: fails if a start does not succeed, or all together take too long. Run it on an idle machine.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { memoryOf } from './memory.mjs';
import { recode, variablesIn } from './recode.mjs';
import { openRegion } from './region.mjs';

const { values } = parseArgs({ options: { count: { type: 'string', default: '100' } } });
const count = Number(values.count);
// https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
const launches = { atOnce: 5, perSecond: 2 };
// From the call of RunInstances to SSH, as the latency `calibrated` has it.
const bootSeconds = 29.2;
const most = 1.15;
// DescribeExecution has a limit, too.
const pause = 8_000;

const folder = await mkdtemp(join(tmpdir(), 'recode-bench-'));
const command = (/** @type {readonly string[]} */ ...args) =>
  promisify(execFile)(process.execPath, [recode, ...args], { env: variablesIn(folder) });
try {
  const { endpoint } = JSON.parse((await command('local', 'up', '--latency', 'throttled', '--json')).stdout);
  const { start, close } = await openRegion(endpoint, folder);
  // It creates the network.
  await start(1, pause);
  const begun = Date.now();
  const ends = await Promise.allSettled(Array.from({ length: count }, (_, index) => start(index + 2, pause)));
  const failed = ends.flatMap((end) => (end.status === 'rejected' ? [String(end.reason)] : []));
  for (const message of failed) console.error(message);
  const last = Math.max(...ends.map((end) => (end.status === 'fulfilled' ? end.value : begun)));
  const seconds = (last - begun) / 1000;
  const floor = Math.max(0, count - launches.atOnce) / launches.perSecond;
  const allowed = most * floor + bootSeconds;
  console.log(
    `${count} starts at once: ${seconds.toFixed(1)} s, with ${memoryOf(join(folder, 'local')).toFixed(0)} MB. EC2 itself takes ${floor + bootSeconds} s.`,
  );
  if (seconds > allowed) console.error(`They take ${seconds.toFixed(1)} s. The limit is ${allowed.toFixed(1)} s.`);
  if (failed.length > 0 || seconds > allowed) process.exitCode = 1;
  close();
} finally {
  // What has failed before is what counts.
  await command('local', 'down').catch(() => {});
  await rm(folder, { recursive: true, force: true }).catch(() => {});
}
