import * as Instant from 'temporal-polyfill/fns/Instant';
import * as PlainDate from 'temporal-polyfill/fns/PlainDate';
import * as PlainTime from 'temporal-polyfill/fns/PlainTime';
import * as ZonedDateTime from 'temporal-polyfill/fns/ZonedDateTime';
import type { AutoStop } from './auto-stop.ts';
import type { Observed, Wanted } from './environment.ts';
import type { Settings } from './settings.ts';

/** What the team has chosen about stops. */
export type StopSettings = Pick<Settings, 'autoStop' | 'longestRun'>;

/**
 * When an environment that was started at a time is to be stopped, in milliseconds since the epoch; undefined for never. A time of day is the
 * next one after the start.
 *
 * A time that a change to summer time skips is moved on by as much as the clocks are; of one that comes twice the first counts.
 *
 * @param longestMinutes how far ahead the stop may be
 */
export function nextStop(autoStop: AutoStop, startedAtMilliseconds: number, longestMinutes?: number): number | undefined {
  const chosen = chosenStop(autoStop, startedAtMilliseconds);
  if (longestMinutes === undefined) return chosen;
  return Math.min(chosen ?? Number.POSITIVE_INFINITY, startedAtMilliseconds + longestMinutes * 60_000);
}

function chosenStop(autoStop: AutoStop, startedAtMilliseconds: number): number | undefined {
  switch (autoStop.kind) {
    case 'daily':
      return nextTime(autoStop, startedAtMilliseconds);
    case 'after':
      return startedAtMilliseconds + autoStop.minutes * 60_000;
    case 'never':
      return undefined;
  }
}

/**
 * When an environment is to be stopped (ISO 8601) whose instance was found in a state that no operation goes on with: an instance that runs
 * gets a time unless it has one, so that it does not run for ever. Undefined for never.
 *
 * @param at when the instance was found (ISO 8601)
 */
export function stopTimeOf(
  state: Observed['state'],
  { power, autoStop, stopAt }: Pick<Wanted, 'power' | 'autoStop' | 'stopAt'>,
  { at, autoStop: teamDefault, longestRun }: StopSettings & { readonly at: string },
): string | undefined {
  if (state === 'stopped' || state === 'gone') return undefined;
  if (stopAt !== undefined || state === 'stopping' || power === 'removed') return stopAt;
  const next = nextStop(autoStop ?? teamDefault, Date.parse(at), longestRun);
  return next === undefined ? undefined : new Date(next).toISOString();
}

function nextTime({ time, timeZone }: { time: string; timeZone: string }, from: number): number {
  const today = ZonedDateTime.toPlainDate(Instant.toZonedDateTimeISO(Instant.fromEpochMilliseconds(from), timeZone));
  const plainTime = PlainTime.fromString(time);
  const on = (date: PlainDate.Record) => PlainDate.toZonedDateTime(date, { timeZone, plainTime }).epochMilliseconds;
  const due = on(today);
  return due > from ? due : on(PlainDate.addDays(today, 1));
}
