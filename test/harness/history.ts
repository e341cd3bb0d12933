import { type HistoryEvent, paginateGetExecutionHistory } from '@aws-sdk/client-sfn';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';

/**
 * What Step Functions lets a state pass on, in bytes, and a history have, in events:
 * https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
 */
export const [longestData, longestHistory] = [262_144, 25_000];

/** All events of an execution, the oldest first. */
export async function historyOf({ clients: { sfn } }: TestAws, executionArn: string): Promise<HistoryEvent[]> {
  const events: HistoryEvent[] = [];
  for await (const page of paginateGetExecutionHistory({ client: sfn }, { executionArn, maxResults: 1000 }))
    events.push(...(page.events ?? []));
  return events;
}

/** The length of the longest input or output of a state. */
export function longestDataIn(events: readonly HistoryEvent[]): number {
  const details = events.flatMap((event) => Object.values(event)).filter(isData);
  return Math.max(...details.flatMap(({ input = '', output = '' }) => [input.length, output.length]));
}

const isData = (details: unknown): details is { input?: string; output?: string } => typeof details === 'object' && details !== null;
