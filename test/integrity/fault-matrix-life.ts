import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { expect } from 'vitest';
import type { ErrorName } from '../../core/errors.ts';
import type { PersonalWorkflow } from '../../core/executions.ts';
import { keyPairFrom } from '../../core/openssh-key.ts';
import { settleSeconds } from '../../core/operation.ts';
import { expectConverged, expectNothing } from '../harness/inventory.ts';
import { expectKept } from '../harness/kept.ts';
import { exhaust } from '../harness/placed.ts';
import { begin, type Ended, ended, somePublicKey } from '../harness/workflows.ts';
import { damage, leaveLock, leaveVolume, silence } from './fault-matrix-leftovers.ts';

/** A workflow of the life that every fault is put into. */
export interface Stage {
  readonly name: string;
  readonly kind: PersonalWorkflow;
  readonly input: unknown;
  /** What was left behind before it. */
  readonly prepare?: (aws: TestAws) => Promise<unknown>;
  /** What it fails with although nothing is in its way but what was left behind; absent where it succeeds. */
  readonly error?: ErrorName;
  /**
   * The detour that it is a part of: only the calls that no stage before it makes are of interest. A life leaves a detour out once none of its
   * stages has anything left to meet.
   */
  readonly detour?: string;
  /** What the account holds after it. */
  expectEnd(aws: TestAws): Promise<unknown>;
}

const environment = { owner: 'alice', repository: 'acme/api' };
const subject = { caller: 'alice', environment };
const start = { kind: 'start', input: { ...subject, request: { publicKey: somePublicKey } } } as const;
const stop = { kind: 'stop', input: subject } as const;
const started = (aws: TestAws) => expectConverged(aws, 1);

/** From an empty account to an empty account, through every workflow and past what crashes leave behind. */
export const life: readonly Stage[] = [
  { name: 'first start', ...start, expectEnd: started },
  { name: 'stop', ...stop, prepare: (aws) => leaveLock(aws, 'environment'), expectEnd: (aws) => expectConverged(aws, 1, 'stopped') },
  {
    name: 'added key',
    kind: 'keys',
    input: { ...subject, change: { action: 'add', publicKey: keyPairFrom(Buffer.alloc(32, 2), 'laptop').publicKey } },
    expectEnd: (aws) => expectConverged(aws, 1, 'stopped'),
  },
  {
    name: 'schedule',
    kind: 'schedule',
    input: { ...subject, change: { action: 'set', autoStop: { kind: 'after', minutes: 7 * 24 * 60 } } },
    expectEnd: (aws) => expectConverged(aws, 1, 'stopped'),
  },
  { name: 'start', ...start, expectEnd: started },
  { name: 'restart', kind: 'restart', input: subject, detour: 'restart', expectEnd: started },
  { name: 'rename', kind: 'rename', input: { ...subject, name: 'billing' }, detour: 'rename', expectEnd: started },
  { name: 'rename back', kind: 'rename', input: { ...subject, name: 'acme-api' }, detour: 'rename', expectEnd: started },
  {
    name: 'transfer',
    kind: 'transfer',
    input: { ...subject, to: 'bob' },
    detour: 'transfer',
    expectEnd: (aws) => expectConverged(aws, 1, 'stopped'),
  },
  {
    name: 'transfer back',
    kind: 'transfer',
    input: { caller: 'bob', environment: { ...environment, owner: 'bob' }, to: 'alice' },
    detour: 'transfer',
    expectEnd: (aws) => expectConverged(aws, 1, 'stopped'),
  },
  { name: 'start with a first key', ...start, detour: 'transfer', expectEnd: started },
  {
    name: 'start without SSH',
    ...start,
    prepare: silence,
    error: 'SshNotReady',
    detour: 'silence',
    expectEnd: async (aws) => aws.clock.advance(settleSeconds * 1000),
  },
  { name: 'mending start', ...start, prepare: damage, detour: 'damage', expectEnd: started },
  {
    name: 'growing start',
    kind: 'start',
    input: { ...subject, request: { publicKey: somePublicKey, volumeSize: 40, volumeType: 'gp3' } },
    detour: 'growth',
    expectEnd: started,
  },
  {
    name: 'changing restart',
    kind: 'restart',
    input: { ...subject, request: { instanceType: 'm5.large' } },
    detour: 'type',
    expectEnd: started,
  },
  { name: 'remove', kind: 'remove', input: subject, prepare: leaveVolume, expectEnd: (aws) => expectConverged(aws, 0) },
  {
    name: 'start elsewhere',
    ...start,
    prepare: exhaust,
    detour: 'elsewhere',
    expectEnd: async (aws) => {
      await aws.delete('ec2');
      await started(aws);
    },
  },
  { name: 'remove elsewhere', kind: 'remove', input: subject, detour: 'elsewhere', expectEnd: (aws) => expectConverged(aws, 0) },
  { name: 'start to keep', ...start, detour: 'kept', expectEnd: started },
  // before a restore, whose last steps it has, too: what has failed in them can be moved again, but not be restored again
  { name: 'move', kind: 'move', input: subject, detour: 'kept', expectEnd: started },
  {
    name: 'remove and keep',
    kind: 'remove',
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
    input: { ...subject, request: { publicKey: somePublicKey, restore: true } },
    detour: 'kept',
    expectEnd: started,
  },
  { name: 'remove restored', kind: 'remove', input: subject, detour: 'kept', expectEnd: (aws) => expectConverged(aws, 0) },
  { name: 'deletion of what is kept', kind: 'delete-kept', input: subject, detour: 'kept', expectEnd: (aws) => expectKept(aws, 0) },
  {
    name: 'uninstall',
    kind: 'uninstall',
    input: { caller: 'alice' },
    prepare: (aws) => leaveLock(aws, 'network'),
    expectEnd: expectNothing,
  },
];

