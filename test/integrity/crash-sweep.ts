import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { expect } from 'vitest';
import type { PersonalWorkflow } from '../../core/executions.ts';
import { keyPairFrom } from '../../core/openssh-key.ts';
import { expectConverged, expectNothing } from '../harness/inventory.ts';
import { expectKept } from '../harness/kept.ts';
import { exhaust } from '../harness/placed.ts';
import { begin, deployedAws, type Ended, ended, somePublicKey } from '../harness/workflows.ts';

/** A workflow of an environment's life, and what the account has to hold after it. */
export interface Workflow {
  readonly name: string;
  readonly kind: PersonalWorkflow;
  readonly input: unknown;
  /** The error that it ends with, where it is to be refused. */
  readonly refusal?: string;
  /** The error that it ends with if an execution before it has done all of it. Without one, it succeeds again. */
  readonly repeated?: string;
  /** It is part of a detour, which a life leaves out once nothing on it is left to be hit. */
  readonly detour?: string;
  /** What happens before it, and is undone once it has ended. */
  readonly prepare?: (aws: TestAws) => Promise<unknown>;
  readonly undo?: (aws: TestAws) => Promise<unknown>;
  expectEnd(aws: TestAws): Promise<unknown>;
}

/** A mutating call that a function makes in a clean run of a workflow. */
export interface Point {
  readonly service: string;
  readonly action: string;
  readonly function: string;
  /** How many such calls of the function go before it in the workflow. */
  readonly skip: number;
}

/** Runs a workflow to its end, whatever it does to it at the point. Returns what becomes of the life that it belongs to. */
export type Hit = (aws: TestAws, workflow: Workflow, point: Point) => Promise<'goes on' | 'is over'>;

const subject = { caller: 'alice', environment: { owner: 'alice', repository: 'acme/api' } };
const starting = {
  kind: 'start',
  input: { ...subject, request: { publicKey: somePublicKey } },
  expectEnd: (aws: TestAws) => expectConverged(aws, 1),
} as const;
const uninstalling = { kind: 'uninstall', input: { caller: 'alice' } } as const;

export const firstStart: Workflow = { name: 'first start', ...starting };
const removing = { kind: 'remove', repeated: 'EnvironmentNotFound' } as const;
export const remove: Workflow = { name: 'remove', ...removing, input: subject, expectEnd: (aws) => expectConverged(aws, 0) };
export const uninstall: Workflow = { name: 'uninstall', ...uninstalling, expectEnd: expectNothing };

