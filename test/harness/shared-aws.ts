import { ListExecutionsCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { expect, vi } from 'vitest';
import { scheduledWorkflows, stateMachineArn } from '../../core/executions.ts';
import { operationKinds } from '../../core/operations.ts';
import { wipe } from './wipe.ts';
import { atWorkerEnd } from './worker-end.ts';
import { deployedAws, unattended } from './workflows.ts';

let shared: Promise<TestAws> | undefined;

/**
 * The embedded AWS with the packaged stack that all test files of this worker use, one after another: deploying it, and starting each
 * function for the first time, takes longer than most tests. Its account is empty and its settings are those of `deployedAws`, but it has
 * the history of former executions and its clock is as late as they have left it.
 */
export async function sharedAws(): Promise<TestAws> {
  if (shared) {
    const aws = await shared;
    await empty(aws);
    return aws;
  }
  shared = deployedAws();
  const aws = await shared;
  atWorkerEnd(() => aws.stop());
  return aws;
}

/** Undoes all that a test file can do to an account and to the embedded AWS. */
async function empty(aws: TestAws): Promise<void> {
  await Promise.all([...['faults', 'ec2', 'latency', 'iam', 'identities'].map((setting) => aws.delete(setting)), unattended(aws)]);
  await stopExecutions(aws);
  await wipe(aws);
}

/** Stops all executions, and waits until none of their functions works any more. */
async function stopExecutions(aws: TestAws): Promise<void> {
  const { sfn } = aws.clients;
  for (const kind of [...operationKinds, 'cancel', ...scheduledWorkflows] as const) {
    const { executions = [] } = await sfn.send(
      new ListExecutionsCommand({ stateMachineArn: stateMachineArn(aws, kind), statusFilter: 'RUNNING' }),
    );
    for (const { executionArn } of executions) await sfn.send(new StopExecutionCommand({ executionArn }));
  }
  await vi.waitFor(async () => expect(await aws.get('lambda')).toMatchObject({ underWay: [] }), { timeout: 30_000, interval: 20 });
}
