import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, describe, expect, it } from 'vitest';
import { putEnvironment } from '../../aws/records/hold/environment.ts';
import { request } from '../functions/documents.ts';
import { deployForTests } from '../harness/deployment.ts';
import { expectAllRaised, expectFailure, raisedBy } from '../harness/failure.ts';
import type { User } from '../harness/users.ts';
import { runStart } from '../harness/workflows.ts';

let aws: TestAws;
let directory: string;
let alice: User;
deployForTests(async (deployed, user) => {
  directory = mkdtempSync(join(tmpdir(), 'recode-output-'));
  aws = deployed;
  alice = user('alice');
  await runStart(aws);
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Runs `recode` with its output led somewhere by a shell. */
function inShell(args: readonly string[], redirection: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const program = [process.execPath, join(import.meta.dirname, '../../bin/recode.js'), ...args].join(' ');
  const home = join(directory, 'home');
  mkdirSync(home, { recursive: true });
  const account = { AWS_ACCESS_KEY_ID: 'alice', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: aws.region, AWS_ENDPOINT_URL: aws.endpoint };
  const env = { PATH: process.env.PATH, HOME: home, ...account };
  return new Promise((resolve) => {
    const script = `{ ${program}; echo $? > ${home}/code; } ${redirection}`;
    execFile('/bin/sh', ['-c', script], { env, cwd: home, maxBuffer: 2 ** 30 }, (_, stdout, stderr) => {
      resolve({ code: Number(readFileSync(join(home, 'code'), 'utf8')), stdout, stderr });
    });
  });
}

const full = 'The standard output could not be written: no space is left on the device.';

describe('a full disk', () => {
  it.each([[['aws', 'list']], [['--help']], [['--version']]])('makes %j fail with the cause', async (args) => {
    expectFailure(await inShell(args, '> /dev/full'), args, { name: 'OutputNotWritten', message: full });
  });

  it('makes a command with --json tell the cause in words, as its stdout is what could not be written', async () => {
    const ran = await inShell(['aws', 'list', '--json'], '> /dev/full');
    expect(ran.stderr).toContain(`\n  ${full}\n\n`);
    expect(ran.code).toBe(1);
  });

  it('does not hide what else is wrong', async () => {
    const ran = await inShell(['aws', 'status', 'acme/none', '--json'], '> /dev/full');
    expect(ran.stderr).toContain('✗ Environment not found\n  ');
    expect(ran.stderr).toContain(full);
    expect(ran.code).toBe(3);
  });

  it('for what is shown meanwhile alone is no failure', async () => {
    const ran = await inShell(['aws', 'list', '--json'], '2> /dev/full');
    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.stdout)).toHaveLength(1);
  });
});

describe('a pipe', () => {
  it('is given all of a large output, however late it is read', async () => {
    const now = new Date().toISOString();
    await Promise.all(
      Array.from({ length: 500 }, (_, index) =>
        putEnvironment(aws.clients.dynamodb, {
          format: 2,
          uid: `uid-${index}`,
          owner: 'carol',
          repository: `acme/number-${index}`,
          wanted: { ...request, power: 'on' },
          createdAt: now,
          updatedAt: now,
        }),
      ),
    );
    const { stdout, code } = await inShell(['aws', 'list', '--all', '--json'], '| { sleep 1; cat; }');
    expect(code).toBe(0);
    expect(stdout.length).toBeGreaterThan(2 ** 17);
    expect(JSON.parse(stdout)).toHaveLength(501);
  });

  it('whose reader has gone ends the command as SIGPIPE does, without a word', async () => {
    const { code, stderr } = await inShell(['aws', 'list', '--all', '--json'], '| head -c 10');
    expect({ code, stderr }).toEqual({ code: 141, stderr: '' });
  });
});

describe('an execution that has begun', () => {
  it('is not called failed because it could not be remembered', async () => {
    const { execution } = alice.files('acme/api');
    mkdirSync(execution, { recursive: true });
    const ran = await alice.run(['stop', 'acme/api', '--no-wait']);
    const arn = `arn:aws:states:${aws.region}:${aws.accountId}:execution:recode-stop:`;
    expect(ran.stdout).toMatch(new RegExp(`^Started ${arn}\\S+\nTo follow it, run:\n  recode aws follow acme/api\n$`));
    expect(ran.stderr).toBe(`! ${execution} cannot be written: a folder is in its place.\n`);
    expect(ran.code).toBe(0);
    rmSync(execution, { recursive: true });
    expect((await alice.run(['stop', 'acme/api'])).code).toBe(0);
  });
});

it('raises all that the output can be the cause of', () => {
  expectAllRaised(raisedBy.output);
});
