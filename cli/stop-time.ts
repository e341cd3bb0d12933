const millisecondsOfDay = 86_400_000;

/** The time zone of this machine, by its name in the IANA database; undefined where it is set to none that is known. */
export function localTimeZone(): string | undefined {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/**
 * When an environment stops automatically, on the clock of this machine: `today 20:00`, `Tue 24 Nov 08:30`, `never`; `now` if a stop can
 * come at any moment.
 */
export function stopWords(stopAt: string | null, now: number = Date.now(), timeZone = localTimeZone()): string {
  if (stopAt === null) return 'never';
  const at = Date.parse(stopAt);
  if (at <= now) return 'now';
  const time = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' }).format(at);
  const days = (dayOf(at, timeZone) - dayOf(now, timeZone)) / millisecondsOfDay;
  return `${days === 0 ? 'today' : days === 1 ? 'tomorrow' : dateOf(at, timeZone)} ${time}`;
}

/** The same with the time zone: `today 20:00 (Europe/Paris)`. */
export function stopWordsInZone(stopAt: string | null, now: number = Date.now(), timeZone = localTimeZone()): string {
  const words = stopWords(stopAt, now, timeZone);
  return words === 'never' || words === 'now' ? words : `${words} (${timeZone ?? 'UTC'})`;
}

/** A day of the calendar as a number, so that days can be counted whatever the clocks do between them. */
function dayOf(time: number, timeZone: string | undefined): number {
  return Date.parse(new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(time));
}

function dateOf(time: number, timeZone: string | undefined): string {
  return new Intl.DateTimeFormat('en-GB', { timeZone, weekday: 'short', day: 'numeric', month: 'short' }).format(time).replace(',', '');
}
