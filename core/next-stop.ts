import type { AutoStop } from './auto-stop.ts';

const day = 86_400_000;

/**
 * When an environment that was started at a time is to be stopped, in milliseconds since the epoch; undefined for never. A time of day is the
 * next one after the start.
 *
 * A time that a change to summer time skips is moved on by as much as the clocks are; of one that comes twice the first counts.
 */
export function nextStop(autoStop: AutoStop, startedAtMilliseconds: number): number | undefined {
  switch (autoStop.kind) {
    case 'daily':
      return nextTime(autoStop, startedAtMilliseconds);
    case 'after':
      return startedAtMilliseconds + autoStop.minutes * 60_000;
    case 'never':
      return undefined;
  }
}

function nextTime({ time, timeZone }: { time: string; timeZone: string }, from: number): number {
  const clock = clockOf(timeZone);
  const today = Math.floor(clock(from) / day) * day;
  const timeOfDay = Date.parse(`1970-01-01T${time}Z`);
  const due = instantOf(today + timeOfDay, clock);
  return due > from ? due : instantOf(today + day + timeOfDay, clock);
}

/** What the clocks of a zone show at an instant, to the second, as milliseconds as if the zone were UTC. */
type Clock = (instant: number) => number;

/** The instant at which the clocks show a time. The clocks of a zone change once at most in the two days around it. */
function instantOf(shown: number, clock: Clock): number {
  const offsetAt = (instant: number) => clock(instant) - instant;
  const [before, after] = [offsetAt(shown - day), offsetAt(shown + day)];
  const exact = [before, after].find((offset) => clock(shown - offset) === shown);
  return shown - (exact ?? before);
}

function clockOf(timeZone: string): Clock {
  const numeric = 'numeric';
  const format = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone, hourCycle: 'h23', year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric },
  });
  return (instant) => {
    const parts = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 0, day: date, hour, minute, second } = parts;
    return Date.UTC(year, month - 1, date, hour, minute, second);
  };
}
