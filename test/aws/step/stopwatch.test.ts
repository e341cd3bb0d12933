import { beforeEach, describe, expect, it } from 'vitest';
import { during, measureWith, type Stopwatch, startStopwatch } from '../../../aws/step/stopwatch.ts';
import { wait } from '../../../aws/step/wait.ts';

let now: number;
let stopwatch: Stopwatch;
beforeEach(() => {
  now = 1_000;
  stopwatch = startStopwatch(() => now);
});

/** Some work that ends when it is told to. */
function work() {
  let end = (_: string) => {};
  let fail = (_: Error) => {};
  const promise = new Promise<string>((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
  return { promise, end: () => end('done'), fail: (error: Error) => fail(error) };
}

describe('a stopwatch', () => {
  it('measures each activity, and everything', async () => {
    now += 5;
    const call = work();
    const answer = stopwatch.during('aws', () => call.promise);
    now += 40;
    call.end();
    expect(await answer).toBe('done');
    now += 1;
    expect(stopwatch.read()).toEqual({ aws: 40, proof: 0, waiting: 0, total: 46 });
  });

  it('counts calls at once only once', async () => {
    const [one, other] = [work(), work()];
    const first = stopwatch.during('aws', () => one.promise);
    now += 10;
    const second = stopwatch.during('aws', () => other.promise);
    now += 10;
    one.end();
    await first;
    now += 10;
    other.end();
    await second;
    now += 10;
    expect(stopwatch.read()).toEqual({ aws: 30, proof: 0, waiting: 0, total: 40 });
  });

  it('counts the call alone where it waits and calls at once', async () => {
    const [pause, call] = [work(), work()];
    const paused = stopwatch.during('waiting', () => pause.promise);
    now += 10;
    const called = stopwatch.during('aws', () => call.promise);
    now += 20;
    call.end();
    await called;
    now += 30;
    pause.end();
    await paused;
    expect(stopwatch.read()).toEqual({ aws: 20, proof: 0, waiting: 40, total: 60 });
  });

  it('lets what fails escape, and counts it to its end', async () => {
    const call = work();
    const answer = stopwatch.during('aws', () => call.promise);
    now += 7;
    call.fail(new Error('slow down'));
    await expect(answer).rejects.toThrow('slow down');
    now += 7;
    expect(stopwatch.read()).toEqual({ aws: 7, proof: 0, waiting: 0, total: 14 });
  });

  it('counts what is in flight when it is read', () => {
    void stopwatch.during('aws', () => work().promise);
    now += 9;
    expect(stopwatch.read()).toMatchObject({ aws: 9 });
  });
});

describe('the current invocation', () => {
  it('has what begins in it, and not what an earlier one has left in flight', async () => {
    const left = work();
    measureWith(stopwatch);
    const leftover = during('aws', () => left.promise);
    const next = startStopwatch(() => now);
    measureWith(next);
    now += 50;
    left.end();
    await leftover;
    expect(next.read()).toEqual({ aws: 0, proof: 0, waiting: 0, total: 50 });
    expect(stopwatch.read()).toMatchObject({ aws: 50 });
  });

  it('has the sleep of a step as waiting', async () => {
    const real = startStopwatch(() => performance.now());
    measureWith(real);
    await wait(20);
    const { aws, waiting } = real.read();
    expect(aws).toBe(0);
    expect(waiting).toBeGreaterThan(0);
  });
});
