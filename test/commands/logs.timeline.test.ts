import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterEach, describe, expect, it } from 'vitest';
import type { Segment, Timeline } from '../../core/timeline.ts';
import { deployForTests } from '../harness/deployment.ts';
import { expectFailure } from '../harness/failure.ts';
import { beginHeld, letGo } from '../harness/pace.ts';
import type { User } from '../harness/users.ts';
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

const logs = ['logs', 'acme/api', '--timeline'];
const environment = { owner: 'bob', repository: 'acme/api' };
interface Operation {
  readonly kind: string;
  readonly status: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly steps: { readonly state: string }[] | null;
  readonly timeline: Timeline | null;
}

async function operationsIn(args: readonly string[], user = bob): Promise<Operation[]> {
  const { code, json, stderr } = await user.run([...args, '--json']);
  expect(code, stderr).toBe(0);
  expect(json).toMatchObject(environment);
  return (json as { operations: Operation[] }).operations;
}

const ofExecution = (segments: readonly Segment[]) => segments.filter(({ kind }) => kind !== 'cli');
const statesOf = ({ segments }: Timeline) => [...new Set(segments.flatMap(({ label, state }) => (label === null ? [] : (state ?? []))))];

function expectContiguous({ segments, totals, milliseconds }: Timeline): void {
  for (const [index, { from, to }] of segments.entries()) {
    expect(to).toBeGreaterThanOrEqual(from);
    if (index > 0) expect(from).toBe(segments[index - 1]?.to);
  }
  expect(totals.reduce((sum, total) => sum + total.milliseconds, 0)).toBe(milliseconds);
}

// One environment's life, begun here and looked at later.
it('shows where the time of a start went, from the history alone for a teammate, and with this machine where it was started', async () => {
  await bob.run(['start', 'acme/api']);
  const [mine] = await operationsIn(logs);
  const [theirs] = await operationsIn([...logs, '--owner', 'bob'], carol);
  const [whole, seen] = [mine?.timeline, theirs?.timeline];
  if (!whole || !seen) throw new Error('There is no timeline.');
  expectContiguous(whole);
  expect(ofExecution(whole.segments)).toEqual(seen.segments);
  expect(seen.segments[0]?.from).toBe(0);
  expect(seen).toMatchObject({ ended: true, milliseconds: Date.parse(mine?.endedAt ?? '') - Date.parse(mine?.startedAt ?? '') });
  expect(whole.segments.at(0)).toMatchObject({ kind: 'cli', to: 0, state: null, label: null });
  expect(whole.segments.at(-1)).toMatchObject({ kind: 'cli', from: seen.milliseconds });

  // One of the branches of each Parallel.
  const states = statesOf(seen);
  const entered = new Set((mine?.steps ?? []).map(({ state }) => state));
  expect(states).toEqual([...entered].filter((state) => states.includes(state)));
  expect(states).toEqual(expect.arrayContaining(['BeginOperation', 'LaunchInstance', 'FinishOperation']));
  expect([...states].filter((state) => ['CreateVpc', 'CreateInternetGateway'].includes(state))).toHaveLength(1);
  // Each function tells, in its first invocation, that its sandbox was new.
  const kindsOf = (name: string) => seen.segments.filter(({ state }) => state === name).map(({ kind }) => kind);
  for (const state of states.filter((name) => name !== 'BeginOperation')) expect(kindsOf(state)).not.toContain('step');
  expect(kindsOf('LaunchInstance')).toEqual(expect.arrayContaining(['aws']));
  expect(seen.totals.map(({ kind }) => kind)).not.toContain('cli');

  const { code, stdout, stderr } = await bob.prints(logs);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(
    /^acme\/api \(bob\): start succeeded, started \d+s ago by you\n\nSTEP +TOOK\nPreparing on this machine +\d+\.\ds +═+\n/,
  );
  expect(stdout).toMatch(/\nLaunching the instance +\d+\.\ds( .*)?\n/);
  expect(stdout).toMatch(/\n {2}Total +\d+\.\ds\n$/);
  expect((await carol.run([...logs, '--owner', 'bob'])).stdout).toMatch(/\n\nThe time on the machine of the command is not included\.\n$/);
});

