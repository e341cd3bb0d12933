import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { vi } from 'vitest';
import { executionProgress } from '../../aws/executions/executions.ts';
import type { OperationKind } from '../../core/operations.ts';
import { begin } from './workflows.ts';

interface Step {
  readonly kind: OperationKind;
  readonly function: string;
  readonly action: string;
  /** What the step is shown as. */
  readonly sentence: string;
}

/** Steps at which an operation can be held. */
const places = {
  resolving: {
    kind: 'start',
    function: 'beginOperation',
    action: 'DescribeInstanceTypes',
    sentence: 'Locking the environment',
  },
  networking: { kind: 'start', function: 'createVpc', action: 'CreateVpc', sentence: 'Creating the VPC' },
  creating: {
    kind: 'start',
    function: 'createSecurityGroup',
    action: 'CreateSecurityGroup',
    sentence: 'Creating the security group',
  },
  starting: { kind: 'start', function: 'planStart', action: 'StartInstances', sentence: 'Starting the instance' },
  pending: { kind: 'start', function: 'checkInstanceRunning', action: 'DescribeInstances', sentence: 'Waiting for the instance to run' },
  stopping: { kind: 'stop', function: 'checkInstanceStopped', action: 'DescribeInstances', sentence: 'Waiting for the instance to stop' },
  restarting: {
    kind: 'restart',
    function: 'checkInstanceStopped',
    action: 'DescribeInstances',
    sentence: 'Waiting for the instance to stop',
  },
  moving: { kind: 'move', function: 'checkInstanceStopped', action: 'DescribeInstances', sentence: 'Waiting for the instance to stop' },
  renaming: {
    kind: 'rename',
    function: 'replaceSecurityGroup',
    action: 'DeleteSecurityGroup',
    sentence: 'Replacing the security group',
  },
  transferring: {
    kind: 'transfer',
    function: 'checkInstanceStopped',
    action: 'DescribeInstances',
    sentence: 'Waiting for the instance to stop',
  },
  removing: { kind: 'remove', function: 'terminateInstance', action: 'TerminateInstances', sentence: 'Terminating the instance' },
  uninstalling: { kind: 'uninstall', function: 'deleteRouteTable', action: 'DeleteRouteTable', sentence: 'Deleting the route table' },
} as const satisfies Record<string, Step>;
export type Place = keyof typeof places;

/** How quickly time passes while an operation is held: a second of its waiting takes a quarter of an hour. */
const crawl = 0.001;

/**
 * Holds the next operation that comes to a step there: AWS does not answer its first attempt, and time crawls until the second one. Others may
 * meanwhile do all that needs no waiting.
 */
export async function holdNext(aws: TestAws, place: Place): Promise<void> {
  const { action, function: step } = places[place];
  await aws.post('faults', { service: 'ec2', action, function: `recode-prod-${step}`, kind: 'error', code: 'InternalError', status: 500 });
  aws.clock.setRate(crawl);
}

/** Lets time pass quickly again, as `deployedAws` does, and what was held go on. */
export function letGo({ clock }: TestAws): void {
  clock.setRate(20);
}

/** Begins an operation, and resolves to its execution's ARN when it is held. */
export async function beginHeld(aws: TestAws, place: Place, input: unknown): Promise<string> {
  await holdNext(aws, place);
  const executionArn = await begin(aws, places[place].kind, input);
  await held(aws, place, executionArn);
  return executionArn;
}

/** Resolves once an execution is where it is held. */
export function held({ clients: { sfn } }: TestAws, place: Place, executionArn: string): Promise<void> {
  const { sentence } = places[place];
  return vi.waitFor(
    async () => {
      const { running, sentences } = await executionProgress(sfn, executionArn);
      if (!running || !sentences.includes(sentence)) throw new Error(`${executionArn} is at ${sentences.join(', ') || 'its end'}.`);
    },
    { timeout: 50_000, interval: 20 },
  );
}
