import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as v from 'valibot';
import { allEnded } from '../../aws/all-ended.ts';
import { identities } from '../../aws/executions/identities.ts';
import { changeUnheld } from '../../aws/records/hold/environment.ts';
import { changeHours } from '../../aws/records/hold/hours.ts';
import { readEnvironment } from '../../aws/records/read/environment.ts';
import { dynamodb } from '../../aws/step/clients.ts';
import { settings } from '../../aws/step/settings.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { requireAllowed, requireInTime } from '../../core/auto-stop.ts';
import { provenExecution, ScheduleInput, ScheduleOutput } from '../../core/document.ts';
import { type Environment, requireChangeable } from '../../core/environment.ts';
import { RecodeError } from '../../core/errors.ts';
import { countRunning, type Moment, runs, stopWithin, usedUp } from '../../core/hours.ts';
import { holderOf } from '../../core/lock.ts';
import { type StopSettings, stopTimeOf } from '../../core/next-stop.ts';
import { actingAs } from '../../core/teammates.ts';

/**
 * Changes when an environment stops automatically, for somebody who may act on it: postpones the next stop, sets another time or idle time,
 * or goes back to the team's defaults. Where there is a cap on the owner's hours, they are reserved up to that stop. It waits while an
 * operation holds the environment, which sets the time at its end.
 */
export const changeSchedule = step({
  input: v.object({ ...provenExecution, input: ScheduleInput }),
  output: ScheduleOutput,
  uses: { dynamodb, identities, settings },
  pause: 1_000,
  async run({ executionArn, signed, input }, { dynamodb, identities, settings, clock }): Promise<ScheduleOutput> {
    const { proof, environment: subject, change } = input;
    const [starter, recorded] = await allEnded([identities.starterOf({ executionArn, signed, proof }), readEnvironment(dynamodb, subject)]);
    actingAs(starter, subject, settings);
    const environment = requireChangeable(recorded, subject);
    const holder = holderOf(environment);
    if (holder) throw new RecodeError('OperationSettling', `A ${holder.kind} runs on the environment ${subject.repository}.`);
    const now = clock.now();
    const { autoStop, stopAt: wanted, idleStop } = changed(environment, change, settings, now);
    const stopAt = await withinHours(dynamodb, environment, { change, wanted }, { now, limit: settings.hoursPerOwner });
    await changeUnheld(dynamodb, environment, {
      set: {
        ...(autoStop && { 'wanted.autoStop': autoStop }),
        ...(idleStop !== undefined && { 'wanted.idleStop': idleStop }),
        ...(stopAt !== undefined && { 'wanted.stopAt': stopAt }),
        updatedAt: new Date(now).toISOString(),
      },
      remove: [
        ...(autoStop ? [] : ['wanted.autoStop']),
        ...(idleStop === undefined ? ['wanted.idleStop'] : []),
        ...(stopAt === undefined ? ['wanted.stopAt'] : []),
      ],
    });
    return {
      autoStop: autoStop ?? null,
      stopAt: stopAt ?? null,
      idleStop: idleStop ?? settings.idleStop,
      ...(stopAt !== wanted && { cut: true }),
    };
  },
});

export const handler = lambdaHandler(changeSchedule);

/** What its owner has chosen and when it stops next, after a change. */
function changed(
  { wanted, observed, repository }: Environment,
  change: ScheduleInput['change'],
  settings: StopSettings,
  now: number,
): Pick<Environment['wanted'], 'autoStop' | 'stopAt' | 'idleStop'> {
  if (change.action === 'extend') {
    const { autoStop, stopAt, idleStop } = wanted;
    if (stopAt === undefined) throw new RecodeError('NoStopToPostpone', `No automatic stop is planned for ${repository}.`);
    requireInTime(change.stopAt, now, settings.longestRun);
    const later = Date.parse(change.stopAt) > Date.parse(stopAt) ? change.stopAt : stopAt;
    return { ...(autoStop && { autoStop }), stopAt: later, ...(idleStop !== undefined && { idleStop }) };
  }
  const asked = change.action === 'set' ? change : undefined;
  const autoStop = asked && (asked.autoStop ?? wanted.autoStop);
  const idleStop = asked && (asked.idleStop ?? wanted.idleStop);
  if (asked?.autoStop) requireAllowed(asked.autoStop, settings.longestRun);
  const chosen = { ...(autoStop && { autoStop }), ...(idleStop !== undefined && { idleStop }) };
  // Another idle time leaves the next stop of the schedule as it is.
  if (asked && !asked.autoStop) return { ...chosen, ...(wanted.stopAt !== undefined && { stopAt: wanted.stopAt }) };
  const { stopAt: _, autoStop: __, ...rest } = wanted;
  const at = new Date(now).toISOString();
  const stopAt = observed && stopTimeOf(observed.state, { ...rest, ...(autoStop && { autoStop }) }, { ...settings, at });
  return { ...chosen, ...(stopAt !== undefined && { stopAt }) };
}

/**
 * When it stops next, where there is a cap on the owner's hours: not later than there are any. Throws HoursUsedUp for a postponement that would
 * go further.
 */
async function withinHours(
  dynamodb: DynamoDBClient,
  environment: Environment,
  { change, wanted }: { readonly change: ScheduleInput['change']; readonly wanted: string | undefined },
  moment: Moment,
): Promise<string | undefined> {
  const { uid, owner, observed } = environment;
  if (moment.limit === 0 || !observed || !runs(environment)) return wanted;
  const launchedAt = Date.parse(observed.launchedAt ?? observed.at);
  const stopAt = wanted === undefined ? undefined : Date.parse(wanted);
  const hours = await changeHours(dynamodb, owner, (hours) => {
    const counted = countRunning(hours, environment, { launchedAt, stopAt }, moment);
    if (change.action === 'extend' && stopWithin(counted, uid, wanted) !== wanted) throw usedUp(counted, environment, moment.now);
    return counted;
  });
  return stopWithin(hours, uid, wanted);
}