it('shows several operations, and the delay before another attempt as waiting', async () => {
  const waits = { action: 'DescribeInstances', function: 'recode-prod-checkInstanceStopped' };
  await aws.post('faults', { service: 'ec2', ...waits, kind: 'error', code: 'InternalError', status: 500 });
  await bob.run(['stop', 'acme/api']);
  const operations = await operationsIn([...logs, '-n', '2']);
  expect(operations).toMatchObject([{ kind: 'start' }, { kind: 'stop', timeline: { ended: true } }]);
  for (const { timeline } of operations) if (timeline) expectContiguous(timeline);
  const waiting = operations[1]?.timeline?.segments.filter(({ kind, to, from }) => kind === 'waiting' && to > from);
  expect(new Set(waiting?.map(({ state }) => state))).toEqual(new Set(['CheckInstanceStopped']));
  // Only the last command's time is remembered.
  expect(operations.map(({ timeline }) => timeline?.segments.some(({ kind }) => kind === 'cli'))).toEqual([false, true]);
  const { stdout } = await bob.run([...logs, '-n', '2']);
  expect(stdout.match(/^acme\/api .*$/gm)).toHaveLength(2);
});

it('shows an operation in progress to its last event, and after a cancel to its end', async () => {
  await bob.run(['start', 'acme/api']);
  const executionArn = await beginHeld(aws, 'stopping', { caller: 'alice', environment });
  const [running] = await operationsIn([...logs, '--owner', 'bob'], carol);
  expect(running).toMatchObject({ kind: 'stop', status: 'running', timeline: { ended: false } });
  expect((await bob.run(logs)).stdout).toMatch(/\n {2}Total so far +\d+\.\ds\n/);
  aws.clock.advance(300); // of the second until the next attempt
  expect((await bob.run(['cancel', 'acme/api', '--force'])).code).toBe(0);
  letGo(aws);
  await ended(aws, executionArn);
  const [cancelled] = await operationsIn(logs);
  expect(cancelled).toMatchObject({ executionArn, status: 'failed', error: { name: 'OperationCancelled' }, timeline: { ended: true } });
  for (const timeline of [running?.timeline, cancelled?.timeline]) {
    if (!timeline) throw new Error('There is no timeline.');
    expectContiguous(timeline);
    expect(statesOf(timeline).at(-1)).toBe('CheckInstanceStopped');
  }
  // It was cancelled while it waited for the next attempt.
  expect(cancelled?.timeline?.segments.at(-1)).toMatchObject({ state: 'CheckInstanceStopped', kind: 'waiting' });
});

it('shows the way to a failure, and what was said of it', async () => {
  await bob.run(['start', 'acme/api']);
  await aws.post('faults', {
    service: 'ec2',
    action: 'StopInstances',
    kind: 'error',
    code: 'OperationNotPermitted',
    message: 'disableApiStop',
  });
  expect((await bob.run(['stop', 'acme/api'])).code).toBe(1);
  const [failed] = await operationsIn(logs);
  expect(failed).toMatchObject({ status: 'failed', error: { name: 'InstanceProtected' }, timeline: { ended: true } });
  if (!failed?.timeline) throw new Error('There is no timeline.');
  expectContiguous(failed.timeline);
  expect(statesOf(failed.timeline)).toEqual(['BeginOperation', 'StopInstance', 'FailOperation']);
  // A failed attempt tells its timing, too.
  expect(failed.timeline.totals.map(({ kind }) => kind)).not.toContain('step');
  expect((await bob.run(logs)).stdout).toMatch(/\n {2}Total +\d+\.\ds\n\n {2}AWS says: .*OperationNotPermitted.*\n$/);
});

describe('the options of recode aws logs --timeline', () => {
  it.each([
    [['--follow'], '--timeline cannot be used with --follow.'],
    [['--console'], '--console cannot be used with --timeline.'],
  ])('refuse %j', async (options, message) => {
    const args = [...logs, ...options];
    expectFailure(await bob.run(args), ['aws', ...args], { name: 'UsageNotValid', message, usage: 'recode aws logs' });
  });
});
