import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deployedAws } from '../harness/workflows.ts';
import { asExpected, callsOf, life, run } from './fault-matrix-life.ts';

const delays = [1_000, 4_000, 8_000];
// Quicker, and a delay of a second would be over before the next call.
const rate = 40;
const clean = life.filter(({ detour }) => detour === undefined);

let aws: TestAws;
let creating: readonly string[];
beforeAll(async () => {
  aws = await deployedAws();
  aws.clock.setRate(rate);
  await live(0, undefined);
  const made = (await callsOf(aws)).filter(({ service, functionName }) => service === 'ec2' && functionName !== undefined);
  creating = [...new Set(made.map(({ action }) => action))].filter((action) => /^(Create|Import|Run)/.test(action));
});
afterAll(() => aws.stop());

/** Lives a clean life where EC2 shows what is new so late, and perhaps the answer to one of the creating calls is lost. */
async function live(invisibleMilliseconds: number, lost: string | undefined): Promise<void> {
  const name = `${lost === undefined ? 'nothing lost' : `the answer to ${lost} lost`}, ${invisibleMilliseconds} ms`;
  await aws.post('ec2', { invisibleMilliseconds });
  if (lost !== undefined) await aws.post('faults', { service: 'ec2', action: lost, kind: 'lost-answer' });
  for (const stage of clean) {
    const ended = await run(aws, stage);
    expect(asExpected(stage, ended), `${name}: ${stage.name}: ${ended.error} ${ended.cause}`).toBe(true);
    // What is not visible yet can be checked only then.
    aws.clock.advance(invisibleMilliseconds);
    await stage.expectEnd(aws).catch((error: Error) => expect.fail(`${name}: ${stage.name}: ${error.message}`));
  }
  expect(await aws.get('faults'), name).toEqual({ faults: [] });
}

it('leads a whole life where EC2 shows late what is new, and loses the answer to any creating call besides', async () => {
  const lives = delays.flatMap((delay) => [undefined, ...creating].map((lost) => ({ delay, lost })));
  expect(creating.length).toBeGreaterThan(7);
  for (const { delay, lost } of lives) await live(delay, lost);
  console.log(
    `fault matrix, visibility: ${lives.length} cases: ${delays.join(', ')} ms, alone and with the loss of each of ${creating.join(', ')}`,
  );
});
