import { describe, expect, it } from 'vitest';
import { createRandom } from '../../bench/month/random.ts';
import { nextTimeOfDay } from '../../bench/month/time-zones.ts';
import { parseAutoStop } from '../../core/auto-stop.ts';
import { nextStop, stopTimeOf } from '../../core/next-stop.ts';

describe('nextStop', () => {
  it('agrees with the time zones of Intl, around all changes of the clocks', () => {
    const random = createRandom(1);
    const zones = [
      'Europe/Berlin',
      'America/New_York',
      'Australia/Sydney',
      'Australia/Lord_Howe',
      'America/Santiago',
      'Asia/Kolkata',
      'UTC',
    ];
    const two = (number: number) => String(Math.floor(number)).padStart(2, '0');
    for (let round = 0; round < 2_000; round++) {
      const timeZone = random.pick(zones);
      const time = `${two(random.between(0, random.chance(0.7) ? 4 : 24))}:${two(random.between(0, 60))}`;
      const from = Math.floor(random.between(Date.UTC(2026, 0), Date.UTC(2030, 0)));
      const expected = nextTimeOfDay(timeZone, time, from);
      const where = `${time} ${timeZone} after ${new Date(from).toISOString()}`;
      expect(`${where}: ${nextStop({ kind: 'daily', time, timeZone }, from)}`).toBe(`${where}: ${expected}`);
    }
  });

  const next = (text: string, startedAt: string) => {
    const stop = nextStop(parseAutoStop(text), Date.parse(startedAt));
    return stop === undefined ? undefined : new Date(stop).toISOString().replace(':00.000Z', 'Z');
  };

  it('never comes where it was not to', () => {
    expect(next('never', '2026-11-22T12:00Z')).toBeUndefined();
  });

  it('comes so long after the start, whatever the clocks do meanwhile', () => {
    expect(next('90m', '2026-11-22T23:15Z')).toBe('2026-11-23T00:45Z');
    expect(next('8h', '2026-03-28T22:00Z')).toBe('2026-03-29T06:00Z');
  });

  it.each([
    ['later on the same day', '20:00 UTC', '2026-11-22T12:00Z', '2026-11-22T20:00Z'],
    ['on the next day where the time has passed', '20:00 UTC', '2026-11-22T20:01Z', '2026-11-23T20:00Z'],
    ['on the next day where the start is exactly at the time', '20:00 UTC', '2026-11-22T20:00Z', '2026-11-23T20:00Z'],
    ['at once where the start is a moment before it', '20:00 UTC', '2026-11-22T19:59:59.999Z', '2026-11-22T20:00Z'],
    ['on the first day of the next month', '20:00 UTC', '2026-11-30T23:59Z', '2026-12-01T20:00Z'],
    ['on the first day of the next year', '20:00 UTC', '2026-12-31T23:59Z', '2027-01-01T20:00Z'],
    ['on the 29th of February', '20:00 UTC', '2028-02-28T20:00Z', '2028-02-29T20:00Z'],
    ['at midnight, the end of the day', '00:00 UTC', '2026-11-22T23:59Z', '2026-11-23T00:00Z'],
    ['on the day of the zone, which is ahead', '00:30 Asia/Tokyo', '2026-11-22T15:00Z', '2026-11-22T15:30Z'],
    ['on the day of the zone, which is behind', '20:00 America/Los_Angeles', '2026-11-23T02:00Z', '2026-11-23T04:00Z'],
    ['in a zone of half hours without summer time', '20:00 Asia/Kolkata', '2026-07-01T14:29Z', '2026-07-01T14:30Z'],
  ])('of a time of day comes %s', (_, text, startedAt, expected) => {
    expect(next(text, startedAt)).toBe(expected);
  });

  it.each([
    // Paris: 2026-03-29 02:00 becomes 03:00; 2026-10-25 03:00 becomes 02:00.
    ['the same time of day in winter', '20:00 Europe/Paris', '2026-03-28T12:00Z', '2026-03-28T19:00Z'],
    ['and in summer', '20:00 Europe/Paris', '2026-03-29T12:00Z', '2026-03-29T18:00Z'],
    ['after a night of 23 hours', '20:00 Europe/Paris', '2026-03-28T19:00Z', '2026-03-29T18:00Z'],
    ['after a night of 25 hours', '20:00 Europe/Paris', '2026-10-24T18:00Z', '2026-10-25T19:00Z'],
    ['an hour later where its own is skipped', '02:30 Europe/Paris', '2026-03-28T12:00Z', '2026-03-29T01:30Z'],
    ['the first time where its hour comes twice', '02:30 Europe/Paris', '2026-10-24T12:00Z', '2026-10-25T00:30Z'],
    ['not again in the hour that comes twice', '02:30 Europe/Paris', '2026-10-25T00:30Z', '2026-10-26T01:30Z'],
    ['not again after a start in the second of the two hours', '02:30 Europe/Paris', '2026-10-25T01:10Z', '2026-10-26T01:30Z'],
    // New York: 2026-03-08 02:00 becomes 03:00; 2026-11-01 02:00 becomes 01:00.
    ['an hour later in New York', '02:15 America/New_York', '2026-03-08T05:00Z', '2026-03-08T07:15Z'],
    ['the first time in New York', '01:15 America/New_York', '2026-11-01T04:00Z', '2026-11-01T05:15Z'],
    // The southern hemisphere. Sydney: 2026-10-04 02:00 becomes 03:00; 2026-04-05 03:00 becomes 02:00.
    ['an hour later in Sydney', '02:30 Australia/Sydney', '2026-10-03T12:00Z', '2026-10-03T16:30Z'],
    ['the first time in Sydney', '02:30 Australia/Sydney', '2026-04-04T12:00Z', '2026-04-04T15:30Z'],
    ['the same time of day in the summer of Sydney', '20:00 Australia/Sydney', '2026-01-01T00:00Z', '2026-01-01T09:00Z'],
    ['and in its winter', '20:00 Australia/Sydney', '2026-07-01T00:00Z', '2026-07-01T10:00Z'],
    // Lord Howe moves by half an hour: 2026-10-04 02:00 becomes 02:30.
    ['half an hour later where the clocks move by that', '02:15 Australia/Lord_Howe', '2026-10-03T12:00Z', '2026-10-03T15:45Z'],
    // Santiago: 2026-09-06 00:00 becomes 01:00, so that the day has no midnight.
    ['at the beginning of a day that has no midnight', '00:00 America/Santiago', '2026-09-05T12:00Z', '2026-09-06T04:00Z'],
  ])('of a time of day is, where the clocks change, %s', (_, text, startedAt, expected) => {
    expect(next(text, startedAt)).toBe(expected);
  });

  it.each(['Europe/Paris', 'America/Santiago', 'Australia/Lord_Howe', 'Asia/Kolkata', 'Pacific/Apia'])(
    'comes after each start of a year, within 25 hours, in %s',
    (timeZone) => {
      const hour = 3_600_000;
      const begin = Date.parse('2026-01-01T00:00Z');
      for (let start = begin; start < begin + 365 * 24 * hour; start += 7 * hour) {
        const wait = (nextStop({ kind: 'daily', time: '02:30', timeZone }, start) ?? Number.NaN) - start;
        expect(wait > 0 && wait <= 25 * hour, `${new Date(start).toISOString()}: ${wait / hour} h`).toBe(true);
      }
    },
  );
});

