import { GetConsoleOutputCommand } from '@aws-sdk/client-ec2';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterEach, describe, expect, it } from 'vitest';
import { updateItem } from '../../aws/records/hold/table.ts';
import { readEnvironment } from '../../aws/records/read/environment.ts';
import { deployForTests } from '../harness/deployment.ts';
import { expectFailure } from '../harness/failure.ts';
import { beginHeld, letGo } from '../harness/pace.ts';
import { hasCalled, type User } from '../harness/users.ts';
import { ended, somePublicKey } from '../harness/workflows.ts';

let aws: TestAws;
let bob: User;
let carol: User;
deployForTests((deployed, user) => {
  aws = deployed;
  bob = user('bob');
  carol = user('carol');
});
afterEach(() => letGo(aws));

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/);
const logs = ['logs', 'acme/api'];
const environment = { owner: 'bob', repository: 'acme/api' };
type Operation = { executionArn: string; steps: { sentence: string; endedAt: string | null; failedAttempts: unknown[] }[] };

/** Starts an operation that nobody waits for, and resolves to its ARN once it has ended. */
async function inBackground(...args: string[]): Promise<string> {
  const { executionArn } = (await bob.run([...args, '--no-wait', '--json'])).json as { executionArn: string };
  await ended(aws, executionArn);
  return executionArn;
}

/** What the command prints as JSON of the operations. */
async function operationsIn(args: readonly string[], user = bob): Promise<Operation[]> {
  const { code, json, stderr } = await user.run([...args, '--json']);
  expect(code, stderr).toBe(0);
  expect(json).toMatchObject(environment);
  return (json as { operations: Operation[] }).operations;
}

// One environment's life, begun here and looked at later.
it('shows why an operation has failed, and when', async () => {
  await aws.post('faults', {
    service: 'ec2',
    action: 'RunInstances',
    kind: 'error',
    code: 'VcpuLimitExceeded',
    message: 'None.',
  });
  const why = 'AWS says: None (VcpuLimitExceeded).';
  const executionArn = await inBackground('start', 'acme/api');
  const error = { name: 'QuotaReached', message: why };
  const failed = { executionArn, kind: 'start', owner: 'bob', status: 'failed', startedAt: time, endedAt: time, error };
  expect(await operationsIn(logs)).toMatchObject([failed]);
  expect((await bob.run([...logs, '--json=repository'])).json).toEqual({ repository: 'acme/api' });
  expect((await bob.prints([...logs, '--json', '--jq', '.operations[].error.name'])).stdout).toBe('QuotaReached\n');
  const shown = await bob.prints(logs);
  expect(shown).toMatchObject({ code: 0, stderr: '' });
  expect(shown.stdout).toMatch(
    /^acme\/api \(bob\): start failed, started \d+s ago by you\n\nSTARTED +TOOK +STEP\n\S+Z +\d+\.\ds +Locking the environment\n/,
  );
  expect(shown.stdout).toContain(`  QuotaReached: ${why}\n`);
  expect(shown.stdout.endsWith(`\n\n  ${why}\n`)).toBe(true);
  expect((await bob.run([...logs, '--console'])).stdout).toBe('acme/api has no instance yet.\n');
});

it('shows the steps of what has succeeded, also once it is followed and another machine has no file of it', async () => {
  const executionArn = await inBackground('start', 'acme/api');
  const followed = await bob.run(['follow', 'acme/api']);
  for (const user of [bob, carol]) {
    const [{ steps = [], ...shown } = {}, ...others] = await operationsIn([...logs, '--owner', 'bob'], user);
    expect(others).toEqual([]);
    expect(shown).toEqual({ executionArn, kind: 'start', owner: 'bob', status: 'succeeded', startedAt: time, endedAt: time, error: null });
    expect(steps.filter(({ endedAt }) => endedAt === null)).toEqual([]);
    for (const { sentence } of steps) expect(followed.stdout).toContain(`${sentence}\n`);
  }
});

it('shows several operations, oldest first, and the one that was refused where it was started', async () => {
  await bob.run(['stop', 'acme/api']);
  expect(await operationsIn([...logs, '-n', '2'])).toMatchObject([{ kind: 'start' }, { kind: 'stop' }]);
  const refused = await inBackground('start', 'acme/api', '--instance-type', 'm7g.large');
  const operations = await operationsIn([...logs, '--count', '10']);
  const outcomes = operations.map((operation) => Object(operation).error?.name ?? Object(operation).kind);
  expect(outcomes).toEqual(['QuotaReached', 'start', 'stop', 'ArchitectureDiffers']);
  expect(operations.at(-1)).toMatchObject({
    executionArn: refused,
    steps: [{ state: 'BeginOperation' }],
  });
  expect(await operationsIn([...logs, '-n', '2', '--owner', 'bob'], carol)).toMatchObject([{ kind: 'start' }, { kind: 'stop' }]);
  const { stdout } = await bob.run([...logs, '-n', '3']);
  expect(stdout.match(/^acme\/api .*$/gm)).toHaveLength(3);
});

