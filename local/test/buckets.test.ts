import { expect, it } from 'vitest';
import { createBuckets } from '../src/buckets.ts';
import { createClock } from '../src/clock.ts';

const stopped = () => createClock(() => 1_700_000_000_000);
const taken = (count: number, take: () => boolean) => Array.from({ length: count }, take).filter(Boolean).length;

// The example of https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html: 100 tokens, 20 more a second.
const limit = { capacity: 100, perSecond: 20 };

it('allows what is in a full bucket at once, then what is refilled', () => {
  const clock = stopped();
  const buckets = createBuckets(clock);
  expect(taken(120, () => buckets.take('a', limit))).toBe(100);
  clock.advance(1000);
  expect(taken(120, () => buckets.take('a', limit))).toBe(20);
  clock.advance(500);
  expect(taken(120, () => buckets.take('a', limit))).toBe(10);
});

it('holds no more than its capacity, and is full again after five seconds', () => {
  const clock = stopped();
  const buckets = createBuckets(clock);
  expect(taken(100, () => buckets.take('a', limit))).toBe(100);
  clock.advance(5000);
  expect(taken(120, () => buckets.take('a', limit))).toBe(100);
  clock.advance(3_600_000);
  expect(taken(120, () => buckets.take('a', limit))).toBe(100);
});

it('takes all tokens of a request or none', () => {
  const buckets = createBuckets(stopped());
  expect(buckets.take('a', limit, 101)).toBe(false);
  expect(buckets.take('a', limit, 60)).toBe(true);
  expect(buckets.take('a', limit, 60)).toBe(false);
  expect(buckets.take('a', limit, 40)).toBe(true);
});

it('has a bucket of its own for each name', () => {
  const buckets = createBuckets(stopped());
  expect(buckets.take('a', limit, 100)).toBe(true);
  expect(buckets.take('b', limit, 100)).toBe(true);
});

it('reserves tokens of the future, in their order', () => {
  const clock = stopped();
  const buckets = createBuckets(clock);
  const small = { capacity: 2, perSecond: 20 };
  expect([1, 2, 3, 4, 5].map(() => buckets.reserve('a', small))).toEqual([0, 0, 50, 100, 150]);
  clock.advance(100);
  expect(buckets.reserve('a', small)).toBe(100);
  expect(buckets.take('a', small)).toBe(false);
});
