import { describe, expect, it } from 'vitest';
import { paceOf } from '../../../aws/executions/pace.ts';

const no = () => false;
const yes = () => true;
/** The middle of what chance may make of each wait. */
const even = () => 0.5;

/** How often a follower reads in so many seconds. */
function readsIn(seconds: number, pace: ReturnType<typeof paceOf>): number {
  let reads = 1;
  for (let passed = pace.next(); passed < seconds * 1000; passed += pace.next()) reads += 1;
  return reads;
}
const waits = (count: number, pace: ReturnType<typeof paceOf>) => Array.from({ length: count }, () => pace.next());

describe('the pace of a follower', () => {
  it('is quick at first, and slows down to a read in three seconds, or in twelve where the record tells of the end', () => {
    const alone = waits(40, paceOf({ watched: no, eager: no }, even));
    expect(alone[0]).toBe(250);
    expect(alone).toEqual([...alone].sort((one, next) => one - next));
    expect(alone.at(-1)).toBe(3_000);
    expect(waits(40, paceOf({ watched: yes, eager: no }, even)).at(-1)).toBe(12_000);
  });

  it('quickens again once the record is no longer watched', () => {
    let watching = true;
    const pace = paceOf({ watched: () => watching, eager: no }, even);
    waits(40, pace);
    watching = false;
    expect(waits(2, pace).at(-1)).toBe(3_000);
  });

  it('spreads followers that began together', () => {
    const of = (chance: number) => paceOf({ watched: yes, eager: no }, () => chance).next();
    expect([of(0), of(1)]).toEqual([187.5, 312.5]);
  });

  it('stays at a second while the next event is waited for, but not for ever', () => {
    const pace = paceOf({ watched: yes, eager: yes }, even);
    expect(Math.max(...waits(40, pace))).toBe(1_000);
    expect(pace.next()).toBe(12_000);
  });

  // GetExecutionHistory refills 20 times a second: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
  it('lets 200 followers share what AWS answers once it has refused one', () => {
    for (const eager of [yes, no]) {
      const pace = paceOf({ watched: yes, eager }, even);
      pace.crowded();
      expect((200 * (readsIn(600, pace) - 1)) / 600).toBeLessThanOrEqual(20);
    }
  });

  it('slows down further while AWS refuses, up to half a minute', () => {
    const pace = paceOf({ watched: yes, eager: no }, even);
    const crowd = () => {
      pace.crowded();
      return pace.next();
    };
    expect([crowd(), crowd(), crowd(), crowd(), crowd()]).toEqual([12_000, 18_000, 27_000, 30_000, 30_000]);
  });

  it('notices the end by itself within seconds also where AWS refuses', () => {
    const pace = paceOf({ watched: no, eager: no }, even);
    for (let refusal = 0; refusal < 9; refusal += 1) pace.crowded();
    expect(pace.next()).toBe(10_000);
  });

  it('hurries at the end, and returns to what it was if the end does not come', () => {
    const pace = paceOf({ watched: yes, eager: no }, even);
    pace.crowded();
    pace.hurry();
    expect(waits(3, pace)).toEqual([100, 125, 156.25]);
    expect(waits(13, pace).at(-1)).toBe(12_000);
  });
});
