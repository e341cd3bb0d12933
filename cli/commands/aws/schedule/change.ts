import { autoStopText } from '../../../../core/auto-stop.ts';
import { type ScheduleInput, ScheduleOutput } from '../../../../core/document.ts';
import { type Environment, statusOf } from '../../../../core/environment.ts';
import { type EnvironmentTarget, type OpenedEnvironment, openEnvironment, requireRecord } from '../../../environment.ts';
import { beforeOperation, checkedSentences } from '../../../execution/control-plane.ts';
import { follow, startOperation } from '../../../execution/operation.ts';
import type { Session } from '../../../execution/session.ts';
import { line, type Output, paint, writeJson } from '../../../output.ts';
import { stopWordsInZone } from '../../../stop-time.ts';

/**
 * Opens an environment, to change when it stops.
 *
 * @throws RecodeError EnvironmentNotFound, and those of cli/environment.ts and cli/execution/control-plane.ts
 */
export async function openToSchedule(
  target: EnvironmentTarget,
  session: Session,
): Promise<{ readonly environment: OpenedEnvironment; readonly record: Environment }> {
  const environment = await openEnvironment(target, session.view);
  return { environment, record: await beforeOperation(environment, 'schedule', requireRecord(environment)) };
}

/**
 * Asks the control plane to change when an environment stops, waits for it, and prints when it does.
 *
 * @throws RecodeError what the execution fails with
 */
export async function changeSchedule(
  environment: OpenedEnvironment,
  change: ScheduleInput['change'],
  session: Session,
  output: Output,
): Promise<void> {
  const { clients, account, subject } = environment;
  const input: ScheduleInput = { environment: subject, change };
  const executionArn = await startOperation(clients, account, { kind: 'schedule', input }, session);
  const sentences = checkedSentences(clients, executionArn);
  const { result: scheduled } = await follow(clients, account, executionArn, ScheduleOutput, session, { sentences });
  const record = await requireRecord(environment);
  session.view.end();
  const { stdout } = output;
  const why = scheduled.cut ? `: ${record.owner} has no hours for longer` : '';
  if (output.json) writeSchedule(record, output);
  else stdout.write(`${paint(stdout, 'green', '✓')} ${line`${record.repository} ${words(record)}${why}`}\n`);
}

/** Prints when an environment stops automatically, and who has chosen that. */
export function printSchedule(record: Environment, output: Output): void {
  const { autoStop } = record.wanted;
  const chosen = autoStop ? `chosen for it: ${autoStopText(autoStop)}` : "your team's default";
  if (output.json) writeSchedule(record, output);
  else output.stdout.write(line`${record.repository} ${words(record)} (${chosen})\n`);
}

function words({ wanted, observed, lock }: Environment): string {
  if (statusOf({ wanted, observed, lock }) !== 'started') return 'is not started, so it has no next stop';
  return wanted.stopAt === undefined ? 'never stops automatically' : `stops ${stopWordsInZone(wanted.stopAt)}`;
}

function writeSchedule({ owner, repository, wanted: { autoStop, stopAt } }: Environment, output: Output): void {
  writeJson(output, { owner, repository, autoStop: autoStop ? autoStopText(autoStop) : null, stopAt: stopAt ?? null });
}
