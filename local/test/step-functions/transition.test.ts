import { expect, it } from 'vitest';
import { createBuckets } from '../../src/buckets.ts';
import { profiles, type StepFunctionsProfile } from '../../src/profiles.ts';
import { createTransition } from '../../src/step-functions/transition.ts';
import { jumpingClock } from '../harness/jumping-clock.ts';

it('lets transitions beyond the limit of the region wait for their turn', async () => {
  const clock = jumpingClock();
  const limits = (region: string) => ({ actions: {}, transitions: { capacity: region === 'us-east-1' ? 2 : 4, perSecond: 10 } });
  const profile: StepFunctionsProfile = { transition: 50, limits };
  const begin = clock.now();
  const transition = createTransition(clock, createBuckets(clock), 'us-east-1', () => profile);
  const { signal } = new AbortController();
  const times = Array.from({ length: 5 }, async () => {
    await transition(signal);
    return clock.now() - begin;
  });
  expect(await Promise.all(times)).toEqual([50, 50, 150, 250, 350]);
});

it('does not wait at all where a transition takes no time', () => {
  const clock = jumpingClock();
  const transition = createTransition(clock, createBuckets(clock), 'us-east-1', () => profiles.instant.stepFunctions);
  expect(transition(new AbortController().signal)).toBeUndefined();
});

// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
it.each([
  ['us-east-1', 5000],
  ['us-west-2', 5000],
  ['eu-west-1', 5000],
  ['eu-west-3', 800],
])('has the limit of %s: %i a second', (region, perSecond) => {
  expect(profiles.throttled.stepFunctions.limits?.(region).transitions).toEqual({ capacity: perSecond, perSecond });
});
