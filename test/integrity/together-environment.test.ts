import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { expectInvariants } from '../harness/invariants.ts';
import { statusNow } from '../harness/inventory.ts';
import { deployedAws } from '../harness/workflows.ts';
import { interleave, pointsOf } from './together-interleavings.ts';
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

type Kind = 'start' | 'stop' | 'remove';
type Status = 'started' | 'stopped' | undefined;

/** Brings the environment to where a round begins. */
async function bring(wanted: 'started' | 'stopped'): Promise<void> {
  const kinds: Kind[] = wanted === 'started' ? ['start'] : ['start', 'stop'];
  if ((await statusNow(aws)) === wanted) return;
  for (const kind of kinds) expect(await outcomeOf(aws, await enter(aws, { kind }))).toBe('succeeded');
}

interface Pair {
  readonly one: Kind;
  readonly other: Kind;
  readonly from: 'started' | 'stopped';
  /** Their outcomes, and the status that the environment may have afterwards. */
  readonly allowed: readonly (readonly [Outcome, Outcome, readonly Status[]])[];
}

const busy = 'OperationInProgress';
const ended = 'succeeded';
const gone = 'EnvironmentNotFound';
const pairs: readonly Pair[] = [
  {
    one: 'stop',
    other: 'remove',
    from: 'started',
    allowed: [
      [ended, ended, [undefined]],
      [busy, ended, [undefined]],
      [gone, ended, [undefined]],
      [ended, busy, ['stopped']],
    ],
  },
  {
    one: 'start',
    other: 'stop',
    from: 'stopped',
    allowed: [
      [ended, ended, ['started', 'stopped']],
      [busy, ended, ['stopped']],
      [ended, busy, ['started']],
    ],
  },
  {
    one: 'start',
    other: 'stop',
    from: 'started',
    allowed: [
      [ended, ended, ['started', 'stopped']],
      [busy, ended, ['stopped']],
      [ended, busy, ['started']],
    ],
  },
  {
    one: 'remove',
    other: 'start',
    from: 'stopped',
    allowed: [
      [ended, ended, ['started', undefined]],
      [ended, busy, [undefined]],
      [busy, ended, ['started']],
    ],
  },
  {
    one: 'remove',
    other: 'remove',
    from: 'started',
    allowed: [
      [ended, busy, [undefined]],
      [ended, gone, [undefined]],
      [busy, ended, [undefined]],
      [gone, ended, [undefined]],
    ],
  },
];

it.each(pairs)(
  '$one and $other of a $from environment give way to each other, whichever comes when',
  async ({ one, other, from, allowed }) => {
    const counts = tally(`${one} and ${other} of a ${from} environment (${one} + ${other})`);
    const check = async (outcomes: readonly [Outcome, Outcome], when: string) => {
      counts.add(outcomes);
      const expected = allowed.filter(([first, second]) => first === outcomes[0] && second === outcomes[1]);
      expect(expected, `${when}: ${outcomes.join(' + ')}`).not.toEqual([]);
      expect(expected[0]?.[2], `${when}: ${outcomes.join(' + ')}`).toContain(await statusNow(aws));
      await expectInvariants(aws);
    };
    const sweep = async (paused: Contender, coming: Contender, inOrder: (outcomes: [Outcome, Outcome]) => [Outcome, Outcome]) => {
      await bring(from);
      const { points } = await pointsOf(aws, paused);
      const deciding = points.filter(({ functionName }) => /(begin|finish)Operation$/.test(functionName));
      // Whoever comes in between finds it held, at whichever call that is.
      const between = points.filter((point) => !deciding.includes(point)).slice(0, 1);
      for (const point of [...deciding, ...between]) {
        await bring(from);
        const when = `${coming.kind} at the ${paused.kind}'s ${point.functionName} ${point.action} after ${point.skip}`;
        await check(inOrder(await interleave(aws, paused, point, coming)), when);
      }
      return deciding.length;
    };

    await bring(from);
    await check((await race(aws, { kind: one }, { kind: other })) as [Outcome, Outcome], 'at once');
    const swept = await sweep({ kind: one }, { kind: other }, (outcomes) => outcomes);
    const back = one === other ? swept : await sweep({ kind: other }, { kind: one }, ([second, first]) => [first, second]);
    counts.print();
    expect(Math.min(swept, back)).toBeGreaterThan(5);
  },
);
