import { setTimeout as sleep } from 'node:timers/promises';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { expect } from 'vitest';
import type { CancelInput } from '../../core/document.ts';
import type { OperationKind } from '../../core/operations.ts';
import type { Called } from '../harness/proof.ts';
import { begin, ended } from '../harness/workflows.ts';
import { type Contender, enter, type Outcome, outcomeOf } from './together-race.ts';

export interface Storm {
  /** The same seed makes the same clients do the same things; when each comes is the machine's to decide. */
  readonly seed: number;
  readonly clients: number;
  /** How many executions each client starts, one after the other. */
  readonly operations: number;
  /** How long a client waits at most before the next one. */
  readonly pauseMilliseconds: number;
  /** Whose environments of acme/api there are. */
  readonly owners: readonly string[];
  /** How often which operation is chosen. */
  readonly weights: Readonly<Partial<Record<OperationKind, number>>>;
  /** How an operation may end. */
  readonly allowed: Readonly<Partial<Record<OperationKind, readonly Outcome[]>>>;
  /** How probable it is that a sandbox crashes at some call meanwhile, that the execution itself is killed, and that it is cancelled. */
  readonly crashes: number;
  readonly kills: number;
  readonly cancels: number;
}

/** What happened in a storm, a line each, in the order in which it ended. */
export type Log = string[];

/** Lets clients start executions at random, and has sandboxes crash and executions killed meanwhile. Each has to end in an allowed way. */
export async function storm(aws: TestAws, settings: Storm, log: Log): Promise<void> {
  const begin = Date.now();
  const client = async (number: number) => {
    const random = generator(settings.seed + number);
    for (let count = 0; count < settings.operations; count++) {
      const kind = choose(random, settings.weights);
      const owner = settings.owners[Math.floor(random() * settings.owners.length)] ?? '';
      const crash = random() < settings.crashes ? await letCrash(aws, random) : '';
      const fate = random();
      const end = fate < settings.kills ? kill : fate < settings.kills + settings.cancels && kind !== 'uninstall' ? cancel : undefined;
      const endAfter = random() * 400;
      await sleep(random() * settings.pauseMilliseconds);
      const from = Date.now() - begin;
      const name = kind === 'rename' && random() < 0.5 ? 'acme-api' : 'billing';
      const outcome = await run(aws, { kind, owner, name }, end && ((arn) => sleep(endAfter).then(() => end(aws, owner, arn))));
      const what = `client ${number}'s ${kind} of ${owner}: ${outcome}${end ? `, to ${end.name}` : ''}${crash}`;
      log.push(`${from}-${Date.now() - begin} ms ${what}`);
      expect([...(settings.allowed[kind] ?? []), ...(end ? ['killed'] : [])], what).toContain(outcome);
    }
  };
  await Promise.all(Array.from({ length: settings.clients }, (_, number) => client(number)));
  await aws.delete('faults');
}

async function run(aws: TestAws, contender: Contender, end: ((executionArn: string) => Promise<void>) | undefined): Promise<Outcome> {
  const executionArn = await enter(aws, contender);
  await end?.(executionArn);
  return outcomeOf(aws, executionArn);
}

async function kill({ clients: { sfn } }: TestAws, _: string, executionArn: string): Promise<void> {
  await sfn.send(new StopExecutionCommand({ executionArn }));
}

/** Cancels an execution if it holds the environment, as "recode aws cancel" does. */
async function cancel(aws: TestAws, owner: string, executionArn: string): Promise<void> {
  const input: Called<CancelInput> = { caller: 'carol', environment: { owner, repository: 'acme/api' }, executionArn };
  expect(await ended(aws, await begin(aws, 'cancel', input))).toMatchObject({ status: 'SUCCEEDED' });
}

const crashable = {
  dynamodb: ['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'Query'],
  ec2: [
    ...[
      'DescribeInstances',
      'DescribeKeyPairs',
      'DescribeNetworkInterfaces',
      'CreateSecurityGroup',
      'CreateNetworkInterface',
      'ImportKeyPair',
    ],
    ...['RunInstances', 'StartInstances', 'StopInstances', 'TerminateInstances', 'DeleteNetworkInterface', 'DeleteSecurityGroup'],
    ...['ModifyNetworkInterfaceAttribute', 'CreateTags', 'DeleteKeyPair'],
  ],
};

/** Has the sandbox of the next call to some action killed before or after it. */
async function letCrash(aws: TestAws, random: () => number): Promise<string> {
  const service = random() < 0.5 ? 'dynamodb' : 'ec2';
  const action = crashable[service][Math.floor(random() * crashable[service].length)] ?? '';
  const kind = random() < 0.5 ? 'crash-before' : 'crash-after';
  await aws.post('faults', { service, action, kind });
  return `, with a ${kind} of the next ${action}`;
}

function choose(random: () => number, weights: Storm['weights']): OperationKind {
  const entries = Object.entries(weights) as [OperationKind, number][];
  let left = random() * entries.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [kind, weight] of entries) {
    left -= weight;
    if (left < 0) return kind;
  }
  throw new Error('There is nothing to choose from.');
}

/** A small generator of numbers from 0 to 1 (mulberry32), which a seed determines. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
