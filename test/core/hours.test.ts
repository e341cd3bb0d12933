import { describe, expect, it } from 'vitest';
import {
  countEnded,
  countMissedEnd,
  countRunning,
  noHours,
  type OwnerHours,
  reconcile,
  reserve,
  stopWithin,
  usageOf,
} from '../../core/hours.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const at = (text: string) => Date.parse(text);
const start = at('2026-11-10T08:00:00Z');
const api = { uid: 'api', owner: 'alice', repository: 'acme/api' };
const web = { uid: 'web', owner: 'alice', repository: 'acme/web' };
const fresh = noHours('alice');
/** Hours that have been written before: an environment that is found running counts from its launch. */
const known: OwnerHours = { ...fresh, version: 1 };
const nameOf = (act: () => unknown) => {
  try {
    act();
  } catch (error) {
    return (error as Error).name;
  }
  return undefined;
};

/** An environment that is started at a time, and is to stop hours later. */
function started(hours: OwnerHours, environment: typeof api, now: number, lasts: number, limit: number): OwnerHours {
  const moment = { now, limit };
  const reserved = reserve(hours, environment, now + lasts, moment);
  return countRunning(reserved, environment, { launchedAt: now, stopAt: now + lasts }, moment);
}
const inHours = ({ used, reserved }: ReturnType<typeof usageOf>) => ({ used: used / hour, reserved: reserved / hour });