it("shows the operation in progress, also a teammate's, with the attempts that were retried", async () => {
  await bob.run(['start', 'acme/api']);
  const executionArn = await beginHeld(aws, 'stopping', { caller: 'alice', environment });
  const [operation] = await operationsIn([...logs, '--owner', 'bob'], carol);
  expect(operation).toMatchObject({ executionArn, kind: 'stop', owner: 'alice', status: 'running', endedAt: null, error: null });
  expect(operation?.steps.filter(({ endedAt }) => endedAt === null)).toEqual([
    {
      state: 'CheckInstanceStopped',
      sentence: 'Waiting for the instance to stop',
      startedAt: time,
      endedAt: null,
      failedAttempts: [{ name: expect.stringMatching(/^\w+$/), message: expect.stringMatching(/./), at: time }],
    },
  ]);
  letGo(aws);
  await ended(aws, executionArn);
});

it('follows an operation in progress to its end, and does not wait if there is none', async () => {
  expect((await bob.run([...logs, '-f'])).stdout).toMatch(/^acme\/api \(bob\): stop succeeded[\s\S]*\n\nNo operation is running\.\n$/);
  await bob.run(['start', 'acme/api']);
  const executionArn = await beginHeld(aws, 'stopping', { caller: 'alice', environment });
  await aws.delete('calls');
  const both = [bob.run([...logs, '-f', '-n', '2']), carol.run([...logs, '-f', '--owner', 'bob', '--json'])] as const;
  await hasCalled(aws, bob, 'DescribeStateMachineForExecution', 3);
  await hasCalled(aws, carol, 'DescribeStateMachineForExecution', 2);
  letGo(aws);
  const [{ code, stdout }, { json, stderr }] = await Promise.all(both);
  const [before, heading, live = ''] = stdout.split(/^(acme\/api \(bob\): stop running, started .* ago by alice)$/m);
  expect(before).toContain('start succeeded, started');
  expect(heading).toBeDefined();
  const lines = live.trim().split('\n');
  expect(lines.filter((each) => !/^\d{4}-\S+Z {2}\S| {4}\w+: /.test(each))).toEqual([]);
  const shown = lines.map((each) => each.replace(/^\S+ {2}/, '').replace(/\d+\.\ds$/, 'a while'));
  const sentence = 'Waiting for the instance to stop';
  expect(shown).toEqual(expect.arrayContaining(['Locking the environment', 'Locking the environment: done in a while', sentence]));
  expect(shown[shown.indexOf(sentence) + 1]).toMatch(/^ {2}AwsUnavailable: /);
  expect(shown.at(-1)).toBe('Succeeded');
  expect(code).toBe(0);
  expect(json).toMatchObject({ operations: [{ executionArn, status: 'succeeded' }] });
  expect(stderr).toContain('Saving the environment: done in');
});

it('says in one line that Step Functions has forgotten an operation', async () => {
  const { clients } = aws;
  const executionArn = (number: number) => `arn:aws:states:us-east-1:${aws.accountId}:execution:recode-stop:long-ago-${number}`;
  const past = { kind: 'stop', owner: 'alice', startedAt: '2026-01-01T00:00:00.000Z', endedAt: '2026-01-01T00:01:00.000Z' };
  const lastOperations = [
    { ...past, executionArn: executionArn(1) },
    { ...past, executionArn: executionArn(2), error: 'QuotaReached' },
    // As a newer version may remember it.
    { ...past, executionArn: executionArn(3), kind: 'snapshot', endedAt: undefined },
  ];
  const key = { kind: 'environment', id: 'bob/acme/api' } as const;
  await updateItem(clients.dynamodb, key, { set: { lastOperations }, when: 'attribute_exists(#kind)', values: {} });
  const { code, stdout } = await bob.run([...logs, '-n', '3']);
  expect(stdout.replaceAll(/\d+d ago/g, 'N ago')).toBe(
    [
      'acme/api (bob): stop succeeded, started N ago by alice. Step Functions no longer has its steps.\n',
      'acme/api (bob): stop failed, started N ago by alice (QuotaReached). Step Functions no longer has its steps.\n',
      'acme/api (bob): snapshot, started N ago by alice. Step Functions no longer has its steps.\n',
    ].join('\n'),
  );
  expect(code).toBe(0);
  const forgotten = { startedAt: past.startedAt, steps: null };
  expect(await operationsIn([...logs, '-n', '3'])).toMatchObject([
    { ...forgotten, status: 'succeeded', error: null },
    { ...forgotten, status: 'failed', error: { name: 'QuotaReached', message: null } },
    { ...forgotten, status: null, endedAt: null, error: null },
  ]);
});

