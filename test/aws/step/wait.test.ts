import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { wait } from '../../../aws/step/wait.ts';
import { whenSettled } from '../../harness/fake-timers.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Lets the clock run `rate` times as fast as the timers. */
function runClock(rate: number): void {
  const begin = performance.now();
  vi.spyOn(Date, 'now').mockImplementation(() => (performance.now() - begin) * rate);
}

/** How long a wait takes by the timers, in milliseconds. */
async function lasting(waiting: Promise<void>): Promise<number> {
  const begin = performance.now();
  return whenSettled(waiting.then(() => performance.now() - begin));
}

describe('wait', () => {
  it.each([
    ['as long as it should', 1, 1_000],
    ['shorter where the clock is faster', 20, 50],
    ['no longer where the clock crawls', 0.001, 1_000],
  ])('takes %s', async (_, rate, milliseconds) => {
    runClock(rate);
    expect(await lasting(wait(1_000))).toBe(milliseconds);
  });

  it('ends at its signal', async () => {
    const ended = new AbortController();
    setTimeout(() => ended.abort(), 95);
    expect(await lasting(wait(1_000, ended.signal))).toBe(100);
  });
});
