import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeExecutionCommand, type SFNClient, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import type { Operation } from '../../core/operation.ts';

/** A package with one state machine that does nothing but run: its executions hold locks, and close when they are stopped. */
export function holderPackage(): string {
  const directory = mkdtempSync(join(tmpdir(), 'recode-holders-'));
  const definition = { StartAt: 'Hold', States: { Hold: { Type: 'Wait', Seconds: 86_400, End: true } } };
  const machine = {
    Type: 'AWS::StepFunctions::StateMachine',
    Properties: { StateMachineName: 'holder', DefinitionString: JSON.stringify(definition) },
  };
  writeFileSync(join(directory, 'cloudformation-template-update-stack.json'), JSON.stringify({ Resources: { Holder: machine } }));
  return directory;
}

/** Starts an execution that runs until it is closed, as the operation that it would be. */
export async function startHolder(sfn: SFNClient, owner = 'alice'): Promise<Operation & { readonly kind: 'start' }> {
  const stateMachineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:holder';
  const { executionArn = '', startDate = new Date(0) } = await sfn.send(new StartExecutionCommand({ stateMachineArn }));
  return { executionArn, kind: 'start', owner, startedAt: startDate.toISOString() };
}

/** Closes a holder's execution; returns when it was closed, in milliseconds since the epoch. */
export async function closeHolder(sfn: SFNClient, { executionArn }: Operation): Promise<number> {
  await sfn.send(new StopExecutionCommand({ executionArn }));
  const { stopDate } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
  return stopDate?.getTime() ?? Number.NaN;
}
