import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Clock, createClock, holding, openClock } from '../src/clock.ts';
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

describe('a clock that skips', () => {
  beforeEach(() => {
    // Immediates are those of Node: what works goes on between them.
    vi.useFakeTimers({ now: 1_000_000, toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    clock = createClock();
    clock.setSkips(true);
  });
  /** Long enough for it to skip, if it does. */
  const turns = async () => {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  const day = 86_400_000;

  it('shows the exact time of each thing that is due, in their order', async () => {
    const rung: [string, number][] = [];
    const ring = (name: string) => () => void rung.push([name, clock.now() - 1_000_000]);
    clock.at(1_000_000 + day, ring('tomorrow'));
    clock.at(1_000_000 + 5000, () => {
      ring('soon')();
      clock.at(clock.now() + 1000, ring('then'));
    });
    await turns();
    expect(rung).toEqual([
      ['soon', 5000],
      ['then', 6000],
      ['tomorrow', day],
    ]);
    expect(clock.now()).toBe(1_000_000 + day);
    expect(clock.lead()).toBe(day);
  });

  it('runs at its rate while something works, and skips when all have done their work', async () => {
    const ring = vi.fn();
    const [first, second] = [clock.hold(), clock.hold()];
    clock.at(clock.now() + day, ring);
    await turns();
    first();
    first();
    await turns();
    expect(clock.now()).toBe(1_000_000);
    vi.advanceTimersByTime(1500);
    expect(clock.now()).toBe(1_001_500);
    expect(ring).not.toHaveBeenCalled();
    second();
    await turns();
    expect(ring).toHaveBeenCalledTimes(1);
    expect(clock.now()).toBe(1_000_000 + day);
  });

  it('lets what goes on by promises begin to work before it skips', async () => {
    const ring = vi.fn();
    const begun: number[] = [];
    clock.at(clock.now() + 1000, async () => {
      for (let step = 0; step < 100; step++) await Promise.resolve();
      await holding(clock, async () => {
        begun.push(clock.now());
        await turns();
      });
      for (let step = 0; step < 100; step++) await Promise.resolve();
      await holding(clock, async () => void begun.push(clock.now()));
    });
    clock.at(clock.now() + day, ring);
    await turns();
    expect(begun[0]).toBe(1_001_000);
    await turns();
    await turns();
    expect(begun).toEqual([1_001_000, 1_001_000]);
    expect(ring).toHaveBeenCalledTimes(1);
  });

  it('rings nothing that another one has cancelled at that time', async () => {
    const ring = vi.fn();
    let cancel = () => {};
    clock.at(clock.now() + 1000, () => cancel());
    cancel = clock.at(clock.now() + 1000, ring);
    await turns();
    expect(clock.now()).toBe(1_001_000);
    expect(ring).not.toHaveBeenCalled();
  });

  it('is released by work that fails', async () => {
    await expect(holding(clock, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    const ring = vi.fn();
    clock.at(clock.now() + 1000, ring);
    await turns();
    expect(ring).toHaveBeenCalledTimes(1);
  });

  it('skips nothing when it is told not to, or has stopped', async () => {
    const ring = vi.fn();
    clock.at(clock.now() + 1000, ring);
    clock.setSkips(false);
    await turns();
    expect(clock.now()).toBe(1_000_000);
    clock.setSkips(true);
    clock.stop();
    await turns();
    expect(ring).not.toHaveBeenCalled();
  });
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

  it('keeps the time that it has skipped, even if it was not stopped', async () => {
    vi.useRealTimers();
    clock = again();
    clock.setSkips(true);
    await new Promise<void>((resolve) => {
      clock.at(clock.now() + 3_600_000, resolve);
    });
    const reopened = again();
    expect(reopened.lead()).toBeGreaterThan(3_590_000);
    expect(reopened.skips()).toBe(false);
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