/** One life passes through all workflows, from an empty account to an empty account, and may be hit once in each of them. */
const life: readonly Workflow[] = [
  firstStart,
  {
    name: 'refused uninstall',
    ...uninstalling,
    refusal: 'EnvironmentsStillExist',
    detour: 'refusal',
    expectEnd: (aws) => expectConverged(aws, 1),
  },
  { name: 'restart', kind: 'restart', input: subject, detour: 'restart', expectEnd: (aws) => expectConverged(aws, 1) },
  {
    name: 'move',
    kind: 'move',
    input: { ...subject, zone: 'us-east-1b' },
    // One that died after its launch is finished by a start.
    repeated: 'ZoneNotPossible',
    detour: 'move',
    expectEnd: async (aws) => {
      expect((await ended(aws, await begin(aws, 'start', starting.input))).status).toBe('SUCCEEDED');
      await expectConverged(aws, 1);
      await expectKept(aws, 0);
    },
  },
  { name: 'rename', kind: 'rename', input: { ...subject, name: 'billing' }, detour: 'rename', expectEnd: (aws) => expectConverged(aws, 1) },
  {
    name: 'rename back',
    kind: 'rename',
    input: { ...subject, name: 'acme-api' },
    detour: 'rename',
    expectEnd: (aws) => expectConverged(aws, 1),
  },
  {
    name: 'transfer',
    kind: 'transfer',
    // The former owner has none by then.
    repeated: 'EnvironmentNotFound',
    input: { ...subject, to: 'bob' },
    detour: 'transfer',
    expectEnd: (aws) => expectConverged(aws, 1, 'stopped'),
  },
  {
    name: 'transfer back',
    kind: 'transfer',
    repeated: 'EnvironmentNotFound',
    input: { caller: 'bob', environment: { owner: 'bob', repository: 'acme/api' }, to: 'alice' },
    detour: 'transfer',
    expectEnd: (aws) => expectConverged(aws, 1, 'stopped'),
  },
  { name: 'start with a first key', ...starting, detour: 'transfer' },
  { name: 'stop', kind: 'stop', input: subject, detour: 'rest', expectEnd: (aws) => expectConverged(aws, 1, 'stopped') },
  {
    name: 'added key',
    kind: 'keys',
    input: { ...subject, change: { action: 'add', publicKey: keyPairFrom(Buffer.alloc(32, 2), 'laptop').publicKey } },
    detour: 'rest',
    expectEnd: (aws) => expectConverged(aws, 1, 'stopped'),
  },
  {
    name: 'schedule',
    kind: 'schedule',
    input: { ...subject, change: { action: 'set', autoStop: { kind: 'after', minutes: 7 * 24 * 60 } } },
    detour: 'rest',
    expectEnd: (aws) => expectConverged(aws, 1, 'stopped'),
  },
  {
    name: 'changing start',
    kind: 'start',
    input: { ...subject, request: { publicKey: somePublicKey, instanceType: 'm5.large', volumeSize: 40, volumeType: 'gp3' } },
    detour: 'rest',
    expectEnd: (aws) => expectConverged(aws, 1),
  },
  {
    name: 'changing restart',
    kind: 'restart',
    input: { ...subject, request: { instanceType: 'm5.xlarge' } },
    detour: 'rest',
    expectEnd: (aws) => expectConverged(aws, 1),
  },
  { name: 'start', ...starting, detour: 'rest' },
  remove,
  {
    name: 'start elsewhere',
    ...starting,
    detour: 'elsewhere',
    prepare: exhaust,
    undo: (aws) => aws.delete('ec2'),
  },
  { ...remove, name: 'remove elsewhere', detour: 'elsewhere' },
  { ...firstStart, name: 'start to keep', detour: 'kept' },
  {
    name: 'remove and keep',
    ...removing,
    input: { ...subject, keep: 30 },
    detour: 'kept',
    expectEnd: async (aws) => {
      await expectConverged(aws, 0);
      await expectKept(aws, 1);
    },
  },
  {
    name: 'restore',
    kind: 'start',
    repeated: 'EnvironmentExists',
    input: { ...subject, request: { publicKey: somePublicKey, restore: true } },
    detour: 'kept',
    expectEnd: async (aws) => {
      await expectConverged(aws, 1);
      await expectKept(aws, 1);
    },
  },
  { ...remove, name: 'remove restored', input: { ...subject, keep: false }, detour: 'kept' },
  { name: 'deletion of what is kept', kind: 'delete-kept', input: subject, detour: 'kept', expectEnd: (aws) => expectKept(aws, 0) },
  uninstall,
];

/** What is left to be swept, by the name of its workflow. */
type Points = ReadonlyMap<string, Point[]>;

/**
 * Hits each mutating call that the functions make in a clean life: the calls are recorded, so that a step that is added is swept without a
 * change here. RECODE_SWEEP selects points by a part of their name, to repeat those that an earlier run has named.
 *
 * @param among which of the points count
 * @param choose sets the parameters of the stack, where they are not the defaults
 */
export async function sweep(
  crash: string,
  hit: Hit,
  among = (_: Workflow, _point: Point) => true,
  choose?: (aws: TestAws) => Promise<unknown>,
): Promise<void> {
  const deployed = async () => {
    const aws = await deployedAws();
    await choose?.(aws);
    return aws;
  };
  let aws = await deployed();
  const failures: string[] = [];
  try {
    const points = await record(aws, among);
    const counts = life.map(({ name }) => `${points.get(name)?.length} in ${name}`);
    const all = [...points.values()].flat().length;
    while ([...points.values()].some((left) => left.length > 0)) {
      const failure = await live(aws, points, hit);
      if (failure === undefined) continue;
      failures.push(`${crash}: ${failure}`);
      await aws.stop();
      aws = await deployed();
    }
    console.log(`${crash}: ${all} points swept (${counts.join(', ')})`);
  } finally {
    await aws.stop();
  }
  expect(failures).toEqual([]);
}

/** A sample of the points of each workflow: only one of so many. */
const every = Number(process.env.RECODE_SWEEP_EVERY ?? '1');
const reading = /^(Describe|Get|List|Query|Scan|Search)/;