/** More often than any call is made. */
export const lasting = 1_000_000;

/** A call that a function makes in a stage of the clean life. */
export interface Point {
  readonly service: string;
  readonly action: string;
  /** The function's name in the stack, and what the workflow calls it. */
  readonly function: string;
  readonly step: string;
  /** How many such calls of the function go before it in the stage. */
  readonly skip: number;
}

// How often they look depends on how fast the machine is.
const polling = ['checkInstanceRunning', 'checkInstanceStopped', 'checkInstanceTerminated', 'checkImageAvailable', 'checkSsh'];

/** Lives a clean life and notes the calls of the functions, so that a call that is added is met without a change here. */
export async function record(aws: TestAws): Promise<ReadonlyMap<Stage, readonly Point[]>> {
  const points = new Map<Stage, Point[]>();
  for (const stage of life) {
    await stage.prepare?.(aws);
    await aws.delete('calls');
    const ended = await run(aws, stage);
    expect(asExpected(stage, ended), `${stage.name}: ${ended.status} ${ended.error}: ${ended.cause}`).toBe(true);
    const before = [...points.values()].flat();
    const noted: Point[] = [];
    for (const { service, action, functionName } of await callsOf(aws)) {
      if (functionName === undefined) continue;
      const step = functionName.split('-').at(-1) ?? '';
      const same = (other: Point) => other.action === action && other.step === step;
      const skip = noted.filter(same).length;
      if ((skip > 0 && polling.includes(step)) || (stage.detour && before.some(same))) continue;
      noted.push({ service, action, function: functionName, step, skip });
    }
    points.set(stage, noted);
    await stage.expectEnd(aws);
  }
  return points;
}

export interface Call {
  readonly service: string;
  readonly action: string;
  readonly functionName?: string;
  readonly outcome: string;
}

/** The calls since they were forgotten last. */
export async function callsOf(aws: TestAws): Promise<readonly Call[]> {
  return ((await aws.get('calls')) as { calls: Call[] }).calls;
}

/** Whether an execution ended as the stage has it. */
export function asExpected(stage: Stage, { status, error }: Ended<unknown>): boolean {
  return stage.error === undefined ? status === 'SUCCEEDED' : error === stage.error;
}

/** Runs the workflow of a stage to its end. */
export async function run(aws: TestAws, { kind, input }: Stage): Promise<Ended<unknown>> {
  return ended(aws, await begin(aws, kind, input));
}
