const millisecondsOfDay = 86_400_000;

/** The time zone of this machine, by its name in the IANA database; undefined where it is set to none that is known. */
export function localTimeZone(): string | undefined {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/**
 * When an environment stops automatically, on the clock of this machine: `today 20:00`, `Tue 24 Nov 08:30`, `never`; `now` if a stop can
 * come at any moment. It does without Intl, which takes longer to load than the rest of a list.
 */
export function stopWords(stopAt: string | null, now: number = Date.now()): string {
  if (stopAt === null) return 'never';
  const at = new Date(stopAt);
  if (at.getTime() <= now) return 'now';
  const time = [at.getHours(), at.getMinutes()].map((number) => String(number).padStart(2, '0')).join(':');
  const days = dayOf(at) - dayOf(new Date(now));
  return `${days === 0 ? 'today' : days === 1 ? 'tomorrow' : dateOf(at)} ${time}`;
}

/** The same with the time zone: `today 20:00 (Europe/Paris)`. */
export function stopWordsInZone(stopAt: string | null, now: number = Date.now()): string {
  const words = stopWords(stopAt, now);
  return words === 'never' || words === 'now' ? words : `${words} (${localTimeZone() ?? 'UTC'})`;
}

/** What follows the words of a stop that comes before its time. */
export const cutWords = (owner: string): string => `: ${owner} has no hours for longer`;

/** A day of the calendar as a number, so that days can be counted whatever the clocks do between them. */
function dayOf(time: Date): number {
  return Date.UTC(time.getFullYear(), time.getMonth(), time.getDate()) / millisecondsOfDay;
}

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sept', 'Oct', 'Nov', 'Dec'];

function dateOf(time: Date): string {
  return `${weekdays[time.getDay()]} ${time.getDate()} ${months[time.getMonth()]}`;
}
