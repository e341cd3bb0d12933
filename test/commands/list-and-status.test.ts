import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { describe, expect, it } from 'vitest';
import { updateItem } from '../../aws/records/hold/table.ts';
import { deployForTests } from '../harness/deployment.ts';
import { expectAllRaised, expectFailure, raisedBy } from '../harness/failure.ts';
import { beginHeld, letGo } from '../harness/pace.ts';
import type { User } from '../harness/users.ts';
import { ended, runStart, runStop, somePublicKey } from '../harness/workflows.ts';

let aws: TestAws;
let alice: User;
let bob: User;
/** What the start of alice's environment has printed as JSON. */
let started: Record<string, unknown>;
deployForTests((deployed, user) => {
  aws = deployed;
  alice = user('alice');
  bob = user('bob');
});

/** What a command prints that succeeds, times left out. */
async function shown(user: User, args: readonly string[]): Promise<string> {
  const printed = await user.prints(args);
  expect(printed).toMatchObject({ code: 0, stderr: '' });
  return printed.stdout.replace(/\b\d+[sm] ago/g, 'NOW');
}

/** The cells of a list, with the times and estimates left out that depend on the day. */
function cellsOf(list: string): string[][] {
  const rows = list.trimEnd().split('\n');
  return rows.map((row) => row.split(/ {2,}/).map((cell) => cell.replace(/^~\$\d+(\.\d\d)?$/, '~$').replace(/^\d+s$/, 'UP')));
}

/** Runs a command of alice's that does not wait; resolves to its execution's ARN. */
async function begunBy(args: readonly string[]): Promise<string> {
  return ((await alice.run(args)).json as { executionArn: string }).executionArn;
}

describe('where Recode is not installed', () => {
  it('a list says so', async () => {
    expect(await shown(alice, ['list'])).toBe('Recode is not installed in us-east-1\n');
    expect((await alice.run(['list', '--all', '--json'])).json).toEqual([]);
  });

  it.each(['status', 'stop'])('%s is refused', async (command) => {
    const ran = await alice.run([command, 'acme/api']);
    const message = 'There is no table recode-config-dynamodb-table in this region.';
    expectFailure(ran, ['aws', command, 'acme/api'], { name: 'RecodeNotInstalled', message });
  });
});

describe('a list', () => {
  it('is empty, or the one of everyone', async () => {
    await runStart(aws, { owner: 'bob', repository: 'acme/web' });
    await runStop(aws, { owner: 'bob', repository: 'acme/web' });
    expect(await shown(alice, ['list'])).toBe('alice has no environments in us-east-1\n');
    expect(cellsOf(await shown(alice, ['list', '--all']))).toEqual([
      ['REPOSITORY', 'OWNER', 'STATUS', 'TYPE', 'ADDRESS', 'UP', 'STOPS', '$/HOUR', 'MONTH', 'UPDATED'],
      ['acme/web', 'bob', 'stopped', 't2.medium', '-', '-', '-', '$0.051', '~$', 'NOW'],
    ]);
  });

  it('shows what has failed, beside what has not', async () => {
    started = (await alice.run(['start', 'acme/api', '--auto-stop', 'never', '--json'])).json as Record<string, unknown>;
    await aws.post('faults', {
      service: 'ec2',
      action: 'RunInstances',
      kind: 'error',
      code: 'VcpuLimitExceeded',
      message: 'None.',
    });
    await runStart(aws, { repository: 'acme/a-longer-name', instanceType: 'm6g.large' });
    const address = String(started.publicIpAddress);
    expect(cellsOf(await shown(alice, ['list']))).toEqual([
      ['REPOSITORY', 'STATUS', 'TYPE', 'ADDRESS', 'UP', 'STOPS', '$/HOUR', 'MONTH', 'UPDATED'],
      ['acme/a-longer-name', 'creating (failed)', 'm6g.large', '-', '-', '-', '$0.082', '-', 'NOW'],
      ['acme/api', 'started', 't2.medium', address, 'UP', 'never', '$0.051', '~$', 'NOW'],
    ]);
  });

  it('is a list of objects with the fields of a start and the hours of the owner, in JSON', async () => {
    const listed = (await alice.run(['list', '--all', '--json'])).json as Record<string, unknown>[];
    expect(listed.map(({ owner, repository, status }) => [owner, repository, status])).toEqual([
      ['alice', 'acme/a-longer-name', 'creating'],
      ['alice', 'acme/api', 'started'],
      ['bob', 'acme/web', 'stopped'],
    ]);
    for (const one of listed) expect(Object.keys(one)).toEqual([...Object.keys(started), 'ownerHours']);
    expect(listed[1]).toEqual({ ...started, executionArn: null, created: false, changed: false, ownerHours: null });
  });
});

