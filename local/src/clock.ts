import * as v from 'valibot';
import type { Store } from './store.ts';

/** The time of the embedded AWS: real time, unless a test moves it forward or lets it run faster. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** How many milliseconds it is ahead of real time. */
  lead(): number;
  /** How many of its milliseconds pass in a real one: 1, or more in tests. */
  rate(): number;
  /** Calls `what` once this clock has reached `when` (milliseconds since the epoch), at once if it has; returns a cancel function. */
  at(when: number, what: () => void): () => void;
  /** Jumps forward. */
  advance(milliseconds: number): void;
  /** From now on, time passes `rate` times as fast as real time. */
  setRate(rate: number): void;
  /** Cancels everything scheduled, so that the process may end. */
  stop(): void;
}

interface Alarm {
  readonly when: number;
  readonly what: () => void;
  timer?: NodeJS.Timeout;
}

// setTimeout takes 32-bit delays; a later alarm wakes up early and sleeps again.
const longestDelay = 2 ** 31 - 1;

/**
 * A clock that starts where the last one of this store was ahead of real time, so that no stored time is in the future. What it gains while it
 * runs faster is stored when that changes or it stops; it starts at the rate 1. Throws `StateDamaged`.
 */
export function openClock(store: Store): Clock {
  const clock = createClock();
  let stored = store.read(clockFile, (json) => v.parse(ClockDocument, json).leadMilliseconds) ?? 0;
  clock.advance(stored);
  const keeping =
    <A extends unknown[]>(change: (...parameters: A) => void) =>
    (...parameters: A) => {
      change(...parameters);
      if (clock.lead() === stored) return;
      stored = clock.lead();
      store.write(clockFile, { leadMilliseconds: stored });
    };
  return { ...clock, advance: keeping(clock.advance), setRate: keeping(clock.setRate), stop: keeping(clock.stop) };
}

const clockFile = 'clock.json';
const ClockDocument = v.strictObject({ leadMilliseconds: v.pipe(v.number(), v.integer(), v.minValue(0)) });

export function createClock(realNow: () => number = Date.now): Clock {
  let base = realNow();
  let realBase = base;
  let rate = 1;
  const alarms = new Set<Alarm>();

  const now = () => base + (realNow() - realBase) * rate;
  const lead = () => base - realBase + (realNow() - realBase) * (rate - 1);
  const rebase = () => {
    base = now();
    realBase = realNow();
  };
  const ring = (alarm: Alarm) => {
    if (now() < alarm.when) return arm(alarm);
    alarms.delete(alarm);
    alarm.what();
  };
  const arm = (alarm: Alarm) => {
    clearTimeout(alarm.timer);
    alarm.timer = setTimeout(() => ring(alarm), Math.min(longestDelay, Math.max(0, Math.ceil((alarm.when - now()) / rate))));
  };
  const rearm = () => {
    for (const alarm of alarms) arm(alarm);
  };

  return {
    now: () => Math.floor(now()),
    lead: () => Math.floor(lead()),
    rate: () => rate,
    at(when, what) {
      const alarm: Alarm = { when, what };
      alarms.add(alarm);
      arm(alarm);
      return () => {
        clearTimeout(alarm.timer);
        alarms.delete(alarm);
      };
    },
    advance(milliseconds) {
      rebase();
      base += milliseconds;
      rearm();
    },
    setRate(next) {
      rebase();
      rate = next;
      rearm();
    },
    stop() {
      for (const alarm of alarms) clearTimeout(alarm.timer);
      alarms.clear();
    },
  };
}