describe('nextStop where a team lets an environment run for two hours', () => {
  const started = Date.parse('2026-11-22T12:00Z');
  it.each([
    ['never', 120],
    ['20:00 UTC', 120],
    ['13:00 UTC', 60],
    ['90m', 90],
    ['8h', 120],
  ])('and its owner chooses %s, comes after %i minutes', (text, minutes) => {
    expect(nextStop(parseAutoStop(text), started, 120)).toBe(started + minutes * 60_000);
  });
});

describe('stopTimeOf an instance that no operation goes on with', () => {
  const found = { at: '2026-11-22T12:00:00.000Z', autoStop: parseAutoStop('8h'), longestRun: undefined };
  const chosen = '2026-11-22T20:00:00.000Z';

  it.each([
    ['running', {}, '2026-11-22T20:00:00.000Z'],
    ['pending', { autoStop: parseAutoStop('30m') }, '2026-11-22T12:30:00.000Z'],
    ['running', { autoStop: parseAutoStop('never') }, undefined],
    ['running', { stopAt: '2026-11-22T13:00:00.000Z' }, '2026-11-22T13:00:00.000Z'],
    ['running', { power: 'removed' }, undefined],
    ['stopping', {}, undefined],
    ['stopping', { stopAt: chosen }, chosen],
    ['stopped', { stopAt: chosen }, undefined],
    ['gone', { stopAt: chosen }, undefined],
  ] as const)('found %s with %j is %s', (state, wanted, expected) => {
    expect(stopTimeOf(state, { power: 'on', ...wanted }, found)).toBe(expected);
  });
});
