import { expect, it } from 'vitest';
import { age, ago } from '../../cli/duration.ts';

const now = Date.parse('2026-11-01T12:00:00Z');
const seconds = (amount: number) => new Date(now - amount * 1_000).toISOString();
const [minute, hour, day] = [60, 3_600, 86_400];

// As kubectl and docker show ages, in one unit.
it.each([
  [0, '0s ago'],
  [15.9, '15s ago'],
  [59, '59s ago'],
  [60, '1m ago'],
  [3 * minute + 50, '3m ago'],
  [59 * minute + 59, '59m ago'],
  [hour, '1h ago'],
  [day - 1, '23h ago'],
  [day, '1d ago'],
  [5.9 * day, '5d ago'],
  [1_000 * day, '1000d ago'],
])('shows %d seconds in the largest unit that fits: %s', (amount, told) => {
  expect(ago(seconds(amount), now)).toBe(told);
  expect(`${age(seconds(amount), now)} ago`).toBe(told);
});

it('shows a time in the future, by a clock that is ahead, as now', () => {
  expect(ago(seconds(-30), now)).toBe('0s ago');
});

it('compares with the time of this machine', () => {
  expect(ago(new Date(Date.now() - 12_000).toISOString())).toMatch(/^1[2-9]s ago$/);
});
