// Starts many environments in one region, and measures at some numbers of them what one more start takes: time, calls and units of DynamoDB,
// and the memory and the open files of the embedded AWS, in which all of them run.
// node bench/starts.mjs [--count 1000] [--at 1,2,50,150,1000] [--lanes 4]: fails if a start does not succeed, writes more than 20 units, or uses
// more units than the first one by a tenth. Run it on an idle machine.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { DescribeSubnetsCommand } from '@aws-sdk/client-ec2';
import { memoryOf, openFilesOf } from './memory.mjs';
import { recode, variablesIn } from './recode.mjs';
import { openRegion, subject } from './region.mjs';

const { values } = parseArgs({
  options: { count: { type: 'string', default: '1000' }, at: { type: 'string', default: '' }, lanes: { type: 'string', default: '4' } },
});
const count = Number(values.count);
const milestones = (values.at === '' ? [1, 2, 50, 150, count] : values.at.split(',').map(Number)).filter((number) => number <= count);
const most = { writeUnits: 20, growth: 1.1 };
const readKilobytes = 4;

/**
 * @typedef {{ reads: number, writes: number, readUnits: number, writeUnits: number }} Used
 * @typedef {Used & { number: number, seconds: number, megabytes: number, files: number, subnets: number }} Row
 */

const folder = await mkdtemp(join(tmpdir(), 'recode-bench-'));
const command = (/** @type {readonly string[]} */ ...args) =>
  promisify(execFile)(process.execPath, [recode, ...args], { env: variablesIn(folder) });
try {
  const { endpoint } = JSON.parse((await command('local', 'up', '--json')).stdout);
  const { dynamodb, ec2, start, close } = await openRegion(endpoint, folder);
  /** @type {Row[]} */
  const rows = [];
  let begun = 0;
  for (const milestone of milestones) {
    // Those before the milestone, several at once.
    const lane = async () => {
      while (begun + 1 < milestone) {
        begun += 1;
        await start(begun);
      }
    };
    await Promise.all(Array.from({ length: Number(values.lanes) }, lane));
    begun = milestone;
    rows.push(await measured(milestone));
    console.log(JSON.stringify(rows.at(-1)));
  }
  report(rows);
  close();

  /** Starts the environment of a number, which nothing runs beside, and tells what it took. */
  async function measured(/** @type {number} */ number) {
    await fetch(`${endpoint}/_local/calls`, { method: 'DELETE' });
    const before = performance.now();
    await start(number);
    const seconds = (performance.now() - before) / 1000;
    const answer = await fetch(`${endpoint}/_local/calls`);
    const { calls } = /** @type {{ calls: { service: string, action: string, functionName?: string }[] }} */ (await answer.json());
    const made = calls.filter(({ service, functionName }) => service === 'dynamodb' && functionName !== undefined);
    const writes = made.filter(({ action }) => /^(Put|Update|Delete)Item$/.test(action)).length;
    const reads = made.length - writes;
    // As if each call were about the largest item: the environment's record.
    const kilobytes = (await sizeOf(subject(number))) / 1024;
    const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
    return {
      number,
      seconds,
      reads,
      writes,
      readUnits: reads * Math.ceil(kilobytes / readKilobytes),
      writeUnits: writes * Math.ceil(kilobytes),
      megabytes: memoryOf(join(folder, 'local')),
      files: openFilesOf(join(folder, 'local')),
      subnets: Subnets.length,
    };
  }

  /** The size of an environment's record: names and values, as DynamoDB counts them to within a few bytes. */
  async function sizeOf(/** @type {{ owner: string, repository: string }} */ { owner, repository }) {
    const Key = { kind: { S: 'environment' }, id: { S: `${owner}/${repository}` } };
    const { Item } = await dynamodb.send(new GetItemCommand({ TableName: 'recode-config-dynamodb-table', Key }));
    if (!Item) throw new Error(`There is no record of ${repository}.`);
    return JSON.stringify(Item).length;
  }
} finally {
  // What has failed before is what counts.
  await command('local', 'down').catch(() => {});
  await rm(folder, { recursive: true, force: true }).catch(() => {});
}

/** @param {readonly Row[]} rows */
function report(rows) {
  const head = ['environments', 'seconds', 'reads', 'writes', 'read units', 'write units', 'memory, MB', 'open files', 'subnets'];
  console.log(`| ${head.join(' | ')} |\n| ${head.map(() => '---').join(' | ')} |`);
  for (const { number, seconds, reads, writes, readUnits, writeUnits, megabytes, files, subnets } of rows)
    console.log(
      `| ${[number, seconds.toFixed(1), reads, writes, readUnits, writeUnits, megabytes.toFixed(0), files, subnets].join(' | ')} |`,
    );
  // The first start in the region creates the network, too.
  const [first, ...later] = rows.filter(({ number }) => number > 1);
  const grown = later.filter(
    (row) => row.readUnits > most.growth * (first?.readUnits ?? 0) || row.writeUnits > most.growth * (first?.writeUnits ?? 0),
  );
  for (const { number } of grown) console.error(`The start of environment ${number} uses more units than that of ${first?.number}.`);
  const above = rows.filter(({ writeUnits }) => writeUnits > most.writeUnits);
  for (const { number, writeUnits } of above)
    console.error(`The start of environment ${number} writes ${writeUnits} units. The limit is ${most.writeUnits}.`);
  if (grown.length + above.length > 0) process.exitCode = 1;
}
