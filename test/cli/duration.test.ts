import { expect, it } from 'vitest';
import { ago } from '../../cli/duration.ts';

const now = Date.parse('2026-11-01T12:00:00Z');
const seconds = (amount: number) => new Date(now - amount * 1_000).toISOString();
const [minute, hour, day] = [60, 3_600, 86_400];

it.each([
  [0, '0 s ago'],
  [12.9, '12 s ago'],
  [99, '99 s ago'],
  [100, '1 min ago'],
  [99 * minute, '99 min ago'],
  [100 * minute, '1 h ago'],
  [48 * hour - 1, '47 h ago'],
  [48 * hour, '2 days ago'],
  [1_000 * day, '1000 days ago'],
])('tells %d seconds in a unit that says enough: %s', (amount, told) => {
  expect(ago(seconds(amount), now)).toBe(told);
});

it('takes a clock that is behind for one that has just been set', () => {
  expect(ago(seconds(-30), now)).toBe('0 s ago');
});

it('compares with the time of this machine', () => {
  expect(ago(new Date(Date.now() - 12_000).toISOString())).toMatch(/^1[2-9] s ago$/);
});
