import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterEach, describe, expect, it } from 'vitest';
import { readEnvironment } from '../../aws/records/read/environment.ts';
import { deployForTests } from '../harness/deployment.ts';
import { expectFailure } from '../harness/failure.ts';
import { beginHeld, holdNext, letGo } from '../harness/pace.ts';
import type { Ran } from '../harness/recode.ts';
import { hasCalled, type User } from '../harness/users.ts';
import { ended } from '../harness/workflows.ts';

let aws: TestAws;
let bob: User;
let carol: User;
deployForTests((deployed, user) => {
  aws = deployed;
  bob = user('bob');
  carol = user('carol');
});
afterEach(() => letGo(aws));

const environment = { owner: 'bob', repository: 'acme/api' };
const follow = ['follow', 'acme/api'];
const remembers = () => existsSync(bob.files('acme/api').execution);

/** Hands an operation over to AWS; resolves to its execution's ARN. */
async function handOver(user: User, args: readonly string[]): Promise<string> {
  const ran = await user.run([...args, '--no-wait', '--json']);
  expect(ran.json, ran.stderr).toMatchObject({ ...environment, executionArn: expect.stringMatching(/^arn:aws:states:us-east-1:/) });
  expect(ran.code).toBe(0);
  return (ran.json as { executionArn: string }).executionArn;
}

/** Follows something that is held, and lets it go on once it is followed. */
async function followHeld(user: User, args: readonly string[] = follow): Promise<Ran> {
  await aws.delete('calls');
  const running = user.run(args);
  await hasCalled(aws, user, 'DescribeStateMachineForExecution');
  letGo(aws);
  return running;
}

