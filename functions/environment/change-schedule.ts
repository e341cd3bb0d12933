import * as v from 'valibot';
import { allEnded } from '../../aws/all-ended.ts';
import { identities } from '../../aws/executions/identities.ts';
import { changeUnheld } from '../../aws/records/hold/environment.ts';
import { readEnvironment } from '../../aws/records/read/environment.ts';
import { dynamodb } from '../../aws/step/clients.ts';
import { settings } from '../../aws/step/settings.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { requireAllowed, requireInTime } from '../../core/auto-stop.ts';
import { provenExecution, ScheduleInput, ScheduleOutput } from '../../core/document.ts';
import { type Environment, requireChangeable } from '../../core/environment.ts';
import { RecodeError } from '../../core/errors.ts';
import { holderOf } from '../../core/lock.ts';
import { type StopSettings, stopTimeOf } from '../../core/next-stop.ts';
import { actingAs } from '../../core/teammates.ts';

/**
 * Changes when an environment stops automatically, for somebody who may act on it: postpones the next stop, sets another time, or goes back
 * to the team's default. It waits while an operation holds the environment, which sets the time at its end.
 */
export const changeSchedule = step({
  input: v.object({ ...provenExecution, input: ScheduleInput }),
  output: ScheduleOutput,
  uses: { dynamodb, identities, settings },
  pause: 1_000,
  async run({ executionArn, signed, input }, { dynamodb, identities, settings, clock }) {
    const { proof, environment: subject, change } = input;
    const [starter, recorded] = await allEnded([identities.starterOf({ executionArn, signed, proof }), readEnvironment(dynamodb, subject)]);
    actingAs(starter, subject, settings);
    const environment = requireChangeable(recorded, subject);
    const holder = holderOf(environment);
    if (holder) throw new RecodeError('OperationSettling', `A ${holder.kind} runs on the environment ${subject.repository}.`);
    const now = clock.now();
    const { autoStop, stopAt } = changed(environment, change, settings, now);
    await changeUnheld(dynamodb, environment, {
      set: {
        ...(autoStop && { 'wanted.autoStop': autoStop }),
        ...(stopAt !== undefined && { 'wanted.stopAt': stopAt }),
        updatedAt: new Date(now).toISOString(),
      },
      remove: [...(autoStop ? [] : ['wanted.autoStop']), ...(stopAt === undefined ? ['wanted.stopAt'] : [])],
    });
    return { autoStop: autoStop ?? null, stopAt: stopAt ?? null };
  },
});

export const handler = lambdaHandler(changeSchedule);

/** What its owner has chosen and when it stops next, after a change. */
function changed(
  { wanted, observed, repository }: Environment,
  change: ScheduleInput['change'],
  settings: StopSettings,
  now: number,
): Pick<Environment['wanted'], 'autoStop' | 'stopAt'> {
  if (change.action === 'extend') {
    const { autoStop, stopAt } = wanted;
    if (stopAt === undefined) throw new RecodeError('NoStopToPostpone', `No automatic stop is planned for ${repository}.`);
    requireInTime(change.stopAt, now, settings.longestRun);
    const later = Date.parse(change.stopAt) > Date.parse(stopAt) ? change.stopAt : stopAt;
    return { ...(autoStop && { autoStop }), stopAt: later };
  }
  const autoStop = change.action === 'set' ? change.autoStop : undefined;
  if (autoStop) requireAllowed(autoStop, settings.longestRun);
  const { stopAt: _, autoStop: __, ...rest } = wanted;
  const at = new Date(now).toISOString();
  const stopAt = observed && stopTimeOf(observed.state, { ...rest, ...(autoStop && { autoStop }) }, { ...settings, at });
  return { ...(autoStop && { autoStop }), ...(stopAt !== undefined && { stopAt }) };
}
