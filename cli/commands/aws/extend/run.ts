import { parseMinutes } from '../../../../core/auto-stop.ts';
import { RecodeError } from '../../../../core/errors.ts';
import type { EnvironmentTarget } from '../../../environment.ts';
import { inSession } from '../../../execution/session.ts';
import type { Output } from '../../../output.ts';
import { changeSchedule, openToSchedule } from '../schedule/change.ts';

/** Which stop to postpone, and by how much. */
export interface ExtendRequest extends EnvironmentTarget {
  /** As it was typed. */
  readonly duration: string;
}

/**
 * Postpones the next automatic stop of an environment. The time is computed here, so that a repeated attempt postpones nothing more.
 *
 * @throws RecodeError AutoStopNotValid, NoStopToPostpone, AutoStopNotAllowed, and those of schedule/change.ts
 */
export function runExtend({ duration, ...target }: ExtendRequest, output: Output): Promise<void> {
  const minutes = parseMinutes(duration);
  return inSession(output, `postponement of the stop of ${target.repository}`, async (session) => {
    const { environment, record } = await openToSchedule(target, session);
    const { stopAt } = record.wanted;
    const { repository } = environment.subject;
    if (stopAt === undefined) throw new RecodeError('NoStopToPostpone', `No automatic stop is planned for ${repository}.`);
    const later = new Date(Math.max(Date.now(), Date.parse(stopAt)) + minutes * 60_000).toISOString();
    await changeSchedule(environment, { action: 'extend', stopAt: later }, session, output);
  });
}
