import { type Use, usedIn } from './use.ts';

/** What core/instance/auto-stop.sh keeps from one run to the next, in seconds of the uptime. */
export interface Watched {
  readonly looked: number;
  readonly used: number;
  readonly awake: number;
  readonly warned: number;
}

/** What a run of it finds. */
export interface Look {
  /** The uptime in seconds. */
  readonly now: number;
  /** The idle time in minutes, or `off`. */
  readonly idleStop: number | 'off';
  /** What has been used since the last look. */
  readonly use: Use['kind'] | undefined;
  /** For how long somebody has asked it to stay awake since the last look, in seconds. */
  readonly asked: number | undefined;
}

/** What comes of it. */
export interface Thought extends Watched {
  readonly powersOff: boolean;
}

/** In seconds. */
const notice = 600;

/** What a boot begins with. */
export const fresh = (now: number): Watched => ({ looked: now, used: now, awake: 0, warned: 0 });

/** What core/instance/auto-stop.sh decides, for the many looks of a month. script-check.ts compares it with the script. */
export function think(before: Watched, { now, idleStop, use, asked }: Look): Thought {
  const awake = asked === undefined ? before.awake : now + asked;
  if (idleStop === 'off') return { looked: now, used: now, awake, warned: 0, powersOff: false };
  const used = use === undefined ? before.used : now;
  const left = Math.max(idleStop * 60 - (now - used), awake - now);
  if (left > notice + 60) return { looked: now, used, awake, warned: 0, powersOff: false };
  if (before.warned === 0) return { looked: now, used, awake, warned: now, powersOff: false };
  return { looked: now, used, awake, warned: before.warned, powersOff: left <= 0 && now - before.warned >= notice };
}

/** One look and what came of it. */
export interface Situation {
  readonly before: Watched;
  readonly look: Look;
  readonly after: Thought;
}

/** A machine that looks once a minute whether anybody uses it. */
export interface WatchedMachine {
  /** Somebody asks it to stay awake, as `recode aws keep-awake` does, from a time on. */
  stayAwake(seconds: number, at: number): void;
  /** Looks as often as it has by then. */
  lookUntil(at: number): void;
  /** When it will power off if people do what is known now; undefined if it never will. */
  powersOffAt(): number | undefined;
}

const every = 60;
/** A machine that is used for longer than this without an end is looked at again then. In seconds. */
const farthest = 8 * 24 * 3600;

/**
 * @param uses what people do with it. Only uses in the future may be added.
 * @param look is told of each look that has happened
 */
export function watchedMachine(
  { bootedAt, idleStop, uses }: { readonly bootedAt: number; readonly idleStop: number | 'off'; readonly uses: readonly Use[] },
  seen: (situation: Situation) => void,
): WatchedMachine {
  let state = fresh(0);
  const asked: { readonly at: number; readonly seconds: number }[] = [];
  const timeOf = (uptime: number) => bootedAt + uptime * 1000;
  const step = (before: Watched): Situation => {
    const now = before.looked + every;
    const [from, to] = [timeOf(before.looked), timeOf(now)];
    const request = asked.findLast(({ at }) => at > from && at <= to);
    const look = { now, idleStop, use: usedIn(uses, from, to), asked: request?.seconds };
    // Without a state of an earlier look, the script counts from its own time.
    const started = before.looked === 0 ? fresh(now) : before;
    return { before: started, look, after: think(started, look) };
  };
  return {
    stayAwake(seconds, at) {
      asked.push({ at, seconds });
    },
    lookUntil(at) {
      while (timeOf(state.looked + every) <= at) {
        const situation = step(state);
        state = situation.after;
        seen(situation);
      }
    },
    powersOffAt() {
      if (idleStop === 'off') return undefined;
      let ahead: Watched = state;
      while (ahead.looked - state.looked < farthest) {
        const { after } = step(ahead);
        if (after.powersOff) return timeOf(after.looked);
        ahead = after;
      }
      return undefined;
    },
  };
}
