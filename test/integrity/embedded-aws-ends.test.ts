import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kill } from '@recode/embedded-aws/testing/process';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { expectAllRaised, expectFailure, raisedBy } from '../harness/failure.ts';
import { type Ran, recode } from '../harness/recode.ts';

let directory: string;
let local: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'recode-ends-'));
  local = join(directory, 'local');
});
afterEach(async () => {
  await recode(['local', 'down'], { directory });
  rmSync(directory, { recursive: true });
});

const run = (...args: string[]) => recode(args, { directory });
const start = ['aws', 'start', 'acme/api', '--local'];
const log = () => join(local, 'embedded-aws.log');
// What Linux says of ENOSPC, which full(4) promises for every write to /dev/full: "No space left on device".
const noSpace = () => `The embedded AWS could not write its state in ${local}: no space is left on the disk.`;
/** Makes the next write to a file of the state fail as on a full disk. Once the file is deleted, the disk has space again. */
const fillUp = (path: string) => symlinkSync('/dev/full', join(local, path));

/** Starts the embedded AWS, and an environment that waits for its VPC; resolves once it waits. */
async function startThatWaits(): Promise<{ ended: Promise<Ran>; pid: number }> {
  const { endpoint, pid } = (await run('local', 'up', '--json')).json as { endpoint: string; pid: number };
  const ask = async (name: string, init?: RequestInit) => (await fetch(`${endpoint}/_local/${name}`, init)).json();
  const delay = { service: 'ec2', action: 'CreateVpc', kind: 'delay', milliseconds: 3_600_000 };
  await ask('faults', { method: 'POST', body: JSON.stringify(delay) });
  const ended = run(...start);
  const waits = async () => JSON.stringify(await ask('calls')).includes('CreateVpc');
  while (!(await waits())) await new Promise((resume) => setTimeout(resume, 20));
  return { ended, pid };
}

/** The failure without the progress before it. */
function failureOf({ code, stdout, stderr }: Ran): Pick<Ran, 'code' | 'stdout' | 'stderr'> {
  return { code, stdout, stderr: stderr.slice(stderr.indexOf('✗ ')) };
}

describe('a full disk', () => {
  it('ends the embedded AWS with its cause, and nothing is half written', async () => {
    await run('local', 'up');
    fillUp('state/ec2.json.next');
    expectFailure(failureOf(await run(...start)), start, { name: 'LocalDiskFull', message: noSpace() });
    expect(readFileSync(log(), 'utf8')).toContain(`The embedded AWS ends. ${noSpace()}`);
    expect(readdirSync(join(local, 'state')).filter((name) => name.startsWith('ec2'))).toEqual([]);
  });

  it('is survived by the state: the same command continues once there is space', async () => {
    await run('local', 'up');
    fillUp('state/ec2.json.next');
    expectFailure(failureOf(await run(...start)), start, { name: 'LocalDiskFull', message: noSpace() });
    const ran = await run(...start);
    expect(ran.stdout + ran.stderr).toContain('Started acme/api');
    expect(ran.code).toBe(0);
  });

  it.each([[start], [['local', 'up']]])('is what %j says, if the embedded AWS cannot start because of it', async (args) => {
    mkdirSync(local);
    fillUp('settings.json.next');
    expectFailure(failureOf(await run(...args)), args, { name: 'LocalDiskFull', message: noSpace() });
  });
});

describe('while a command runs', () => {
  it('a reset is named', async () => {
    const { ended } = await startThatWaits();
    expect((await run('local', 'reset', '--force')).code).toBe(0);
    expectFailure(failureOf(await ended), start, { name: 'LocalAwsReset', message: `The state in ${local} was deleted.` });
  });

  it('a stop is named', async () => {
    const { ended } = await startThatWaits();
    expect((await run('local', 'down')).code).toBe(0);
    expectFailure(failureOf(await ended), start, {
      name: 'LocalAwsStopped',
      message: `Another command stopped the embedded AWS in ${local}.`,
    });
  });

  it('a killed process is named', async () => {
    const { ended, pid } = await startThatWaits();
    await kill(pid);
    expectFailure(failureOf(await ended), start, { name: 'LocalAwsEnded', message: `Its process was killed. Its log is ${log()}.` });
  });

  it('a deleted state directory is named, and does not appear again', async () => {
    const { ended, pid } = await startThatWaits();
    await vi.waitFor(() => {
      // Sandboxes that start meanwhile may still unpack their code there.
      rmSync(local, { recursive: true, force: true });
    });
    process.kill(pid, 'SIGTERM');
    expectFailure(failureOf(await ended), start, { name: 'LocalAwsReset', message: `The state in ${local} was deleted.` });
    expect(existsSync(local)).toBe(false);
  });
});

it('raises all that the end of the embedded AWS can be the cause of', () => {
  expectAllRaised(raisedBy['embedded-aws-ends']);
});