describe('the hours of an owner', () => {
  it('are used while an environment runs, and reserved until it stops', () => {
    const hours = started(fresh, api, start, 10 * hour, 160);
    expect(inHours(usageOf(hours, start + 3 * hour))).toEqual({ used: 3, reserved: 7 });
    const ended = countEnded(hours, 'api', { endedAt: start + 4 * hour }, { now: start + 4 * hour, limit: 160 });
    expect(inHours(usageOf(ended, start + 9 * hour))).toEqual({ used: 4, reserved: 0 });
  });

  it('count once, however often and late a step tells the same', () => {
    const running = started(fresh, api, start, 10 * hour, 160);
    const end = (hours: OwnerHours, now: number) => countEnded(hours, 'api', { endedAt: now }, { now, limit: 160 });
    const ended = end(end(running, start + 2 * hour), start + 3 * hour);
    const late = { now: start + 1 * hour, limit: 160 };
    const again = countRunning(ended, api, { launchedAt: start, stopAt: start + 10 * hour }, late);
    expect(reserve(again, api, start + 10 * hour, late)).toEqual(ended);
    expect(inHours(usageOf(again, start + 20 * hour))).toEqual({ used: 2, reserved: 0 });
    const next = started(again, api, start + 5 * hour, hour, 160);
    // An attempt of the stop before that has outlived it.
    expect(end(next, start + 2 * hour)).toEqual(next);
  });

  it('end when the instance stopped, where that is noticed later', () => {
    const running = started(fresh, api, start, 10 * hour, 160);
    const noticed = { endedAt: start + 5 * hour, launchedAt: start };
    const moment = { now: start + 5 * hour, limit: 160 };
    const used = (stoppedAt: number) => inHours(usageOf(countEnded(running, 'api', { ...noticed, stoppedAt }, moment), moment.now)).used;
    expect([start + 2 * hour, start - hour, start + 9 * hour].map(used)).toEqual([2, 0, 5]);
  });

  it('leave out the time in which the instance was stopped, where only the next start notices it', () => {
    const running = started(known, api, start, 10 * hour, 160);
    const moment = { now: start + 5 * hour, limit: 160 };
    const reserved = reserve(running, api, moment.now + 4 * hour, moment);
    const found = (stoppedAt: number) => countMissedEnd(reserved, 'api', stoppedAt, moment);
    expect(inHours(usageOf(found(start + 2 * hour), moment.now))).toEqual({ used: 2, reserved: 4 });
    expect(inHours(usageOf(found(start - hour), moment.now))).toEqual({ used: 0, reserved: 4 });
    expect(inHours(usageOf(found(start + 9 * hour), moment.now))).toEqual({ used: 5, reserved: 4 });
    // Repeated, it changes nothing.
    expect(countMissedEnd(found(start + 2 * hour), 'api', start + 2 * hour, moment)).toEqual(found(start + 2 * hour));
    const later = { now: moment.now + 2 * minute, limit: 160 };
    const next = countRunning(found(start + 2 * hour), api, { launchedAt: moment.now + minute, stopAt: start + 9 * hour }, later);
    expect(usageOf(next, start + 6 * hour).used).toBe(3 * hour - minute);
    // The start may fail before it has started anything.
    const failed = countEnded(found(start + 2 * hour), 'api', { endedAt: later.now, launchedAt: start }, later);
    expect(inHours(usageOf(failed, start + 9 * hour))).toEqual({ used: 2, reserved: 0 });
  });

  it('leave it out, too, where somebody else has started the instance again', () => {
    const running = started(known, api, start, 10 * hour, 160);
    const again = { launchedAt: start + 5 * hour, stopAt: start + 10 * hour, ranAt: start + 2 * hour };
    const found = countRunning(running, api, again, { now: start + 6 * hour, limit: 160 });
    expect(inHours(usageOf(found, start + 6 * hour))).toEqual({ used: 3, reserved: 4 });
    expect(countRunning(found, api, again, { now: start + 6 * hour, limit: 160 })).toEqual(found);
  });

  it('go on to be reserved up to the latest stop that there are hours for', () => {
    const hours = started(fresh, api, start, 10 * hour, 4);
    expect(stopWithin(hours, 'api', new Date(start + 10 * hour).toISOString())).toBe('2026-11-10T12:00:00.000Z');
    expect(nameOf(() => reserve(hours, web, start + hour, { now: start, limit: 4 }))).toBe('HoursUsedUp');
  });

  it('say in a refusal what is used, for what the rest is reserved, and when the month ends', () => {
    const hours = started(fresh, api, start, 10 * hour, 4);
    expect(() => reserve(hours, web, start + 2 * hour, { now: start + hour, limit: 4 })).toThrow(
      'alice has used 1 of 4 hours in November. The rest is reserved for acme/api (until 2026-11-10T12:00:00.000Z). ' +
        'November ends at 2026-12-01T00:00:00.000Z.',
    );
  });

  it('make a start wait for another one that may give some back', () => {
    const moment = { now: start, limit: 4 };
    const reserved = reserve(fresh, api, start + 25 * hour, moment);
    expect(nameOf(() => reserve(reserved, web, start + hour, moment))).toBe('OperationSettling');
    const exact = countRunning(reserved, api, { launchedAt: start, stopAt: start + hour }, moment);
    expect(stopWithin(reserve(exact, web, start + hour, moment), 'web', undefined)).toBe('2026-11-10T09:00:00.000Z');
  });

  it('are those of a month, which begins at midnight UTC', () => {
    const evening = at('2026-11-30T20:00:00Z');
    const hours = started(fresh, api, evening, 6 * hour, 5);
    expect(stopWithin(hours, 'api', undefined)).toBe('2026-12-01T02:00:00.000Z');
    expect(inHours(usageOf(hours, evening))).toEqual({ used: 0, reserved: 4 });
    const night = at('2026-12-01T01:00:00Z');
    expect(inHours(usageOf(hours, night))).toEqual({ used: 1, reserved: 1 });
    const ended = countEnded(hours, 'api', { endedAt: night }, { now: night, limit: 5 });
    expect(inHours(usageOf(ended, night))).toEqual({ used: 1, reserved: 0 });
    // Cut where the next month has too few.
    const filled = started(known, web, at('2026-11-30T19:00:00Z'), 5 * hour + 3 * hour, 8);
    const longer = started(filled, api, evening, 20 * hour, 24);
    expect(stopWithin(longer, 'api', undefined)).toBe('2026-12-01T16:00:00.000Z');
  });

  it('limit an environment that would never stop to a week', () => {
    const hours = reserve(fresh, api, undefined, { now: start, limit: 2000 });
    expect(stopWithin(hours, 'api', undefined)).toBe(new Date(start + 7 * day).toISOString());
  });

  it('refuse a start that would get minutes', () => {
    const hours = started(fresh, api, start, 2 * hour, 2);
    const stopped = countEnded(hours, 'api', { endedAt: start + 117 * minute }, { now: start + 117 * minute, limit: 2 });
    expect(nameOf(() => reserve(stopped, api, start + 10 * hour, { now: start + 3 * hour, limit: 2 }))).toBe('HoursUsedUp');
    expect(nameOf(() => reserve(stopped, api, start + 3 * hour + 2 * minute, { now: start + 3 * hour, limit: 2 }))).toBeUndefined();
  });

  it('do not count a start that failed before it launched an instance, but one that failed later', () => {
    const now = start + 30 * minute;
    const moment = { now, limit: 160 };
    const reserved = reserve(fresh, api, start + hour, { now: start + 500, limit: 160 });
    expect(usageOf(countEnded(reserved, 'api', { endedAt: now, launchedAt: null }, moment), now)).toEqual({ used: 0, reserved: 0 });
    expect(usageOf(countEnded(reserved, 'api', { endedAt: now, launchedAt: start - day }, moment), now).used).toBe(0);
    expect(usageOf(countEnded(reserved, 'api', { endedAt: now, launchedAt: start }, moment), now).used).toBe(30 * minute - 500);
  });

  it('forget an environment a day after its last run, and refuse what would not fit into an item', () => {
    const moment = { now: start, limit: 20_000 };
    let hours: OwnerHours = fresh;
    for (let number = 0; number < 1000; number++) {
      const uid = `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
      const repository = `${'o'.repeat(39)}/${'r'.repeat(100)}`;
      hours = reserve(hours, { owner: 'alice', uid, repository }, start + hour, moment);
      hours = countEnded(hours, uid, { endedAt: start, launchedAt: null }, moment);
    }
    expect(JSON.stringify(hours).length).toBeLessThan(400_000);
    expect(nameOf(() => reserve(hours, api, start + hour, moment))).toBe('TooManyEnvironments');
    const next = reserve(hours, api, start + 2 * day, { now: start + day, limit: 20_000 });
    expect(Object.keys(next.environments)).toEqual(['api']);
  });
});

describe('reconcile', () => {
  const record = (environment: typeof api, state: string, launchedAt: number, fields: object = {}) =>
    ({
      ...environment,
      wanted: { stopAt: new Date(launchedAt + 8 * hour).toISOString() },
      observed: { state, launchedAt: new Date(launchedAt).toISOString(), at: new Date(launchedAt + hour).toISOString() },
      ...fields,
    }) as unknown as Parameters<typeof reconcile>[1][number];

  it('counts what runs since before the cap from then on, and what it was not told of from its launch', () => {
    const moment = { now: start + 5 * hour, limit: 160 };
    const environments = [record(api, 'running', start)];
    expect(inHours(usageOf(reconcile(fresh, environments, moment), moment.now))).toEqual({ used: 0, reserved: 3 });
    expect(inHours(usageOf(reconcile(known, environments, moment), moment.now))).toEqual({ used: 5, reserved: 3 });
  });

  it('ends what runs no more, by its record or without one, but leaves what an operation holds', () => {
    const hours = started(started(fresh, api, start, 10 * hour, 160), web, start, 10 * hour, 160);
    const moment = { now: start + 3 * hour, limit: 160 };
    const stopped = reconcile(hours, [record(api, 'stopped', start)], moment);
    expect(inHours(usageOf(stopped, moment.now))).toEqual({ used: 4, reserved: 0 });
    const lock = { executionArn: 'arn', kind: 'stop', owner: 'alice', startedAt: '' };
    const held = reconcile(hours, [record(api, 'stopped', start, { lock }), record(web, 'stopped', start, { lock })], moment);
    expect(held.environments).toEqual(hours.environments);
  });

  it('cuts what began last where the cap was lowered', () => {
    const hours = started(started(fresh, api, start, 8 * hour, 160), web, start + hour, 8 * hour, 160);
    const environments = [record(api, 'running', start), record(web, 'running', start + hour)];
    const moment = { now: start + hour, limit: 12 };
    const cut = reconcile(hours, environments, moment);
    expect(stopWithin(cut, 'api', undefined)).toBe(new Date(start + 8 * hour).toISOString());
    expect(inHours(usageOf(cut, moment.now))).toEqual({ used: 1, reserved: 11 });
    expect(reconcile(cut, environments, moment)).toEqual(cut);
  });
});

describe('a month of starts, stops and removals at random, with steps that run twice or come late', () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed))('counts what ran, and never exceeds the cap (%i)', (seed) => {
    const random = randomOf(seed);
    const limit = 20 + Math.floor(random() * 100);
    const monthEnd = at('2026-12-01T00:00:00Z');
    /** What ran, kept by nothing but a clock. */
    const ran: { readonly from: number; to?: number }[] = [];
    const usedIn = (from: number, to: number, now: number) =>
      ran.reduce((total, run) => total + Math.max(0, Math.min(run.to ?? now, to) - Math.max(run.from, from)), 0);
    const running = new Map<string, { run: { from: number; to?: number }; stopAt: number }>();
    const uids = ['one', 'two', 'three'];
    const past: { readonly at: number; readonly step: (hours: OwnerHours) => OwnerHours }[] = [];
    let hours = known;
    let now = at('2026-11-24T06:00:00Z');
    let made = 0;
    const tell = (step: (hours: OwnerHours) => OwnerHours) => {
      // A crash after the write: the step runs again.
      for (let times = random() < 0.3 ? 2 : 1; times > 0; times--) hours = step(hours);
      past.push({ at: now, step });
    };
    const stop = (uid: string) => {
      const found = running.get(uid);
      if (!found) return;
      running.delete(uid);
      found.run.to = now;
      const moment = { now, limit };
      tell((hours) => countEnded(hours, uid, { endedAt: moment.now }, moment));
    };
    for (let turn = 0; turn < 250; turn++) {
      // Nothing runs beyond its automatic stop.
      const next = now + Math.floor(random() * 3 * hour);
      for (const [uid, { stopAt }] of [...running].sort(([, one], [, other]) => one.stopAt - other.stopAt)) {
        if (stopAt > next) continue;
        now = stopAt;
        stop(uid);
      }
      now = next;
      const index = Math.floor(random() * uids.length);
      const uid = uids[index] ?? '';
      const environment = { uid, owner: 'alice', repository: `acme/${uid}` };
      if (running.has(uid)) {
        if (random() < 0.7) stop(uid);
        if (random() < 0.2) {
          stop(uid);
          uids[index] = `new-${made++}`;
        }
      } else {
        const [moment, wanted] = [{ now, limit }, now + 2 * minute + Math.ceil(random() * 30 * hour)];
        try {
          tell((hours) => reserve(hours, environment, wanted + hour, moment));
        } catch (error) {
          expect((error as Error).name).toBe('HoursUsedUp');
          continue;
        }
        now += 1_000 + Math.floor(random() * minute);
        if (random() < 0.2) {
          const failed = { now, limit };
          tell((hours) => countEnded(hours, uid, { endedAt: failed.now, launchedAt: null }, failed));
          continue;
        }
        const run = { from: now };
        ran.push(run);
        const launched = { now, limit };
        tell((hours) => countRunning(hours, environment, { launchedAt: launched.now, stopAt: wanted }, launched));
        running.set(uid, { run, stopAt: Date.parse(stopWithin(hours, uid, undefined) ?? '') });
      }
      // Steps of runs that have ended outlive their retries.
      const late = past.filter(({ at }) => at > now - 20 * hour)[Math.floor(random() * 10)];
      if (late && running.size === 0) hours = late.step(hours);
      const [from, to] = now < monthEnd ? [0, monthEnd] : [monthEnd, at('2027-01-01T00:00:00Z')];
      const { used, reserved } = usageOf(hours, now);
      expect(used).toBe(usedIn(from, to, now));
      expect(used + reserved).toBeLessThanOrEqual(limit * hour);
    }
    expect(usedIn(0, monthEnd, now)).toBeLessThanOrEqual(limit * hour);
  });
});

/** Numbers from 0 to 1, the same for a seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
