import type { SFNClient } from '@aws-sdk/client-sfn';
import * as v from 'valibot';
import { Finding } from '../../core/finding.ts';
import { readHistory } from './executions.ts';

const Left = v.pipe(v.string(), v.parseJson(), v.object({ page: v.object({ findings: v.array(Finding) }) }));

/**
 * All findings of a check, page by page from its history: its output has the first ones alone. Where a later state says what came of a
 * finding, that counts.
 */
export async function everyFinding(sfn: SFNClient, executionArn: string): Promise<Finding[]> {
  const { events } = await readHistory(sfn, executionArn, 0, 1_000);
  const findings = new Map<string, Finding>();
  for (const { type, stateExitedEventDetails: exited } of events) {
    const left = type === 'TaskStateExited' ? v.safeParse(Left, exited?.output) : undefined;
    for (const finding of left?.success ? left.output.page.findings : []) {
      findings.set(`${finding.kind} ${finding.subject} ${finding.id} ${finding.problem}`, finding);
    }
  }
  return [...findings.values()];
}
