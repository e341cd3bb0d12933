import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { patienceSeconds, patiently, usualPause } from '../../../aws/step/patience.ts';
import { measureWith, startStopwatch } from '../../../aws/step/stopwatch.ts';
import { RecodeError } from '../../../core/errors.ts';
import { whenSettled } from '../../harness/fake-timers.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const notYet = () => new RecodeError('InstanceNotRunning', 'The instance i-1 is pending.');
/** As EC2 throttles: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html */
const throttled = () => Object.assign(new Error('Request limit exceeded.'), { name: 'RequestLimitExceeded' });
const invocation = (milliseconds = 30_000) => {
  const end = Date.now() + milliseconds;
  return { now: Date.now, remaining: () => end - Date.now(), random: () => 0.5 };
};
const seconds = () => (Date.now() - begun) / 1000;
let begun = 0;
beforeEach(() => {
  begun = Date.now();
});

describe('patiently', () => {
  it('attempts it until it succeeds, in one invocation', async () => {
    const look = vi.fn().mockRejectedValueOnce(notYet()).mockRejectedValueOnce(notYet()).mockResolvedValue('running');
    const found = patiently(look, invocation());
    expect(await whenSettled(found)).toBe('running');
    expect(look).toHaveBeenCalledTimes(3);
    expect(seconds()).toBe((2 * usualPause) / 1000);
  });

  it('leaves the waiting to the next invocation when this one has waited long enough', async () => {
    const found = patiently(() => Promise.reject(notYet()), invocation());
    const failed = expect(found).rejects.toMatchObject({ name: 'InstanceNotRunning' });
    await whenSettled(failed);
    expect(seconds()).toBeGreaterThan(patienceSeconds - 1);
    expect(seconds()).toBeLessThanOrEqual(patienceSeconds);
  });

  it('ends before Lambda would end it', async () => {
    const failed = expect(patiently(() => Promise.reject(notYet()), invocation(10_000))).rejects.toMatchObject({
      name: 'InstanceNotRunning',
    });
    await whenSettled(failed);
    expect(seconds()).toBe(4);
  });

  it.each([
    ['an error that a wait cannot help', new RecodeError('EnvironmentNotFound', 'There is none.')],
    ['an error that the state machine retries in its own time', new RecodeError('InstanceNotVisibleYet', 'It is not there yet.')],
    ['an error of another kind', new Error('Our own.')],
  ])('passes on %s', async (_, error) => {
    const look = vi.fn().mockRejectedValue(error);
    await expect(patiently(look, invocation())).rejects.toBe(error);
    expect(look).toHaveBeenCalledTimes(1);
  });

  it('looks again a pause after it began to look, and counts only the rest of the pause as waiting', async () => {
    const stopwatch = startStopwatch(Date.now);
    measureWith(stopwatch);
    const looking = () => new Promise((resolve) => setTimeout(resolve, 40));
    const look = vi
      .fn()
      .mockImplementationOnce(() => looking().then(() => Promise.reject(notYet())))
      .mockImplementation(looking);
    const found = patiently(look, invocation());
    await whenSettled(found);
    expect(stopwatch.read()).toEqual({ aws: 0, proof: 0, waiting: usualPause - 40, total: usualPause + 40 });
  });

  it('looks again at once after a look that took longer than a pause', async () => {
    const taking = usualPause + 50;
    const looking = () => new Promise((resolve) => setTimeout(resolve, taking)).then(() => Promise.reject(notYet()));
    const look = vi.fn().mockImplementationOnce(looking).mockImplementationOnce(looking).mockResolvedValue('running');
    const found = patiently(look, invocation());
    expect(await whenSettled(found)).toBe('running');
    expect(seconds()).toBe((2 * taking) / 1000);
  });

  it('attempts less and less often while AWS throttles, and more often again once it answers', async () => {
    const at: number[] = [];
    const answers = [throttled(), throttled(), throttled(), notYet(), notYet(), notYet(), notYet(), notYet(), notYet()];
    const look = () => {
      at.push(Date.now() - begun);
      const error = answers.shift();
      return error ? Promise.reject(error) : Promise.resolve('running');
    };
    const found = patiently(look, invocation());
    expect(await whenSettled(found)).toBe('running');
    const pauses = at.slice(1).map((time, index) => Math.round((time - (at[index] ?? 0)) / 10) * 10);
    expect(pauses.slice(0, 3)).toEqual([2, 4, 8].map((slowness) => slowness * usualPause));
    expect(pauses.slice(3)).toEqual(pauses.slice(3).toSorted((one, other) => other - one));
    expect(pauses.at(-1)).toBe(usualPause);
  });

  it('leaves a long throttling to the state machine', async () => {
    const look = vi.fn().mockRejectedValue(throttled());
    const failed = expect(patiently(look, invocation())).rejects.toMatchObject({ name: 'RequestLimitExceeded' });
    await whenSettled(failed);
    // Half a second, one, two, four, then five each.
    expect(look).toHaveBeenCalledTimes(8);
    expect(seconds()).toBeLessThanOrEqual(patienceSeconds);
  });

  it('pauses as long as the step says', async () => {
    const look = vi.fn().mockRejectedValueOnce(notYet()).mockResolvedValue('running');
    const found = patiently(look, invocation(), 1_000);
    await whenSettled(found);
    expect(seconds()).toBe(1);
  });
});
