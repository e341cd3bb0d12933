import { setTimeout as sleep } from 'node:timers/promises';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { expectInvariants } from '../harness/invariants.ts';
import { inventory, statusNow } from '../harness/inventory.ts';
import { deployedAws } from '../harness/workflows.ts';
import { interleave, type Point, pointsOf } from './together-interleavings.ts';
import { type Contender, enter, expectEmptied, type Outcome, outcomeOf, race, tally } from './together-race.ts';

let aws: TestAws;
beforeAll(async () => {
  aws = await deployedAws();
});
afterEach(async () => {
  await aws.delete('faults');
  await expectEmptied(aws);
});
afterAll(() => aws.stop());

const start: Contender = { kind: 'start' };
const stop: Contender = { kind: 'stop' };
const remove: Contender = { kind: 'remove' };
const uninstall: Contender = { kind: 'uninstall' };

/** Waits until all faults have happened. */
const untilNoFaults = () =>
  vi.waitFor(async () => expect(await aws.get('faults')).toEqual({ faults: [] }), { timeout: 10_000, interval: 5 });

/** Runs one execution alone. */
const alone = async (contender: Contender) => expect(await outcomeOf(aws, await enter(aws, contender)), contender.kind).toBe('succeeded');
const delays = (count: number, step: number) => Array.from({ length: count }, (_, index) => index * step);

/** Checks what came out of a round: one of the pairs, in whatever order they are named. */
async function expectOneOf(outcomes: readonly Outcome[], allowed: readonly (readonly Outcome[])[], round: string): Promise<void> {
  expect(allowed.map(String), round).toContain(String(outcomes));
  await expectInvariants(aws);
}

describe('an uninstall and a first start', () => {
  /** What may come out: start, uninstall. Each of them may see the other and give way; if both do, nothing is left. */
  const allowed: readonly [Outcome, Outcome][] = [
    ['succeeded', 'not-installed'],
    ['succeeded', 'succeeded'],
    ['succeeded', 'OperationInProgress'],
    ['succeeded', 'EnvironmentsStillExist'],
    ['UninstallInProgress', 'succeeded'],
    ['UninstallInProgress', 'EnvironmentsStillExist'],
  ];

  async function expectAllowed(outcomes: readonly Outcome[], round: string): Promise<void> {
    await expectOneOf(outcomes, allowed, round);
    expect(await statusNow(aws), round).toBe(outcomes[0] === 'succeeded' ? 'started' : undefined);
  }

  it('end in one of the allowed ways, whenever the uninstall comes', async () => {
    const counts = tally('uninstall after a first start, by delay (start + uninstall)');
    for (const afterMilliseconds of delays(12, 50)) {
      const outcomes = await race(aws, start, { ...uninstall, afterMilliseconds });
      counts.add(outcomes);
      await expectAllowed(outcomes, `uninstall ${afterMilliseconds} ms after the start`);
      await expectEmptied(aws);
    }
    counts.print();
  });

  it('end in one of the allowed ways, at whichever call of the start the uninstall runs', async () => {
    const { points } = await pointsOf(aws, start);
    await expectEmptied(aws);
    // Once the network is being made, each further call to EC2 is like the one before.
    const deciding = points.filter(({ service }) => service !== 'ec2');
    const counts = tally(`uninstall at each of ${deciding.length} calls of a first start (start + uninstall)`);
    for (const point of deciding) {
      const outcomes = await interleave(aws, start, point, uninstall);
      counts.add(outcomes);
      await expectAllowed(outcomes, `uninstall at ${named(point)}`);
      await expectEmptied(aws);
    }
    counts.print();
    expect(deciding.length).toBeGreaterThan(10);
  });

  it('end in one of the allowed ways, at whichever call of the uninstall the start runs', async () => {
    const install = async () => {
      await alone(start);
      await alone(remove);
    };
    await install();
    const { points } = await pointsOf(aws, uninstall);
    const counts = tally(`start at each of ${points.length} calls of an uninstall (start + uninstall)`);
    for (const point of points) {
      await install();
      const outcomes = (await interleave(aws, uninstall, point, start)).toReversed();
      counts.add(outcomes);
      await expectAllowed(outcomes, `start at ${named(point)}`);
      await expectEmptied(aws);
    }
    counts.print();
    expect(points.length).toBeGreaterThan(10);
  });
});

