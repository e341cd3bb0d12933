// Times of day in time zones, by the data of Intl. The control plane computes them with another library, so neither can hide a mistake of the
// other.

export const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000];

/** A date of the calendar. A day may be beyond the end of its month. */
export interface CalendarDate {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** How far a time zone is ahead of UTC at a time, in milliseconds. */
function offset(timeZone: string, at: number): number {
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat('en', {
      timeZone,
      hourCycle: 'h23',
      ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' },
    });
  formats.set(timeZone, format);
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const of = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? Number.NaN;
  const local = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
  return local - Math.floor(at / second) * second;
}

/** The date in a time zone at a time. */
export function dateIn(timeZone: string, at: number): CalendarDate {
  const local = new Date(at + offset(timeZone, at));
  return { year: local.getUTCFullYear(), month: local.getUTCMonth() + 1, day: local.getUTCDate() };
}

/** The day of the week of a date: 0 is Sunday. */
export const weekday = ({ year, month, day }: CalendarDate) => new Date(Date.UTC(year, month - 1, day)).getUTCDay();

/** The date that comes some days later. */
export const daysLater = (date: CalendarDate, days: number): CalendarDate => ({ ...date, day: date.day + days });

/**
 * When a time zone has a time of day on a date, in milliseconds since the epoch: the first time if there are two, and if there is none, as much
 * later as the clocks are set forward. docs/automatic-stops.md says so.
 *
 * @param minutes since midnight
 */
export function timeOn(timeZone: string, date: CalendarDate, minutes: number): number {
  const asUtc = Date.UTC(date.year, date.month - 1, date.day, 0, minutes);
  const [before, after] = [offset(timeZone, asUtc - day), offset(timeZone, asUtc + day)];
  const found = [before, after].filter((ahead) => offset(timeZone, asUtc - ahead) === ahead);
  return found.length === 0 ? asUtc - before : Math.min(...found.map((ahead) => asUtc - ahead));
}

/** When a time of day comes next after a time. */
export function nextTimeOfDay(timeZone: string, time: string, after: number): number {
  const [hours = Number.NaN, minutes = Number.NaN] = time.split(':').map(Number);
  const today = dateIn(timeZone, after);
  const times = [0, 1, 2].map((days) => timeOn(timeZone, daysLater(today, days), hours * 60 + minutes));
  const next = times.find((at) => at > after);
  if (next === undefined) throw new Error(`${timeZone} has no ${time} after ${new Date(after).toISOString()}.`);
  return next;
}
