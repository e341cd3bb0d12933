import { randomUUID } from 'node:crypto';
import type { Execution } from '../step-functions/executions.ts';

/** An event of Step Functions, as EventBridge delivers it. */
export type StatusChange = ReturnType<typeof statusChange>;

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
    version: '0',
    id: randomUUID(),
    'detail-type': 'Step Functions Execution Status Change',
    source: 'aws.states',
    account: accountId,
    time: new Date(now).toISOString().replace(/\.\d+/, ''),
    region,
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

/** The length of a text inside JSON, in bytes. */
function sizeOf(text: string | null): number {
  return text === null ? 0 : Buffer.byteLength(JSON.stringify(text));
}
