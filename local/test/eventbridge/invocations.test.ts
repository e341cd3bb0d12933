import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Clock, createClock } from '../../src/clock.ts';
import { type Invocations, openInvocations } from '../../src/eventbridge/invocations.ts';
import type { Invocation, Invoke } from '../../src/lambda/lambda.ts';
import { openStore } from '../../src/store.ts';

let directory: string;
let clock: Clock;
let invocations: Invocations;
let invoke: ReturnType<typeof vi.fn<Invoke>>;
beforeEach(() => {
  vi.useFakeTimers();
  directory = mkdtempSync(join(tmpdir(), 'invocations-'));
  clock = createClock();
  invoke = vi.fn<Invoke>(async () => ({ payload: null }));
  open();
});
afterEach(() => {
  invocations.stop();
  clock.stop();
  vi.useRealTimers();
  vi.restoreAllMocks();
  rmSync(directory, { recursive: true });
});

/** Opens the invocations that an earlier process left. */
function open(): void {
  invocations = openInvocations({ clock, store: openStore(directory), lambda: { invoke } });
}

async function advance(milliseconds: number): Promise<void> {
  clock.advance(milliseconds);
  await vi.advanceTimersByTimeAsync(0);
}

const failed: Invocation = { error: 'NotNow', cause: '{}' };
const quietly = () => vi.spyOn(console, 'error').mockImplementation(() => {});

it('invokes a function once', async () => {
  invocations.begin();
  invocations.add('f', { a: 1 });
  expect(invoke).not.toHaveBeenCalled();
  await advance(0);
  expect(invoke.mock.calls).toEqual([['f', { a: 1 }]]);
  await advance(3_600_000);
  expect(invoke).toHaveBeenCalledTimes(1);
});

describe('a function that fails', () => {
  it('is invoked again after one and two minutes, and then no more, which is logged', async () => {
    const log = quietly();
    invoke.mockResolvedValue(failed);
    invocations.begin();
    invocations.add('f', { a: 1 });
    await advance(0);
    await advance(59_000);
    expect(invoke).toHaveBeenCalledTimes(1);
    await advance(1_000);
    expect(invoke).toHaveBeenCalledTimes(2);
    await advance(119_000);
    expect(invoke).toHaveBeenCalledTimes(2);
    expect(log).not.toHaveBeenCalled();
    await advance(1_000);
    expect(invoke).toHaveBeenCalledTimes(3);
    expect(log).toHaveBeenCalledWith(expect.stringContaining('f failed 3 times and is not invoked again with {"a":1}: NotNow: {}'));
    await advance(3_600_000);
    expect(invoke).toHaveBeenCalledTimes(3);
  });

  it('is not invoked again after it has succeeded', async () => {
    invoke.mockResolvedValueOnce(failed);
    invocations.begin();
    invocations.add('f', {});
    await advance(0);
    await advance(60_000);
    await advance(3_600_000);
    expect(invoke).toHaveBeenCalledTimes(2);
  });

  it('is not invoked again after six hours', async () => {
    const log = quietly();
    invoke.mockResolvedValue(failed);
    invocations.begin();
    invocations.add('f', {});
    await advance(0);
    await advance(6 * 3_600_000);
    expect(invoke).toHaveBeenCalledTimes(2);
    expect(log).toHaveBeenCalledWith(expect.stringContaining('f failed 2 times and is not invoked again'));
  });

  // https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
  it('is invoked again after one second, two, four and so on, up to five minutes, if Lambda throttles it', async () => {
    const log = quietly();
    invoke.mockResolvedValue({ error: 'Lambda.TooManyRequestsException', cause: 'Rate Exceeded.' });
    invocations.begin();
    invocations.add('f', {});
    await advance(0);
    for (const [index, seconds] of [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].entries()) {
      await advance(seconds * 1000 - 1);
      expect(invoke).toHaveBeenCalledTimes(index + 1);
      await advance(1);
      expect(invoke).toHaveBeenCalledTimes(index + 2);
    }
    invocations.stop();
    open();
    invocations.begin();
    invoke.mockResolvedValue(failed);
    for (const pause of [300_000, 60_000, 120_000]) await advance(pause);
    expect(invoke).toHaveBeenCalledTimes(15);
    expect(log).toHaveBeenCalledWith(expect.stringContaining('f failed 15 times and is not invoked again'));
  });

  it('has also failed if its code cannot be read', async () => {
    quietly();
    invoke.mockRejectedValueOnce(new Error('invalid zip data'));
    invocations.begin();
    invocations.add('f', {});
    await advance(0);
    await advance(60_000);
    expect(invoke).toHaveBeenCalledTimes(2);
  });
});

describe('the next process', () => {
  it('makes the invocations that were added before the beginning', async () => {
    invocations.add('f', { a: 1 });
    await advance(0);
    expect(invoke).not.toHaveBeenCalled();
    open();
    invocations.begin();
    await advance(0);
    expect(invoke.mock.calls).toEqual([['f', { a: 1 }]]);
  });

  it('makes the invocations that were in progress or added at the end', async () => {
    let end = (_: Invocation) => {};
    invoke.mockReturnValueOnce(
      new Promise((resolve) => {
        end = resolve;
      }),
    );
    invocations.begin();
    invocations.add('in progress', {});
    await advance(0);
    invocations.stop();
    end(failed);
    invocations.add('at the end', {});
    await advance(3_600_000);
    expect(invoke).toHaveBeenCalledTimes(1);
    open();
    invocations.begin();
    await advance(0);
    expect(invoke.mock.calls.slice(1).map(([name]) => name)).toEqual(['in progress', 'at the end']);
    open();
    invocations.begin();
    await advance(3_600_000);
    expect(invoke).toHaveBeenCalledTimes(3);
  });

  it('continues the repetitions of the earlier process', async () => {
    quietly();
    invoke.mockResolvedValue(failed);
    invocations.begin();
    invocations.add('f', {});
    await advance(0);
    invocations.stop();
    open();
    invocations.begin();
    await advance(59_000);
    expect(invoke).toHaveBeenCalledTimes(1);
    await advance(1_000);
    await advance(120_000);
    await advance(3_600_000);
    expect(invoke).toHaveBeenCalledTimes(3);
  });

  it('names the file if it is damaged', () => {
    const file = join(directory, 'eventbridge.json');
    writeFileSync(file, '[{}]');
    expect(open).toThrow(expect.objectContaining({ name: 'StateDamaged', file }));
  });
});
