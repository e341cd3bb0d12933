import { parseAutoStop } from '../../../../core/auto-stop.ts';
import { RecodeError } from '../../../../core/errors.ts';
import { parseIdleStop } from '../../../../core/idle-stop.ts';
import { type EnvironmentTarget, openEnvironment, requireRecord } from '../../../environment.ts';
import { inSession, withoutExecution } from '../../../execution/session.ts';
import type { Output } from '../../../output.ts';
import { zoneOfThisMachine } from '../../../time-zone.ts';
import { changeSchedule, openToSchedule, printSchedule } from './change.ts';

/** When an environment is to stop automatically: one of the two, or both. */
export interface SetRequest extends EnvironmentTarget {
  /** As it was typed. */
  readonly when?: string;
  readonly timeZone?: string;
  readonly idleStop?: string;
}

/** Shows when an environment stops automatically. Throws RecodeError EnvironmentNotFound, and those of cli/environment.ts. */
export function runShow(target: EnvironmentTarget, output: Output): Promise<void> {
  return inSession(output, withoutExecution(`look at ${target.repository}`), async ({ view }) => {
    const record = await requireRecord(await openEnvironment(target, view));
    view.end();
    printSchedule(record, output);
  });
}

/** Chooses when an environment stops automatically. Throws RecodeError AutoStopNotValid, IdleStopNotValid, UsageNotValid, and those of change.ts. */
export function runSet({ when, timeZone, idleStop: idle, ...target }: SetRequest, output: Output): Promise<void> {
  if (when === undefined && idle === undefined) {
    throw new RecodeError('UsageNotValid', 'Nothing to set. Give a time (20:00), a duration (8h), never, or --idle-stop.');
  }
  const autoStop = when === undefined ? undefined : parseAutoStop(when, timeZone ?? zoneOfThisMachine(when), 'time to stop');
  if (timeZone !== undefined && (autoStop?.kind !== 'daily' || autoStop.timeZone !== timeZone)) {
    throw new RecodeError('UsageNotValid', `--time-zone cannot be used with ${when ?? '--idle-stop'}. It needs a time, for example 20:00.`);
  }
  const idleStop = idle === undefined ? undefined : parseIdleStop(idle);
  return inSession(output, `change of the stops of ${target.repository}`, async (session) => {
    const { environment } = await openToSchedule(target, session);
    await changeSchedule(
      environment,
      { action: 'set', ...(autoStop && { autoStop }), ...(idleStop !== undefined && { idleStop }) },
      session,
      output,
    );
  });
}

/** Lets an environment stop when the team's default says. Throws RecodeError those of change.ts. */
export function runClear(target: EnvironmentTarget, output: Output): Promise<void> {
  return inSession(output, `change of the stops of ${target.repository}`, async (session) => {
    const { environment } = await openToSchedule(target, session);
    await changeSchedule(environment, { action: 'clear' }, session, output);
  });
}
