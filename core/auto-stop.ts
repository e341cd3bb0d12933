import * as v from 'valibot';
import { RecodeError } from './errors.ts';

/** How long after its start an environment may stop automatically, in minutes: at most a week. */
const longestMinutes = 7 * 24 * 60;

/** When an environment is stopped automatically: at a time of day, a duration after each start, or never. */
export const AutoStop = v.variant('kind', [
  v.object({
    kind: v.literal('daily'),
    time: v.pipe(v.string(), v.regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day such as 20:00')),
    /** Of the IANA database. */
    timeZone: v.string(),
  }),
  v.object({ kind: v.literal('after'), minutes: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(longestMinutes)) }),
  v.object({ kind: v.literal('never') }),
]);
export type AutoStop = v.InferOutput<typeof AutoStop>;

/** The same as it is asked for. What is recorded is not checked again: the reader may know fewer time zones. */
export const GivenAutoStop = v.pipe(
  AutoStop,
  v.check((given) => given.kind !== 'daily' || isTimeZone(given.timeZone), 'a time zone of the IANA database, such as Europe/Paris'),
);

/**
 * Reads `20:00`, `20:00 Europe/Paris`, `8h`, `90m` or `never`.
 *
 * @param timeZone of a time of day that names none
 * @param source where the text is from, for the error
 * @throws RecodeError AutoStopNotValid
 */
export function parseAutoStop(text: string, timeZone = 'UTC', source = '--auto-stop'): AutoStop {
  const { success, output } = v.safeParse(AutoStop, readForm(text, timeZone));
  if (!success) {
    throw new RecodeError(
      'AutoStopNotValid',
      `Invalid ${source} '${text}'. Use a time (20:00), a duration up to 7 days (8h, 90m) or never.`,
    );
  }
  if (output.kind === 'daily' && !isTimeZone(output.timeZone)) {
    throw new RecodeError(
      'AutoStopNotValid',
      `Invalid time zone '${output.timeZone}'. Use a name from the IANA database, for example Europe/Paris.`,
    );
  }
  return output;
}

/**
 * Reads a duration: `8h`, `90m`.
 *
 * @returns minutes
 * @throws RecodeError AutoStopNotValid
 */
export function parseMinutes(text: string): number {
  const read = readForm(text, 'UTC');
  const { success, output } = v.safeParse(AutoStop, read);
  if (success && output.kind === 'after') return output.minutes;
  throw new RecodeError('AutoStopNotValid', `Invalid duration '${text}'. Use hours or minutes, up to 7 days, for example 2h or 90m.`);
}

/**
 * Refuses a choice that a team does not allow.
 *
 * @param longest how far ahead the next stop may be, in minutes; undefined for no limit
 * @throws RecodeError AutoStopNotAllowed
 */
export function requireAllowed(chosen: AutoStop, longest: number | undefined): void {
  if (longest === undefined || chosen.kind === 'daily' || (chosen.kind === 'after' && chosen.minutes <= longest)) return;
  throw notAllowed(autoStopText(chosen), longest);
}

/**
 * Refuses a stop that comes later than a team allows, or than anyone can choose.
 *
 * @param stopAt ISO 8601
 * @param now milliseconds since the epoch
 * @throws RecodeError AutoStopNotAllowed
 */
export function requireInTime(stopAt: string, now: number, longest = longestMinutes): void {
  if (Date.parse(stopAt) <= now + longest * 60_000) return;
  throw notAllowed(`A stop at ${stopAt}`, longest);
}

function notAllowed(chosen: string, longest: number): RecodeError {
  const text = autoStopText({ kind: 'after', minutes: longest });
  return new RecodeError('AutoStopNotAllowed', `${chosen} is too late: the next stop may be ${text} ahead at most.`);
}

/**
 * The latest time at which an environment stops that is started at a time, in milliseconds since the epoch; undefined for never. core/next-stop.ts
 * knows the time itself, with a library that would make the first step of a start larger.
 *
 * @param longest how far ahead the stop may be, in minutes; undefined for no limit
 */
export function latestStop(autoStop: AutoStop, startedAt: number, longest = Number.POSITIVE_INFINITY): number | undefined {
  const minutes = Math.min(
    longest,
    autoStop.kind === 'after' ? autoStop.minutes : autoStop.kind === 'daily' ? longestDay : Number.POSITIVE_INFINITY,
  );
  return minutes === Number.POSITIVE_INFINITY ? undefined : startedAt + minutes * 60_000;
}

/** In minutes: a day that ends summer time. */
const longestDay = 25 * 60;

/** The same as text: `20:00 Europe/Paris`, `8h`, `90m`, `never`. */
export function autoStopText(autoStop: AutoStop): string {
  switch (autoStop.kind) {
    case 'daily':
      return `${autoStop.time} ${autoStop.timeZone}`;
    case 'after':
      return autoStop.minutes % 60 === 0 ? `${autoStop.minutes / 60}h` : `${autoStop.minutes}m`;
    case 'never':
      return 'never';
  }
}

function readForm(text: string, timeZone: string): unknown {
  if (text === 'never') return { kind: 'never' };
  const [, count, unit] = /^(\d{1,5})(h|m)$/.exec(text) ?? [];
  if (count !== undefined) return { kind: 'after', minutes: Number(count) * (unit === 'h' ? 60 : 1) };
  const [, time, own = timeZone] = /^(\d?\d:\d\d)(?: +(\S+))?$/.exec(text) ?? [];
  return time === undefined ? undefined : { kind: 'daily', time: time.padStart(5, '0'), timeZone: own };
}

function isTimeZone(name: string): boolean {
  // An offset such as +02:00 would do too, but knows no summer time.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