/** Lives a clean life and notes its mutating calls. */
async function record(aws: TestAws, among: (workflow: Workflow, point: Point) => boolean): Promise<Points> {
  const points = new Map<string, Point[]>();
  for (const workflow of life) {
    await workflow.prepare?.(aws);
    await aws.delete('calls');
    expectGood(workflow, await run(aws, workflow));
    const { calls } = (await aws.get('calls')) as { calls: { service: string; action: string; functionName?: string }[] };
    const seen: Point[] = [];
    for (const { service, action, functionName } of calls) {
      if (functionName === undefined || reading.test(action)) continue;
      const skip = seen.filter((other) => other.action === action && other.function === functionName).length;
      seen.push({ service, action, function: functionName, skip });
    }
    await workflow.undo?.(aws);
    await workflow.expectEnd(aws);
    expect(seen, `Nothing mutates in ${workflow.name}.`).not.toEqual([]);
    const chosen = seen.filter((point) => among(workflow, point) && nameOf(workflow, point).includes(process.env.RECODE_SWEEP ?? ''));
    points.set(
      workflow.name,
      chosen.filter((_, index) => index % every === 0),
    );
  }
  return points;
}

/** Lives one life and hits it at the next point of each workflow. Returns what went wrong, after which the account is of no use any more. */
async function live(aws: TestAws, points: Points, hit: Hit): Promise<string | undefined> {
  const names: string[] = [];
  const detours = life.filter(({ name }) => points.get(name)?.length).map(({ detour }) => detour);
  for (const workflow of life.filter(({ detour }) => detour === undefined || detours.includes(detour))) {
    const point = points.get(workflow.name)?.shift();
    names.push(point ? nameOf(workflow, point) : `${workflow.name}, left alone`);
    try {
      await workflow.prepare?.(aws);
      if (point && (await hit(aws, workflow, point)) === 'is over') return undefined;
      if (!point) expectGood(workflow, await run(aws, workflow));
      await workflow.undo?.(aws);
      await workflow.expectEnd(aws);
    } catch (error) {
      return `${names.reverse().join(', after ')}: ${(error as Error).message}`;
    }
  }
  return undefined;
}

const nameOf = ({ name }: Workflow, point: Point) => `${name} ${point.function.replace(/^.*-/, '')} ${point.action} ${point.skip}`;

/** Hits a workflow with a fault from which its own retries have to lead to the end. */
export function retried(kind: 'crash-before' | 'crash-after' | 'lost-answer'): Hit {
  return async (aws, workflow, point) => {
    await aws.post('faults', { ...point, kind });
    expectGood(workflow, await run(aws, workflow));
    expect(await faultsLeft(aws), 'faults that did not happen').toEqual([]);
    return 'goes on';
  };
}

/** How fast time passes where what happens must not depend on how busy the machine is: slower than in other tests. */
export const carefulRate = 4;

/** Begins a workflow and stops its execution as soon as its call meets the fault, before Step Functions tries again. */
export async function kill(
  aws: TestAws,
  workflow: Workflow,
  fault: Point & { readonly kind: string; readonly milliseconds?: number },
): Promise<void> {
  const rate = aws.clock.rate();
  aws.clock.setRate(carefulRate);
  await aws.post('faults', fault);
  const executionArn = await begin(aws, workflow.kind, workflow.input);
  while ((await faultsLeft(aws)).length > 0 && (await isRunning(aws, executionArn))) await sleep(2);
  await aws.clients.sfn.send(new StopExecutionCommand({ executionArn }));
  expect(await ended(aws, executionArn)).toMatchObject({ status: 'ABORTED' });
  aws.clock.setRate(rate);
}

/** Waits until no Lambda is at work any more: they live in real time, and the clock may run ahead of what is under way. */
export async function lambdasEnded(aws: TestAws): Promise<void> {
  while (((await aws.get('lambda')) as { underWay: unknown[] }).underWay.length > 0) await sleep(5);
}

export const run = async (aws: TestAws, { kind, input }: Workflow) => ended(aws, await begin(aws, kind, input));

/** Expects the end that a workflow has where nothing goes wrong. */
export function expectGood({ refusal }: Workflow, { status, error, cause }: Ended<unknown>): void {
  const good = refusal === undefined ? { status: 'SUCCEEDED' } : { status: 'FAILED', error: refusal };
  expect({ status, error }, cause).toEqual(good);
}

/** Expects the same of one that was killed and is run again: the killed one may have left no environment to remove. */
export function expectRepeated(workflow: Workflow, end: Ended<unknown>): void {
  if (end.error === undefined || end.error !== workflow.repeated) expectGood(workflow, end);
}

export async function isRunning({ clients: { sfn } }: TestAws, executionArn: string): Promise<boolean> {
  return (await sfn.send(new DescribeExecutionCommand({ executionArn }))).status === 'RUNNING';
}

async function faultsLeft(aws: TestAws): Promise<readonly unknown[]> {
  return ((await aws.get('faults')) as { faults: unknown[] }).faults;
}
