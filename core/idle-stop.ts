import * as v from 'valibot';
import { RecodeError } from './errors.ts';

/** The shortest and longest idle time in minutes. A warning comes ten minutes before the stop. */
const shortest = 15;
const longest = 7 * 24 * 60;

/** How long nobody may use an environment until it stops automatically, in minutes. */
export const IdleStop = v.union([v.literal('off'), v.pipe(v.number(), v.integer(), v.minValue(shortest), v.maxValue(longest))]);
export type IdleStop = v.InferOutput<typeof IdleStop>;

/**
 * Reads `30m`, `2h` or `off`.
 *
 * @param source where the text is from, for the error
 * @throws RecodeError IdleStopNotValid
 */
export function parseIdleStop(text: string, source = '--idle-stop'): IdleStop {
  const [, count, unit] = /^(\d{1,5})(h|m)$/.exec(text) ?? [];
  const minutes = Number(count) * (unit === 'h' ? 60 : 1);
  const { success, output } = v.safeParse(IdleStop, count === undefined ? text : minutes);
  if (success) return output;
  throw new RecodeError('IdleStopNotValid', `Invalid ${source} '${text}'. Use a duration from 15m to 7 days (30m, 2h) or off.`);
}

/** The same as text: `30m`, `2h`, `off`. */
export function idleStopText(idleStop: IdleStop): string {
  if (idleStop === 'off') return idleStop;
  return idleStop % 60 === 0 ? `${idleStop / 60}h` : `${idleStop}m`;
}
