// A region of an embedded AWS, in which environments are started by their executions, without a command for each.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EC2Client } from '@aws-sdk/client-ec2';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { build } from 'esbuild';

// The SDK would warn about this version of Node.js.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
const region = 'us-east-1';
const perOwner = 5;
// Nobody connects: any key will do.
const publicKey = `ssh-ed25519 ${Buffer.concat([Buffer.from('\0\0\0\x0bssh-ed25519\0\0\0\x20', 'latin1'), randomBytes(32)]).toString('base64')}`;

/**
 * Opens the region.
 *
 * @param {string} endpoint
 * @param {string} folder a temporary folder
 */
export async function openRegion(endpoint, folder) {
  const prove = await proverIn(folder);
  const access = { endpoint, region, credentials: { accessKeyId: 'bench', secretAccessKey: 'local' } };
  const [sfn, dynamodb, ec2] = [new SFNClient(access), new DynamoDBClient(access), new EC2Client(access)];

  /**
   * Starts the environment of a number, and waits until it is started. Resolves to when that was, in milliseconds since the epoch.
   *
   * @param {number} number
   * @param {number} [pause] until it looks again whether it is, in milliseconds
   */
  async function start(number, pause = 50) {
    const { owner, repository } = subject(number);
    const name = `start-${number}`;
    const executionArn = `arn:aws:states:${region}:000000000000:execution:recode-start:${name}`;
    const input = { environment: { owner, repository }, request: { publicKey } };
    const proof = await prove(executionArn, input, { credentials: { accessKeyId: owner, secretAccessKey: 'local' }, endpoint });
    const stateMachineArn = `arn:aws:states:${region}:000000000000:stateMachine:recode-start`;
    await sfn.send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify({ ...input, proof }) }));
    for (;;) {
      const { status, stopDate, error, cause } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
      if (status === 'SUCCEEDED') return Number(stopDate);
      if (status !== 'RUNNING') throw new Error(`The start of ${repository} ended: ${status} ${error} ${cause}`);
      await sleep(pause);
    }
  }

  return {
    dynamodb,
    ec2,
    start,
    close() {
      for (const client of [sfn, dynamodb, ec2]) client.destroy();
    },
  };
}

/** @param {number} number */
export function subject(number) {
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
