import * as v from 'valibot';
import type { Store } from './store.ts';

/** The clock of all services. It shows real time unless a test moves it forward or lets it run faster. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** How far it is ahead of real time, in milliseconds. */
  lead(): number;
  /** How many times as fast as real time it runs: 1, or more in tests. */
  rate(): number;
  /** Calls `what` when the clock reaches `when` (milliseconds since the epoch), or soon if that has passed. Returns a function that cancels it. */
  at(when: number, what: () => void): () => void;
  /** Jumps forward. */
  advance(milliseconds: number): void;
  /** Lets it run `rate` times as fast as real time from now on. */
  setRate(rate: number): void;
  /** Cancels all calls, so that the process may end. */
  stop(): void;
}

/** Resolves when the clock shows that time (milliseconds since the epoch), at once if it already does. */
export function reached(clock: Clock, when: number): Promise<void> {
  if (when <= clock.now()) return Promise.resolve();
  return new Promise((resolve) => {
    clock.at(when, resolve);
  });
}

interface Alarm {
  readonly when: number;
  readonly what: () => void;
  timer?: NodeJS.Timeout;
}

// setTimeout takes 32-bit delays. A later alarm wakes up early and sleeps again.
const longestDelay = 2 ** 31 - 1;

/**
 * Opens a clock that is as far ahead of real time as the last one of this store, so that no stored time is in the future. It starts at the
 * rate 1. It stores its lead when it jumps, changes its rate or stops. Throws `StateDamaged`.
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
