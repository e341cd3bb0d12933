import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Clock, createClock, openClock } from '../src/clock.ts';
import { openStore } from '../src/store.ts';

let clock: Clock;
beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  clock = createClock();
});
afterEach(() => {
  clock.stop();
  vi.useRealTimers();
});

it('shows real time', () => {
  expect(clock.now()).toBe(1_000_000);
  vi.advanceTimersByTime(1500);
  expect(clock.now()).toBe(1_001_500);
});

it('jumps forward', () => {
  clock.advance(60_000);
  expect(clock.now()).toBe(1_060_000);
  vi.advanceTimersByTime(1000);
  expect(clock.now()).toBe(1_061_000);
});

it('runs faster from now on, without a jump', () => {
  vi.advanceTimersByTime(1000);
  clock.setRate(10);
  expect(clock.now()).toBe(1_001_000);
  vi.advanceTimersByTime(1000);
  expect(clock.now()).toBe(1_011_000);
  clock.setRate(1);
  vi.advanceTimersByTime(1000);
  expect(clock.now()).toBe(1_012_000);
});

it('rings once, when the time has come', () => {
  const ring = vi.fn();
  clock.at(clock.now() + 1000, ring);
  vi.advanceTimersByTime(999);
  expect(ring).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(ring).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(10_000);
  expect(ring).toHaveBeenCalledTimes(1);
});

it('rings soon after at() returns if the time has passed', () => {
  const ring = vi.fn();
  clock.at(clock.now() - 1, ring);
  expect(ring).not.toHaveBeenCalled();
  vi.advanceTimersByTime(0);
  expect(ring).toHaveBeenCalledTimes(1);
});

it('rings earlier after a jump', () => {
  const ring = vi.fn();
  clock.at(clock.now() + 60_000, ring);
  clock.advance(59_000);
  vi.advanceTimersByTime(999);
  expect(ring).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(ring).toHaveBeenCalledTimes(1);
});

it('rings according to its rate', () => {
  const ring = vi.fn();
  clock.at(clock.now() + 60_000, ring);
  clock.setRate(60);
  vi.advanceTimersByTime(999);
  expect(ring).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(ring).toHaveBeenCalledTimes(1);
});

it('rings at a time that is too far away for a timer of Node', () => {
  const ring = vi.fn();
  const days = 40 * 24 * 3_600_000;
  clock.at(clock.now() + days, ring);
  vi.advanceTimersByTime(days - 1);
  expect(ring).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(ring).toHaveBeenCalledTimes(1);
});

it('does not ring after it is cancelled or stopped', () => {
  const cancelled = vi.fn();
  const stopped = vi.fn();
  clock.at(clock.now() + 1000, cancelled)();
  clock.at(clock.now() + 1000, stopped);
  clock.stop();
  vi.advanceTimersByTime(5000);
  clock.advance(5000);
  expect(cancelled).not.toHaveBeenCalled();
  expect(stopped).not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(0);
});

describe('a clock that is opened again', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'clock-'));
    clock = openClock(openStore(directory));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });
  const file = () => join(directory, 'clock.json');
  const again = () => openClock(openStore(directory));

  it('is still ahead by the jumps, even if it was not stopped', () => {
    clock.advance(60_000);
    clock.advance(1000);
    vi.advanceTimersByTime(5000);
    clock = again();
    expect(clock.now()).toBe(1_066_000);
    clock.advance(1000);
    expect(again().now()).toBe(1_067_000);
  });

  it('keeps the time that it gained at a faster rate, but not the rate', () => {
    clock.setRate(10);
    vi.advanceTimersByTime(1000);
    clock.stop();
    clock = again();
    expect(clock.now()).toBe(1_010_000);
    expect(clock.rate()).toBe(1);
    clock.setRate(3);
    vi.advanceTimersByTime(1000);
    clock.setRate(1);
    expect(again().now()).toBe(1_013_000);
  });

  it('stores nothing if it showed real time', () => {
    vi.advanceTimersByTime(1000);
    clock.stop();
    expect(existsSync(file())).toBe(false);
    expect(again().now()).toBe(1_001_000);
  });

  it('names its file if that is damaged, and does not change it', () => {
    for (const text of ['{"leadMilliseconds":-1}', '{"leadMilliseconds":0.5}', '{}', '']) {
      writeFileSync(file(), text);
      expect(again).toThrow(expect.objectContaining({ name: 'StateDamaged', file: file() }));
      expect(readFileSync(file(), 'utf8')).toBe(text);
    }
  });
});
