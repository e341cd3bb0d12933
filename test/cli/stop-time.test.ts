import { afterEach, describe, expect, it, vi } from 'vitest';
import { begun } from '../../cli/execution/begun.ts';
import { localTimeZone, stopWords, stopWordsInZone } from '../../cli/stop-time.ts';
import { autoStopCaller } from '../../core/owner.ts';

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

describe('stopWords', () => {
  const now = Date.parse('2026-11-22T18:00:00Z');

  it.each([
    ['2026-11-22T19:00:00.000Z', 'Europe/Paris', 'today 20:00'],
    ['2026-11-22T23:05:00.000Z', 'Europe/Paris', 'tomorrow 00:05'],
    ['2026-11-22T23:05:00.000Z', 'UTC', 'today 23:05'],
    ['2026-11-23T22:59:00.000Z', 'Europe/Paris', 'tomorrow 23:59'],
    ['2026-11-23T23:00:00.000Z', 'Europe/Paris', 'Tue 24 Nov 00:00'],
    ['2026-11-29T18:00:00.000Z', 'UTC', 'Sun 29 Nov 18:00'],
    ['2026-12-01T08:30:00.000Z', 'Australia/Adelaide', 'Tue 1 Dec 19:00'],
    ['2027-09-01T08:30:00.000Z', 'America/St_Johns', 'Wed 1 Sept 06:00'],
  ])('says %s on a clock of %s: %s', (stopAt, timeZone, words) => {
    vi.stubEnv('TZ', timeZone);
    expect(stopWords(stopAt, now)).toBe(words);
    expect(stopWordsInZone(stopAt, now)).toBe(`${words} (${timeZone})`);
  });

  it('counts days of the calendar where the clocks change', () => {
    vi.stubEnv('TZ', 'Europe/Paris');
    const evening = Date.parse('2026-10-24T21:30:00Z'); // in Paris 23:30, before a night of 25 hours
    expect(stopWords('2026-10-25T22:30:00.000Z', evening)).toBe('tomorrow 23:30');
    expect(stopWords('2026-10-25T23:30:00.000Z', evening)).toBe('Mon 26 Oct 00:30');
  });

  it.each([
    [null, 'never'],
    ['2026-11-22T18:00:00.000Z', 'now'],
    ['2026-11-21T18:00:00.000Z', 'now'],
  ])('says of %s: %s', (stopAt, words) => {
    expect(stopWords(stopAt, now)).toBe(words);
    expect(stopWordsInZone(stopAt, now)).toBe(words);
  });

  it('is by the clock of this machine', () => {
    vi.useFakeTimers({ now });
    const local = new Date('2026-11-22T19:00:00Z').toTimeString().slice(0, 5);
    expect(stopWordsInZone('2026-11-22T19:00:00.000Z')).toMatch(new RegExp(`^\\w+ ${local} \\(${localTimeZone()}\\)$`));
  });
});

describe('begun', () => {
  const startedAt = new Date().toISOString();

  it('says who started it, or that it started automatically', () => {
    expect(begun({ owner: 'alice', startedAt }, 'bob')).toMatch(/^started \ds ago by alice$/);
    expect(begun({ owner: 'alice', startedAt }, 'alice')).toMatch(/^started \ds ago by you$/);
    expect(begun({ owner: autoStopCaller, startedAt }, 'bob')).toMatch(/^started automatically \ds ago$/);
  });
});
