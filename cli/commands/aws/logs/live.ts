import type { SFNClient } from '@aws-sdk/client-sfn';
import { followExecution } from '../../../../aws/executions/follow.ts';
import { oneLine, type Stream } from '../../../output.ts';

/** Writes what happens in an execution from its beginning to its end, a line an event. */
export async function showLive(sfn: SFNClient, executionArn: string, stream: Stream): Promise<void> {
  const enteredAt = new Map<string, Date>();
  for await (const event of followExecution(sfn, executionArn)) {
    const say = (text: string) => stream.write(`${event.at.toISOString()}  ${oneLine(text)}\n`);
    if (event.type === 'state-entered') {
      enteredAt.set(event.state, event.at);
      say(event.sentence);
    } else if (event.type === 'attempt-failed') say(`  ${event.error.name}: ${event.error.message}`);
    else if (event.type === 'state-exited') {
      say(`${event.sentence}: done in ${seconds(event.at.getTime() - (enteredAt.get(event.state) ?? event.at).getTime())}`);
    } else say(event.type === 'succeeded' ? 'Succeeded' : `Failed: ${event.error.name}: ${event.error.message}`);
  }
}

/** A duration as the logs have it: `3.2s`. */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)}s`;
}
