import { expect, it, vi } from 'vitest';
import type { StackFunction } from '../../src/lambda/functions.ts';
import { createPace } from '../../src/lambda/pace.ts';
import type { Effort } from '../../src/lambda/runtime-api.ts';
import type { Sandbox } from '../../src/lambda/sandbox.ts';
import { type LambdaTimes, profiles } from '../../src/profiles.ts';
import { jumpingClock } from '../harness/jumping-clock.ts';

const times = profiles.calibrated.lambda.times as LambdaTimes;
const never = new Promise<void>(() => {});
const lambda = (memoryMegabytes: number) => ({ memoryMegabytes }) as StackFunction;

/** A sandbox that has used so much CPU time to load its code, and the same for its latest invocation. */
const sandbox = (cpu: number, exited = never, { queued = 0, loaded = Promise.resolve({ cpu, queued }) } = {}): Sandbox => ({
  accessKeyId: 'ASIA',
  loaded,
  exited,
  usable: () => true,
  effort: () => ({ cpu, queued }),
  invoke: async () => ({ payload: null }),
  end: () => {},
  kill: async () => {},
});

/** How long something takes on the clock. */
async function taken(work: (pace: ReturnType<typeof createPace>, begun: number) => Promise<void>): Promise<number> {
  const clock = jumpingClock();
  const begun = clock.now();
  await work(createPace(clock, times), begun);
  return clock.now() - begun;
}

it.each([
  // "At 1,769 MB, a function has the equivalent of one vCPU." Its code has one thread, which has no use for a second one.
  { memory: 1769, load: 40, expected: 350 + 40 },
  { memory: 10_240, load: 40, expected: 350 + 40 },
  { memory: 884.5, load: 40, expected: 350 + 80 },
  { memory: 512, load: 40, expected: 350 + 138 },
  { memory: 128, load: 40, expected: 350 + 552 },
])('takes $expected ms until a new sandbox of $memory MB is ready that loads for $load ms', async ({ memory, load, expected }) => {
  expect(Math.floor(await taken((pace, begun) => pace.ready(lambda(memory), sandbox(load), true, begun)))).toBe(expected);
});

it('takes 20 ms until a used sandbox is ready', async () => {
  expect(await taken((pace, begun) => pace.ready(lambda(128), sandbox(40), false, begun))).toBe(20);
});

it('waits for a sandbox that really takes longer to load, and then no more', async () => {
  let load = (_: Effort) => {};
  const loaded = new Promise<Effort>((resolve) => {
    load = resolve;
  });
  const clock = jumpingClock();
  const begun = clock.now();
  const ready = createPace(clock, times).ready(lambda(1769), sandbox(0, never, { loaded }), true, begun);
  clock.advance(700);
  load({ cpu: 40, queued: 0 });
  await ready;
  expect(clock.now() - begun).toBe(700);
});

it('prolongs the work of a function by what its share of a CPU is slower', async () => {
  expect(await taken((pace) => pace.done(lambda(1769), sandbox(100)))).toBe(0);
  expect(await taken((pace) => pace.done(lambda(884.5), sandbox(100)))).toBe(100);
  expect(await taken((pace) => pace.done(lambda(884.5), sandbox(0)))).toBe(0);
});

it('counts the wait for a CPU of this machine as a part of that', async () => {
  expect(await taken((pace) => pace.done(lambda(884.5), sandbox(100, never, { queued: 30 })))).toBe(70);
  expect(await taken((pace) => pace.done(lambda(884.5), sandbox(100, never, { queued: 130 })))).toBe(0);
});

it('leaves a sandbox that loads for more than ten seconds to its own time limit', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const clock = jumpingClock(0);
    const ready = createPace(clock, times).ready(
      lambda(128),
      sandbox(0, never, { loaded: new Promise(() => {}) }),
      true,
      clock.now() - 350,
    );
    let isReady = false;
    void ready.then(() => {
      isReady = true;
    });
    await vi.advanceTimersByTimeAsync(9_999);
    expect(isReady).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(isReady).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});

it('does not wait for a sandbox that is gone, even on a clock that has stopped', async () => {
  const clock = jumpingClock(0);
  const pace = createPace(clock, times);
  await pace.ready(lambda(128), sandbox(0, Promise.resolve()), true, clock.now());
  await pace.done(lambda(128), sandbox(100, Promise.resolve()));
  clock.stop();
});
