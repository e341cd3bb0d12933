import { randomUUID } from 'node:crypto';
import type { Execution } from '../step-functions/executions.ts';

/** An event, as EventBridge delivers it. */
export type Event = StatusChange | StateChange;
/** An event of Step Functions. */
export type StatusChange = ReturnType<typeof statusChange>;
/** An event of EC2. */
export type StateChange = ReturnType<typeof stateChange>;

/** The longest input and output of an event, in bytes. */
const longestData = 248 * 1024;

/**
 * The event that an execution has started or ended.
 * https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
 */
export function statusChange(
  execution: Pick<Execution, 'executionArn' | 'stateMachineArn' | 'name' | 'startDate' | 'input' | 'closed'>,
  { accountId, region, now }: { accountId: string; region: string; now: number },
) {
  const { executionArn, stateMachineArn, name, startDate, input, closed } = execution;
  const status = closed?.status ?? 'RUNNING';
  const output = closed?.output ?? null;
  const outputFits = sizeOf(output) <= longestData;
  const inputFits = sizeOf(input) + sizeOf(output) <= longestData;
  const redrivable = status !== 'RUNNING' && status !== 'SUCCEEDED';
  return {
    ...envelope({ accountId, region, at: now }),
    'detail-type': 'Step Functions Execution Status Change' as const,
    source: 'aws.states' as const,
    resources: [executionArn],
    detail: {
      executionArn,
      stateMachineArn,
      name,
      status,
      startDate,
      stopDate: closed?.stopDate ?? null,
      input: inputFits ? input : null,
      output: outputFits ? output : null,
      stateMachineVersionArn: null,
      stateMachineAliasArn: null,
      redriveCount: 0,
      redriveDate: null,
      redriveStatus: redrivable ? 'REDRIVABLE' : 'NOT_REDRIVABLE',
      redriveStatusReason: redrivable ? null : `Execution is ${status} and cannot be redriven`,
      inputDetails: { included: inputFits },
      outputDetails: output === null ? null : { included: outputFits },
      error: closed?.error ?? null,
      cause: closed?.cause ?? null,
    },
  };
}

/**
 * The event that an instance has entered a state.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-state-changes.html
 *
 * @param at when it entered it, in milliseconds since the epoch
 */
export function stateChange(
  { id, state, at }: { id: string; state: string; at: number },
  { accountId, region }: { accountId: string; region: string },
) {
  return {
    ...envelope({ accountId, region, at }),
    'detail-type': 'EC2 Instance State-change Notification' as const,
    source: 'aws.ec2' as const,
    resources: [`arn:aws:ec2:${region}:${accountId}:instance/${id}`],
    detail: { 'instance-id': id, state },
  };
}

/** What all events begin with. */
function envelope({ accountId, region, at }: { accountId: string; region: string; at: number }) {
  const time = new Date(at).toISOString().replace(/\.\d+/, '');
  return { version: '0', id: randomUUID(), account: accountId, time, region };
}

/** The length of a text inside JSON, in bytes. */
function sizeOf(text: string | null): number {
  return text === null ? 0 : Buffer.byteLength(JSON.stringify(text));
}