describe('a first start whose sandbox dies while an uninstall is at work', () => {
  const writes: readonly (readonly [string, string, number])[] = [
    ['has written its environment', 'PutItem', 0],
    ['has given it its name', 'UpdateItem', 0],
    ['has claimed that name', 'PutItem', 1],
    ['holds it', 'UpdateItem', 1],
  ];

  it.each(writes)('right after it %s gives way to it or goes on, and leaves no lock behind', async (_title, action, skip) => {
    await alone(start);
    await alone(remove);
    await aws.post('faults', { service: 'dynamodb', action, function: 'recode-prod-beginOperation', skip, kind: 'crash-after' });
    const starting = outcomeOf(aws, await enter(aws, start));
    await untilNoFaults();
    const query = { service: 'dynamodb', action: 'Query', function: 'recode-prod-confirmUninstall' };
    await aws.post('faults', { ...query, kind: 'delay', milliseconds: 120_000 });
    const uninstalling = outcomeOf(aws, await enter(aws, uninstall));
    await untilNoFaults();
    // By then the start has tried again.
    await Promise.race([starting, sleep(1_000)]);
    await aws.post('clock', { advanceMilliseconds: 120_000 });
    expect([
      ['UninstallInProgress', 'succeeded'],
      ['UninstallInProgress', 'EnvironmentsStillExist'],
      ['succeeded', 'EnvironmentsStillExist'],
    ]).toContainEqual([await starting, await uninstalling]);
    await expectInvariants(aws);
  });
});

describe('an uninstall and the start of a stopped environment', () => {
  it('leave the environment as it was, or start it', async () => {
    await alone(start);
    await alone(stop);
    const counts = tally('uninstall and the start of a stopped environment (start + uninstall)');
    const round = async (outcomes: readonly Outcome[], when: string) => {
      counts.add(outcomes);
      await expectOneOf(
        outcomes,
        [
          ['succeeded', 'EnvironmentsStillExist'],
          ['UninstallInProgress', 'EnvironmentsStillExist'],
        ],
        when,
      );
      expect(await statusNow(aws), when).toBe(outcomes[0] === 'succeeded' ? 'started' : 'stopped');
      if (outcomes[0] === 'succeeded') await alone(stop);
    };
    for (const afterMilliseconds of delays(4, 20)) {
      await round(await race(aws, { ...start, afterMilliseconds }, uninstall), `start ${afterMilliseconds} ms after the uninstall`);
      await round(await race(aws, start, { ...uninstall, afterMilliseconds }), `uninstall ${afterMilliseconds} ms after the start`);
    }
    const { points } = await pointsOf(aws, start);
    await alone(stop);
    for (const point of points.filter(({ functionName }) => /beginOperation$/.test(functionName)))
      await round(await interleave(aws, start, point, uninstall), `uninstall at ${named(point)}`);
    counts.print();
  });
});

describe('an uninstall and the last remove', () => {
  it('both end well, or the uninstall says what still exists', async () => {
    const counts = tally('uninstall and the last remove (remove + uninstall)');
    const round = async (outcomes: readonly Outcome[], when: string) => {
      counts.add(outcomes);
      await expectOneOf(
        outcomes,
        [
          ['succeeded', 'succeeded'],
          ['succeeded', 'EnvironmentsStillExist'],
        ],
        when,
      );
      expect(await statusNow(aws), when).toBeUndefined();
    };
    for (const afterMilliseconds of delays(4, 100)) {
      await alone(start);
      await round(await race(aws, remove, { ...uninstall, afterMilliseconds }), `uninstall ${afterMilliseconds} ms after the remove`);
    }
    await alone(start);
    const { points } = await pointsOf(aws, remove);
    for (const point of points.filter(({ functionName, service }) => service !== 'ec2' && /finishOperation$/.test(functionName))) {
      await alone(start);
      await round(await interleave(aws, remove, point, uninstall), `uninstall at ${named(point)}`);
    }
    counts.print();
  });

  it('both end well where the answer to the last write of the remove is lost', async () => {
    await alone(start);
    await aws.post('faults', { service: 'dynamodb', action: 'DeleteItem', skip: 1, kind: 'crash-after' });
    const removing = outcomeOf(aws, await enter(aws, remove));
    await untilNoFaults();
    await alone(uninstall);
    expect(await removing).toBe('succeeded');
    await expectInvariants(aws);
  });
});

describe('two uninstalls', () => {
  it('delete everything once; the second says that the first is at it, or that there is nothing left', async () => {
    const counts = tally('two uninstalls');
    for (const afterMilliseconds of delays(5, 60)) {
      await alone(start);
      await alone(remove);
      const outcomes = await race(aws, uninstall, { ...uninstall, afterMilliseconds });
      counts.add(outcomes);
      await expectOneOf(
        outcomes,
        [
          ['succeeded', 'OperationInProgress'],
          ['OperationInProgress', 'succeeded'],
          ['succeeded', 'not-installed'],
          ['not-installed', 'succeeded'],
        ],
        `${afterMilliseconds} ms after the first`,
      );
      expect((await inventory(aws)).items).toBeUndefined();
    }
    counts.print();
  });
});

const named = ({ functionName, action, skip }: Point) => `${functionName}'s ${action} after ${skip}`;