// One environment's life, begun here and looked at later.
describe('recode aws follow', () => {
  it('ends as the start would that was not waited for', async () => {
    const begun = await bob.prints(['start', 'acme/api', '--region', 'us-east-1', '--no-wait']);
    const [, executionArn = ''] = /^Started (\S+)$/m.exec(begun.stdout) ?? [];
    const stdout = `Started ${executionArn}\nTo follow it, run:\n  recode aws follow acme/api --region us-east-1\n`;
    expect(begun).toEqual({ code: 0, stdout, stderr: '' });
    const followed = await bob.prints(follow);
    expect(followed).toMatchObject({ code: 0, stderr: '' });
    expect(followed.stdout).toMatch(
      /^Locking the environment\n[\s\S]*\nChecking the SSH connection\nCloning acme\/api\n\n✓ Started acme\/api\n/,
    );
    const [, sshCommand = ''] = /\nTo connect, run:\n {2}(ssh .*)\n$/.exec(followed.stdout) ?? [];
    await promisify(execFile)('/bin/sh', ['-c', `${sshCommand} true`]);
  });

  it('says that no operation is running', async () => {
    expect(remembers()).toBe(false);
    expect(await bob.prints(follow)).toEqual({ code: 0, stdout: 'No operation is running: acme/api is started\n', stderr: '' });
    expect((await bob.run([...follow, '--json'])).json).toMatchObject({ ...environment, status: 'started', operation: null });
  });

  it("follows the operation in progress to its end, also a teammate's", async () => {
    const executionArn = await beginHeld(aws, 'stopping', { caller: 'alice', environment });
    const { code, json, stderr } = await followHeld(bob, [...follow, '--json']);
    expect(stderr).toBe('Locking the environment\nStopping the instance\nWaiting for the instance to stop\nSaving the environment\n');
    expect(json).toMatchObject({ ...environment, status: 'stopped', changed: true, executionArn });
    expect(code).toBe(0);
  });

  it('shows the end of what has ended meanwhile, once', async () => {
    const executionArn = await handOver(bob, ['start', 'acme/api']);
    expect(await ended(aws, executionArn)).toMatchObject({ status: 'SUCCEEDED' });
    expect((await bob.run([...follow, '--json'])).json).toMatchObject({ status: 'started', executionArn, created: false });
    expect((await bob.run(follow)).stdout).toBe('No operation is running: acme/api is started\n');
  });

  it('knows what was begun before it holds the environment', async () => {
    const dead = await beginHeld(aws, 'stopping', { caller: 'alice', environment });
    await aws.clients.sfn.send(new StopExecutionCommand({ executionArn: dead }));
    // Nobody enters before the last Lambda of the dead one must be dead too, and time crawls.
    const executionArn = await handOver(bob, ['stop', 'acme/api']);
    expect(await readEnvironment(aws.clients.dynamodb, environment)).toMatchObject({ lock: { executionArn: dead } });
    const { code, json } = await followHeld(bob, [...follow, '--json']);
    expect(json).toMatchObject({ status: 'stopped', executionArn });
    expect(code).toBe(0);
  });

  it('says why what was begun has failed, then follows the operation in progress', async () => {
    const { wanted } = (await readEnvironment(aws.clients.dynamodb, environment)) ?? {};
    await beginHeld(aws, 'starting', { caller: 'alice', environment, request: { publicKey: wanted?.publicKey } });
    expect(await ended(aws, await handOver(bob, ['stop', 'acme/api']))).toMatchObject({ error: 'OperationInProgress' });
    const { code, stdout } = await followHeld(bob);
    expect(stdout).toMatch(
      /^Your stop failed: A start is running on the environment acme\/api, started \d+s ago by alice\.\nA start is running, started \d+s ago by alice\.\nLocking/,
    );
    expect(stdout).toContain('✓ Started acme/api\n');
    expect(code).toBe(0);
  });

  it('shows a teammate how their environment is started, who alone connects to it', async () => {
    await holdNext(aws, 'stopping');
    await handOver(bob, ['stop', 'acme/api']);
    expect((await followHeld(carol, [...follow, '--owner', 'bob'])).stdout).toContain('✓ Stopped acme/api\n');
    await holdNext(aws, 'starting');
    await handOver(bob, ['start', 'acme/api']);
    const { stdout } = await followHeld(carol, [...follow, '--owner', 'bob']);
    expect(stdout).toMatch(/✓ Started acme\/api\n[\s\S]*\nOnly bob can connect to it\.\n$/);
    expect((await bob.run(follow)).stdout).toContain('✓ Started acme/api\n');
  });

  it('ends as the remove would that was not waited for, the files on this machine included', async () => {
    const executionArn = await handOver(bob, ['remove', 'acme/api', '--force']);
    expect(await ended(aws, executionArn)).toMatchObject({ status: 'SUCCEEDED' });
    expect(existsSync(bob.files('acme/api').key)).toBe(true);
    const { code, json } = await bob.run([...follow, '--json']);
    expect(json).toMatchObject({ ...environment, name: 'acme-api', status: 'removed', executionArn });
    expect(code).toBe(0);
    expect(existsSync(bob.files('acme/api').folder)).toBe(false);
  });

  it('fails as what it follows has failed, once', async () => {
    await aws.post('faults', {
      service: 'ec2',
      action: 'RunInstances',
      kind: 'error',
      code: 'VcpuLimitExceeded',
      message: 'None.',
    });
    await handOver(bob, ['start', 'acme/api']);
    const message = 'AWS says: None (VcpuLimitExceeded).';
    const again = 'recode aws start acme/api';
    expectFailure(await bob.run([...follow, '--json']), ['aws', ...follow, '--json'], { name: 'QuotaReached', message, again });
    const { stdout } = await bob.run(follow);
    expect(stdout.replace(/\d+s ago/, 'NOW')).toBe(
      [
        'No operation is running: acme/api is creating (failed)',
        'The last start failed NOW: AWS says: None (VcpuLimitExceeded).',
        ...['To run it again:', '  recode aws retry acme/api', ''],
      ].join('\n'),
    );
  });

  it('forgets what AWS has forgotten', async () => {
    // As after a reset of the embedded AWS, or three months.
    writeFileSync(bob.files('acme/api').execution, `arn:aws:states:us-east-1:${aws.accountId}:execution:recode-stop:long-ago\n`);
    // The command waits a quarter of a minute of its own clock for an execution to become known.
    const hurry = `const now = Date.now; const begun = now(); Date.now = () => begun + (now() - begun) * 100;`;
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hurry)}` };
    expect((await bob.run(follow, { env })).stdout).toMatch(/^No operation is running: acme\/api is creating \(failed\)\nThe last start /);
    expect(remembers()).toBe(false);
  });
});
