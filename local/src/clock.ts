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
  /** Whether it skips the time in which nothing works: in tests. */
  skips(): boolean;
  /** Lets it skip the time in which nothing works: it jumps to what is due next. While something works, it runs at its rate. */
  setSkips(skips: boolean): void;
  /** Something works: the clock skips nothing until the returned function is called. What waits for a time on the clock does not work. */
  hold(): () => void;
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

/** Holds the clock while `work` is under way. */
export async function holding<T>(clock: Clock, work: () => Promise<T>): Promise<T> {
  const release = clock.hold();
  try {
    return await work();
  } finally {
    release();
  }
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
 * rate 1. It stores its lead when it jumps, skips, changes its rate or stops. Throws `StateDamaged`.
 */
export function openClock(store: Store): Clock {
  let stored = store.read(clockFile, (json) => v.parse(ClockDocument, json).leadMilliseconds) ?? 0;
  const keep = () => {
    if (clock.lead() === stored) return;
    stored = clock.lead();
    store.write(clockFile, { leadMilliseconds: stored });
  };
  const clock = createClock(Date.now, keep);
  clock.advance(stored);
  const keeping =
    <A extends unknown[]>(change: (...parameters: A) => void) =>
    (...parameters: A) => {
      change(...parameters);
      keep();
    };
  return { ...clock, advance: keeping(clock.advance), setRate: keeping(clock.setRate), stop: keeping(clock.stop) };
}

const clockFile = 'clock.json';
const ClockDocument = v.strictObject({ leadMilliseconds: v.pipe(v.number(), v.integer(), v.minValue(0)) });

/** @param skipped called each time the clock has skipped, before it rings */
export function createClock(realNow: () => number = Date.now, skipped: () => void = () => {}): Clock {
  let base = realNow();
  let realBase = base;
  let rate = 1;
  let skips = false;
  /** How many hold it. */
  let holds = 0;
  let skipping: NodeJS.Immediate | undefined;
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
    clearTimeout(alarm.timer);
    alarm.what();
    skipSoon();
  };
  const arm = (alarm: Alarm) => {
    clearTimeout(alarm.timer);
    alarm.timer = setTimeout(() => ring(alarm), Math.min(longestDelay, Math.max(0, Math.ceil((alarm.when - now()) / rate))));
  };
  const rearm = () => {
    for (const alarm of alarms) arm(alarm);
  };
  /**
   * Skips to the next alarm if nothing works. What goes on by promises alone does so before an immediate; a second one lets what came with the
   * input and output of the first turn begin.
   */
  const skipSoon = () => {
    clearImmediate(skipping);
    if (!skips || holds > 0) return;
    skipping = setImmediate(() => {
      skipping = setImmediate(skip);
    });
  };
  const skip = () => {
    if (!skips || holds > 0) return;
    const next = Math.min(...[...alarms].map(({ when }) => when));
    if (next <= now() || next === Number.POSITIVE_INFINITY) return;
    realBase = realNow();
    base = next;
    skipped();
    // One of them may cancel another one.
    for (const alarm of [...alarms]) if (alarms.has(alarm) && alarm.when <= next) ring(alarm);
    rearm();
    skipSoon();
  };

  return {
    now: () => Math.floor(now()),
    lead: () => Math.floor(lead()),
    rate: () => rate,
    at(when, what) {
      const alarm: Alarm = { when, what };
      alarms.add(alarm);
      arm(alarm);
      skipSoon();
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
    skips: () => skips,
    setSkips(next) {
      rebase();
      skips = next;
      skipSoon();
    },
    hold() {
      holds += 1;
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        holds -= 1;
        skipSoon();
      };
    },
    stop() {
      skips = false;
      clearImmediate(skipping);
      for (const alarm of alarms) clearTimeout(alarm.timer);
      alarms.clear();
    },
  };
}
