import { setTimeout as sleep } from 'node:timers/promises';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { expect } from 'vitest';
import type { OperationKind } from '../../core/operations.ts';
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
  /** How probable it is that a sandbox crashes at some call meanwhile, and that the execution itself is killed. */
  readonly crashes: number;
  readonly kills: number;
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
      const killAfter = random() < settings.kills ? random() * 400 : undefined;
      await sleep(random() * settings.pauseMilliseconds);
      const from = Date.now() - begin;
      const outcome = await run(aws, { kind, owner }, killAfter);
      const what = `client ${number}'s ${kind} of ${owner}: ${outcome}${killAfter === undefined ? '' : ', to be killed'}${crash}`;
      log.push(`${from}-${Date.now() - begin} ms ${what}`);
      expect(killAfter === undefined ? settings.allowed[kind] : [...(settings.allowed[kind] ?? []), 'killed'], what).toContain(outcome);
    }
  };
  await Promise.all(Array.from({ length: settings.clients }, (_, number) => client(number)));
  await aws.delete('faults');
}

async function run(aws: TestAws, contender: Contender, killAfter: number | undefined): Promise<Outcome> {
  const executionArn = await enter(aws, contender);
  if (killAfter !== undefined) {
    await sleep(killAfter);
    await aws.clients.sfn.send(new StopExecutionCommand({ executionArn }));
  }
  return outcomeOf(aws, executionArn);
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
