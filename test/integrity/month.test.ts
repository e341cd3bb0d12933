import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runMonth } from '../../bench/month/run.ts';

const root = join(import.meta.dirname, '../..');

describe('12 people live with their environments for nine days, in which clocks change, instances are stopped by hand, and EC2 is out', () => {
  let month: Awaited<ReturnType<typeof runMonth>>;
  beforeAll(async () => {
    month = await runMonth({
      environments: 12,
      // The clocks change in Europe on the 26th of March, and in Sydney on the 2nd of April.
      ...{ from: '2028-03-25', days: 9, seed: 1 },
      packageDirectory: join(root, 'dist/stack'),
      script: join(root, 'core/instance/auto-stop.sh'),
      progress: () => undefined,
    });
  }, 1_800_000);

  it('every stop comes within five minutes, none is of a busy machine, none is forgotten, none is double', () => {
    expect(month.complaints).toEqual([]);
    for (const { due, inTime, afterOutage, late, missed } of [month.stops.schedule, month.stops.idle]) {
      expect(inTime + afterOutage).toBe(due);
      expect(late + missed).toBe(0);
    }
    expect(month).toMatchObject({ busy: 0, unasked: 0, doubled: 0 });
  });

  it('has enough of everything to tell', () => {
    expect(month.stops.schedule.due).toBeGreaterThan(3);
    expect(month.stops.idle.due).toBeGreaterThan(10);
    expect(month.endedBy.person).toBeGreaterThan(3);
    expect(month.endedBy.hand).toBeGreaterThan(0);
    expect(month.records.changes).toBeGreaterThan(80);
    expect(month.faults).toBe(12);
  });

  it('records are right within ten seconds, but where a Lambda died, or an operation was held up in the outage', () => {
    expect(month.records.wrongSeconds.p95).toBeLessThan(10);
    expect(month.records.longest.length).toBeLessThanOrEqual(4);
    // Lambda repeats what failed after a minute, and then after two more.
    for (const { seconds } of month.records.longest) expect(seconds).toBeLessThan(200);
  });

  it('machines decide as their script would', () => {
    expect(month.script).toMatchObject({ compared: 200, different: 0 });
  });

  it('costs less than a stop at 20:00 each day, which costs less than none', () => {
    const { alwaysOn, daily, recode } = month.money;
    expect(recode.hours).toBeLessThan(daily.hours);
    expect(daily.hours).toBeLessThan(alwaysOn.hours);
  });
});
