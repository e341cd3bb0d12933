import { autoStopText } from '../../../../core/auto-stop.ts';
import { type ScheduleInput, ScheduleOutput } from '../../../../core/document.ts';
import { type Environment, statusOf } from '../../../../core/environment.ts';
import { RecodeError } from '../../../../core/errors.ts';
import { idleStopText } from '../../../../core/idle-stop.ts';
import { type EnvironmentTarget, type OpenedEnvironment, openEnvironment, requireRecord } from '../../../environment.ts';
import { beforeOperation, checkedSentences } from '../../../execution/control-plane.ts';
import { follow, startOperation } from '../../../execution/operation.ts';
import type { Session } from '../../../execution/session.ts';
import { line, type Output, paint, warn, writeJson } from '../../../output.ts';
import { prepareConnection } from '../../../ssh/connection.ts';
import { tellInstance } from '../../../ssh/instance-stops.ts';
import { cutWords, stopWordsInZone } from '../../../stop-time.ts';

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
 * Asks the control plane to change when an environment stops, waits for it, tells the instance, for its warnings and its idle time, and
 * prints when it stops.
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
  await tellWhereLetIn(environment, scheduled, change, session, output);
  const record = await requireRecord(environment);
  session.view.end();
  const { stdout } = output;
  const why = scheduled.cut ? cutWords(record.owner) : '';
  if (output.json) writeSchedule(record, output);
  else stdout.write(`${paint(stdout, 'green', '✓')} ${line`${record.repository} ${words(record)}${why}`}\n${idleWords(record)}`);
}

/** A teammate's instance, and one that lets in other machines only, learns it at its next start. */
async function tellWhereLetIn(
  environment: OpenedEnvironment,
  stops: ScheduleOutput,
  change: ScheduleInput['change'],
  { view }: Session,
  output: Output,
): Promise<void> {
  const connection = prepareConnection(environment.files, await requireRecord(environment));
  if (!connection) return;
  try {
    if (connection.error) throw connection.error;
    const host = { sshConfig: connection.sshConfigFile, name: connection.host };
    await view.during('Telling the instance', () => tellInstance(host, stops));
  } catch (error) {
    if (!(error instanceof RecodeError)) throw error;
    warn(output, `${error.message} ${changesIdleTime(change) ? idleUntold : stopUntold}`);
  }
}

const changesIdleTime = (change: ScheduleInput['change']) =>
  change.action === 'clear' || (change.action === 'set' && change.idleStop !== undefined);
const idleUntold = 'The change is recorded. The idle time takes effect at the next start; until then, the instance keeps the one it has.';
const stopUntold = 'The change is recorded. People on the instance may still be warned of the earlier stop.';

/** Prints when an environment stops automatically, and who has chosen that. */
export function printSchedule(record: Environment, output: Output): void {
  const { autoStop } = record.wanted;
  const chosen = autoStop ? `chosen for it: ${autoStopText(autoStop)}` : "your team's default";
  if (output.json) writeSchedule(record, output);
  else output.stdout.write(`${line`${record.repository} ${words(record)} (${chosen})`}\n${idleWords(record)}`);
}

/** What was chosen for an environment about idle stop; nothing if the team's default counts. */
function idleWords({ wanted: { idleStop } }: Environment): string {
  if (idleStop === undefined) return '';
  if (idleStop === 'off') return 'It does not stop for being idle (chosen for it: off)\n';
  return `It stops when nobody uses it for ${idleStopText(idleStop)} (chosen for it)\n`;
}

function words({ wanted, observed, lock }: Environment): string {
  if (statusOf({ wanted, observed, lock }) !== 'started') return 'is not started, so it has no next stop';
  return wanted.stopAt === undefined ? 'never stops automatically' : `stops ${stopWordsInZone(wanted.stopAt)}`;
}

function writeSchedule({ owner, repository, wanted: { autoStop, stopAt, idleStop } }: Environment, output: Output): void {
  writeJson(output, {
    owner,
    repository,
    autoStop: autoStop ? autoStopText(autoStop) : null,
    stopAt: stopAt ?? null,
    idleStop: idleStop === undefined ? null : idleStopText(idleStop),
  });
}