describe('chosen fields', () => {
  it('are all that is printed, of a list and of a status', async () => {
    expect((await alice.run(['list', '--all', '--json', 'status,owner'])).json).toEqual([
      { status: 'creating', owner: 'alice' },
      { status: 'started', owner: 'alice' },
      { status: 'stopped', owner: 'bob' },
    ]);
    expect((await alice.run(['status', '--json=host,network', 'acme/api'])).json).toEqual({
      host: started.host,
      network: expect.objectContaining({ vpcId: expect.stringMatching(/^vpc-/) }),
    });
    expect((await alice.run(['status', '--json', 'acme/api'])).json).toMatchObject({
      repository: 'acme/api',
      resources: expect.anything(),
    });
  });

  it('that do not exist are refused', async () => {
    const { code, json } = await alice.run(['list', '--json', 'state']);
    const message = expect.stringMatching(
      /^Unknown JSON field 'state'\. Available fields: repository, owner, .*, updatedAt, ownerHours\.$/,
    );
    const nextStep = 'Run "recode aws list --help" to see its arguments and options.';
    expect({ code, json }).toEqual({ code: 2, json: { error: { name: 'UsageNotValid', title: 'Invalid command', message, nextStep } } });
  });

  it('are filtered with --jq, which prints texts as they are', async () => {
    const filter = '.[] | [.owner, .status] | @tsv';
    expect((await alice.prints(['list', '--all', '--json', '--jq', filter])).stdout).toBe(
      'alice\tcreating\nalice\tstarted\nbob\tstopped\n',
    );
    expect((await alice.prints(['status', 'acme/api', '--json', '--jq', '.host, .stopAt, .port, .allowCidrs'])).stdout).toBe(
      `${started.host}\n\n2200\n["0.0.0.0/0"]\n`,
    );
  });

  it.each([
    ['.[', 'Invalid --jq expression: syntax error, unexpected end of file'],
    ['.[0].owner.x', 'The --jq expression fails: Cannot index string with string'],
  ])('leave standard output empty where the expression fails: %s', async (expression, message) => {
    const { code, stdout, stderr } = await alice.prints(['list', '--all', '--json', '--jq', expression]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('are named on a terminal where none are chosen', async () => {
    expect((await alice.inTerminal(['list', '--json'], [])).text).toMatch(
      /\]\s+For some fields only, use --json=<fields>: repository, owner, /,
    );
    expect((await alice.inTerminal(['list', '--json', 'owner'], [])).text).not.toContain('For some fields only');
  });

  it('are filtered until Ctrl-C, whatever the expression does', async () => {
    const interrupted = new Promise((resolve) => setTimeout(resolve, 3000));
    expect((await alice.run(['list', '--json', '--jq', 'def f: f; f'], { interrupted })).code).toBe(130);
  });
});

describe('--web', () => {
  const page = (fragment: string) => `https://console.aws.amazon.com/ec2/home?region=us-east-1#${fragment}`;
  /** A program that stands in for a browser and keeps what it was started with. */
  function browser(exitCode = 0) {
    const folder = mkdtempSync(join(tmpdir(), 'recode-browser-'));
    const [program, kept] = [join(folder, 'browser'), join(folder, 'kept')];
    writeFileSync(program, `#!/bin/sh\nprintf '%s\\n' "$@" >> '${kept}'\nexit ${exitCode}\n`, { mode: 0o755 });
    return { env: { BROWSER: `${program} --new` }, kept: () => readFileSync(kept, 'utf8') };
  }

  it('opens the page of the instance, and the list of instances', async () => {
    const { env, kept } = browser();
    const status = await alice.run(['status', 'acme/api', '--web'], { env });
    const url = page(`InstanceDetails:instanceId=${started.instanceId}`);
    expect(status).toMatchObject({ code: 0, stdout: '', stderr: `Opening ${url} in your browser.\n` });
    expect(await alice.run(['list', '--web'], { env })).toMatchObject({ code: 0, stdout: '' });
    expect(kept()).toBe(`--new\n${url}\n--new\n${page('Instances:search=recode-')}\n`);
  });

  it('prints the address where there is no browser, or where that fails', async () => {
    const url = page('Instances:search=recode-');
    expect(await alice.prints(['list', '--web'])).toEqual({ code: 0, stdout: `${url}\n`, stderr: '' });
    const failed = await alice.run(['list', '--web'], browser(3));
    expect(failed).toMatchObject({ code: 0, stdout: `${url}\n`, stderr: expect.stringMatching(/could not open it \(exit code 3\)\.\n$/) });
    const missing = await alice.run(['list', '--web'], { env: { BROWSER: '/no/browser' } });
    expect(missing).toMatchObject({ code: 0, stdout: `${url}\n`, stderr: expect.stringContaining('There is no program /no/browser.') });
  });

  it.each([
    [['--local'], '--web opens the AWS console, and the embedded AWS has none.'],
    [['--json'], '--web cannot be used with --json.'],
  ])('is refused with %j', async (options, message) => {
    for (const command of [['list'], ['status', 'acme/api']]) {
      const { code, stdout, stderr } = await alice.prints([...command, '--web', ...options]);
      expect([code, stdout + stderr]).toEqual([2, expect.stringContaining(message)]);
    }
  });

  it('has no page of an environment without an instance', async () => {
    const ran = await alice.run(['status', 'acme/a-longer-name', '--web']);
    const message = 'The environment acme/a-longer-name has no instance.';
    expectFailure(ran, ['aws', 'status', 'acme/a-longer-name', '--web'], { name: 'EnvironmentNotFinished', message });
  });
});

describe('the JSON of an environment', () => {
  it('has numbers, and what an SSH client needs, as values of their own', () => {
    expect(started).toEqual({
      repository: 'acme/api',
      owner: 'alice',
      name: 'acme-api',
      status: 'started',
      instanceId: expect.stringMatching(/^i-[0-9a-f]{17}$/),
      instanceType: 't2.medium',
      volumeSizeGiB: 16,
      volumeType: 'gp2',
      publicIpAddress: started.host,
      host: expect.stringMatching(/^127\.\d+\.\d+\.\d+$/),
      port: 2200,
      user: 'recode',
      sshConfigFile: alice.files('acme/api').sshConfig,
      sshCommand: `ssh -F ${alice.files('acme/api').sshConfig} acme-api`,
      workspaceFolder: expect.stringMatching(/\/home\/recode\/workspace\/api$/),
      allowCidrs: ['0.0.0.0/0'],
      autoStop: 'never',
      idleStop: null,
      stopAt: null,
      startedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      goneSince: null,
      // t2.medium and an address in us-east-1
      costPerHour: 0.0514,
      monthEstimate: expect.any(Number),
      currency: 'USD',
      costUnknown: null,
      created: true,
      changed: true,
      executionArn: expect.stringMatching(/:recode-start:/),
      operation: null,
      transferTo: null,
      transferFrom: null,
      lastError: null,
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
      updatedAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
  });
});

describe('the status of an environment', () => {
  it('is what is recorded of it, its resources, and how to connect', async () => {
    const { instanceId, publicIpAddress, sshCommand } = started;
    const text = await shown(alice, ['status', 'git@127.0.0.1:acme/api.git']);
    expect(text).toMatch(/^acme\/api \(alice\): started\n\n {2}updated +NOW\n {2}created +NOW\n/);
    expect(text).toMatch(
      new RegExp(
        `\n {2}address +${publicIpAddress}\n {2}stops +never\n {2}auto-stop +never\n {2}idle stop +team default\n {2}SSH allowed from +0\\.0\\.0\\.0/0\n`,
      ),
    );
    expect(text).toContain(`  instance           recode-acme-api-instance (${instanceId}, t2.medium)\n`);
    expect(text).toContain('  security group     recode-acme-api-security-group\n');
    expect(text).toMatch(/\n {2}VPC +vpc-[0-9a-f]{17}\n {2}subnet +subnet-[0-9a-f]{17}\n/);
    expect(text.endsWith(`\n\nTo connect, run:\n  ${sshCommand}\n`)).toBe(true);
  });

  it('is one object with all fields of a start, in JSON', async () => {
    expect((await alice.run(['status', 'acme/api', '--json'])).json).toEqual({
      ...started,
      executionArn: null,
      created: false,
      changed: false,
      resources: expect.arrayContaining([{ kind: 'key-pair', name: 'recode-acme-api-key-pair', id: null }]),
      backgroundError: null,
      sshError: null,
      left: null,
      network: expect.objectContaining({ vpcId: expect.stringMatching(/^vpc-/), subnetId: expect.stringMatching(/^subnet-/) }),
    });
  });

  it('connects to where the environment is now, also after a start that was not waited for', async () => {
    await runStop(aws);
    expect(await ended(aws, await begunBy(['start', 'acme/api', '--no-wait', '--json']))).toMatchObject({ status: 'SUCCEEDED' });
    const now = (await alice.run(['status', 'acme/api', '--json'])).json as Record<string, unknown>;
    expect(now.publicIpAddress).not.toBe(started.publicIpAddress);
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', `${now.sshCommand} whoami`]);
    expect(stdout).not.toBe('');
  });

  it('is reached by its name alone, where ~/.ssh/config has the line of docs/cli.md', async () => {
    const { root } = alice.files('acme/api');
    const config = join(root, 'ssh_config');
    writeFileSync(config, `Include ${root}/*/*/*/*/*/ssh_config\n`);
    const { stdout } = await promisify(execFile)('ssh', ['-F', config, 'acme-api', 'whoami']);
    expect(stdout).not.toBe('');
  });

  it('has no address while it is stopped, and no command for who has no key', async () => {
    const stopped = await shown(bob, ['status', 'acme/web']);
    expect(stopped).toMatch(/^acme\/web \(bob\): stopped\n/);
    expect(stopped).not.toMatch(/address|connect/);
    const started = await shown(bob, ['status', 'acme/api', '--owner', 'alice']);
    expect(started).toMatch(/^acme\/api \(alice\): started\n/);
    expect(started).not.toContain('connect');
  });

  it('tells the last error', async () => {
    const text = await shown(alice, ['status', 'acme/a-longer-name']);
    expect(text).toMatch(/^acme\/a-longer-name \(alice\): creating \(failed\)\n/);
    expect(text).toMatch(/\nLast error, NOW: AWS says: None \(VcpuLimitExceeded\)\.\n$/);
  });

  it('shows the operation in progress with its step, and that it ended without releasing its lock', async () => {
    const environment = { owner: 'bob', repository: 'acme/web' };
    const executionArn = await beginHeld(aws, 'starting', { caller: 'alice', environment, request: { publicKey: somePublicKey } });
    const atWork = await shown(bob, ['status', 'acme/web']);
    expect(atWork).toMatch(/^acme\/web \(bob\): starting\n/);
    expect(atWork).toMatch(/\nA start is running, started NOW by alice: Starting the instance\n$/);
    const operation = { kind: 'start', owner: 'alice', startedAt: expect.any(String), running: true, steps: ['Starting the instance'] };
    expect((await bob.run(['status', 'acme/web', '--json'])).json).toMatchObject({ status: 'starting', executionArn, operation });

    await aws.clients.sfn.send(new StopExecutionCommand({ executionArn }));
    letGo(aws);
    const dead = await shown(bob, ['status', 'acme/web']);
    expect(dead).toMatch(/\nA start, started NOW by alice, ended without releasing its lock\. The next command takes over\.\n$/);
    const { json } = await bob.run(['status', 'acme/web', '--json']);
    expect(json).toMatchObject({ operation: { ...operation, running: false, steps: [] } });
    expect(await runStop(aws, environment)).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('shows an execution that Step Functions does not know yet as just begun', async () => {
    const startedAt = new Date(aws.clock.now()).toISOString();
    const operation = {
      executionArn: `arn:aws:states:us-east-1:${aws.accountId}:execution:recode-stop:none`,
      kind: 'stop',
      owner: 'bob',
      startedAt,
    };
    const key = { kind: 'environment', id: 'bob/acme/web' } as const;
    await updateItem(aws.clients.dynamodb, key, { set: { lock: operation }, when: 'attribute_exists(#uid)', values: {} });
    expect(await shown(bob, ['status', 'acme/web'])).toMatch(/\nA stop is running, started NOW by you: just started\n$/);
  });
});

describe('an environment that does not exist', () => {
  it.each(['remove', 'follow'])('has nothing to %s', async (command) => {
    const ran = await bob.run([command, 'acme/api']);
    const message = 'bob has no environment for acme/api in us-east-1.';
    expectFailure(ran, ['aws', command, 'acme/api'], { name: 'EnvironmentNotFound', message });
  });

  it('raises all that it is told by', () => {
    expectAllRaised(raisedBy['list-and-status']);
  });
});
