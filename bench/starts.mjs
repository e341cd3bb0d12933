// Starts many environments in one region, and measures at some numbers of them what one more start takes: time, calls and units of DynamoDB,
// and the memory of the embedded AWS, in which all of them run.
// node bench/starts.mjs [--count 1000] [--at 1,2,150,1000] [--lanes 4]: fails if a start does not succeed, writes more than 20 units, or uses
// more units than the first one by a tenth. Run it on an idle machine.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { DescribeSubnetsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { build } from 'esbuild';
import { memoryOf } from './memory.mjs';
import { recode, variablesIn } from './recode.mjs';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
const { values } = parseArgs({
  options: { count: { type: 'string', default: '1000' }, at: { type: 'string', default: '' }, lanes: { type: 'string', default: '4' } },
});
const count = Number(values.count);
const milestones = (values.at === '' ? [1, 2, 150, count] : values.at.split(',').map(Number)).filter((number) => number <= count);
const most = { writeUnits: 20, growth: 1.1 };
const region = 'us-east-1';
const perOwner = 5;
// Nobody connects: any key will do.
const publicKey = `ssh-ed25519 ${Buffer.concat([Buffer.from('\0\0\0\x0bssh-ed25519\0\0\0\x20', 'latin1'), randomBytes(32)]).toString('base64')}`;
const readKilobytes = 4;

/**
 * @typedef {{ reads: number, writes: number, readUnits: number, writeUnits: number }} Used
 * @typedef {Used & { number: number, seconds: number, megabytes: number, subnets: number }} Row
 */

const folder = await mkdtemp(join(tmpdir(), 'recode-bench-'));
const command = (/** @type {readonly string[]} */ ...args) =>
  promisify(execFile)(process.execPath, [recode, ...args], { env: variablesIn(folder) });
try {
  const { endpoint } = JSON.parse((await command('local', 'up', '--json')).stdout);
  const prove = await proverIn(folder);
  const access = { endpoint, region, credentials: { accessKeyId: 'bench', secretAccessKey: 'local' } };
  const aws = { sfn: new SFNClient(access), dynamodb: new DynamoDBClient(access), ec2: new EC2Client(access) };
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
  for (const client of Object.values(aws)) client.destroy();

  /** Starts the environment of a number, and waits until it is started. */
  async function start(/** @type {number} */ number) {
    const { owner, repository } = subject(number);
    const name = `start-${number}`;
    const executionArn = `arn:aws:states:${region}:000000000000:execution:recode-start:${name}`;
    const input = { environment: { owner, repository }, request: { publicKey } };
    const proof = await prove(executionArn, input, { credentials: { accessKeyId: owner, secretAccessKey: 'local' }, endpoint });
    const stateMachineArn = `arn:aws:states:${region}:000000000000:stateMachine:recode-start`;
    await aws.sfn.send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify({ ...input, proof }) }));
    for (;;) {
      const { status, error, cause } = await aws.sfn.send(new DescribeExecutionCommand({ executionArn }));
      if (status === 'SUCCEEDED') return;
      if (status !== 'RUNNING') throw new Error(`The start of ${repository} ended: ${status} ${error} ${cause}`);
      await sleep(50);
    }
  }

  /** The same of one that nothing runs beside, and what it took. */
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
    const { Subnets = [] } = await aws.ec2.send(new DescribeSubnetsCommand({}));
    return {
      number,
      seconds,
      reads,
      writes,
      readUnits: reads * Math.ceil(kilobytes / readKilobytes),
      writeUnits: writes * Math.ceil(kilobytes),
      megabytes: memoryOf(join(folder, 'local')),
      subnets: Subnets.length,
    };
  }

  /** The size of an environment's record: names and values, as DynamoDB counts them to within a few bytes. */
  async function sizeOf(/** @type {{ owner: string, repository: string }} */ { owner, repository }) {
    const Key = { kind: { S: 'environment' }, id: { S: `${owner}/${repository}` } };
    const { Item } = await aws.dynamodb.send(new GetItemCommand({ TableName: 'recode-config-dynamodb-table', Key }));
    if (!Item) throw new Error(`There is no record of ${repository}.`);
    return JSON.stringify(Item).length;
  }
} finally {
  // What has failed before is what counts.
  await command('local', 'down').catch(() => {});
  await rm(folder, { recursive: true, force: true }).catch(() => {});
}

/** @param {number} number */
function subject(number) {
  return { owner: `developer-${Math.ceil(number / perOwner)}`, repository: `acme/service-${number}` };
}

/**
 * What the CLI proves with who starts an execution.
 *
 * @param {string} directory
 */
async function proverIn(directory) {
  const outfile = join(directory, 'prove.mjs');
  const entry = join(import.meta.dirname, '../cli/identity/prove.ts');
  const banner = { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" };
  await build({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'esm', banner, logLevel: 'error' });
  return /** @type {typeof import('../cli/identity/prove.ts').prove} */ ((await import(pathToFileURL(outfile).href)).prove);
}

/** @param {readonly Row[]} rows */
function report(rows) {
  const head = ['environments', 'seconds', 'reads', 'writes', 'read units', 'write units', 'memory, MB', 'subnets'];
  console.log(`| ${head.join(' | ')} |\n| ${head.map(() => '---').join(' | ')} |`);
  for (const { number, seconds, reads, writes, readUnits, writeUnits, megabytes, subnets } of rows)
    console.log(`| ${[number, seconds.toFixed(1), reads, writes, readUnits, writeUnits, megabytes.toFixed(0), subnets].join(' | ')} |`);
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