it.each([
  [['--json=output'], "Unknown JSON field 'output'. Available fields: repository, owner, operations."],
  [['--timeline', '--json=steps'], "Unknown JSON field 'steps'. Available fields: repository, owner, operations."],
  [['--console', '--json=operations'], "Unknown JSON field 'operations'. Available fields: repository, owner, instanceId, at, output."],
  [['--jq', '.'], '--jq needs --json.'],
  [['--json', '--jq', '.['], 'Invalid --jq'],
])('refuses what is no choice of its JSON before it asks AWS: %j', async (options, message) => {
  await aws.delete('calls');
  const { code, stderr, stdout } = await bob.prints([...logs, ...options]);
  expect(code).toBe(2);
  expect(stdout + stderr).toContain(message);
  expect(((await aws.get('calls')) as { calls: unknown[] }).calls).toEqual([]);
});

describe('recode aws logs --console', () => {
  it('shows what the instance has printed, without obeying it', async () => {
    await bob.run(['start', 'acme/api']);
    const record = await readEnvironment(aws.clients.dynamodb, environment);
    const { instanceId } = record?.observed ?? {};
    const { Output = '' } = await aws.clients.ec2.send(new GetConsoleOutputCommand({ InstanceId: instanceId }));
    const printed = Buffer.from(Output, 'base64').toString();
    expect(printed).toContain('SSH HOST KEY FINGERPRINTS');
    expect(await bob.prints([...logs, '--console'])).toEqual({ code: 0, stdout: printed, stderr: '' });
    const { json } = await carol.run([...logs, '--console', '--owner', 'bob', '--json']);
    expect(json).toEqual({ ...environment, instanceId, at: time, output: printed });
    const output = await bob.prints([...logs, '--console', '--json=output', '--jq', '.output']);
    expect(output.stdout.trimEnd()).toBe(printed.trimEnd());
  });

  it('shows that of an instance that its first start is waiting for, as it is now if its type can', async () => {
    const subject = { owner: 'dora', repository: 'acme/new' };
    const request = { publicKey: somePublicKey, instanceType: 't3.micro' };
    const executionArn = await beginHeld(aws, 'pending', { caller: 'dora', environment: subject, request });
    await aws.delete('calls');
    const { json } = await carol.run(['logs', 'acme/new', '--console', '--owner', 'dora', '--json']);
    expect(json).toMatchObject({ ...subject, instanceId: expect.stringMatching(/^i-/) });
    const { calls } = (await aws.get('calls')) as { calls: { action: string; outcome: string }[] };
    expect(calls.filter(({ action }) => action === 'GetConsoleOutput')).toHaveLength(1);
    letGo(aws);
    await ended(aws, executionArn);
  });

  it('says that the instance is gone', async () => {
    await aws.post('faults', { service: 'ec2', action: 'GetConsoleOutput', kind: 'error', code: 'InvalidInstanceID.NotFound', count: 2 });
    expect((await bob.run([...logs, '--console'])).stdout).toMatch(/^EC2 no longer shows i-\w+, the instance of acme\/api\.\n$/);
  });
});

it.each([
  [['-n', '0'], "Invalid --count '0'. Use a number from 1 to 10."],
  [['--count', '11'], "Invalid --count '11'. Use a number from 1 to 10."],
  [['-n', '1.5'], "Invalid --count '1.5'. Use a number from 1 to 10."],
  [['--console', '-f'], '--console cannot be used with --follow.'],
  [['--console', '-n', '2'], '--console cannot be used with --count.'],
])('refuses %j', async (options, message) => {
  const args = [...logs, ...options];
  expectFailure(await bob.run(args), ['aws', ...args], { name: 'UsageNotValid', message, usage: 'recode aws logs' });
});

it('refuses what has no environment', async () => {
  const message = 'carol has no environment for acme/api in us-east-1.';
  for (const args of [logs, [...logs, '--console']]) {
    expectFailure(await carol.run(args), ['aws', ...args], { name: 'EnvironmentNotFound', message });
  }
});
