import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectInvariants } from '../harness/invariants.ts';
import { deployedAws } from '../harness/workflows.ts';
import { expectUntouched, fillAccount, idsOf, snapshot } from './foreign-account.ts';
import { type Contender, enter, outcomeOf } from './together-race.ts';

let aws: TestAws;
beforeAll(async () => {
  aws = await deployedAws();
});
afterAll(() => aws.stop());

it('the whole life of environments leaves an account as it was that has everything else in it', async () => {
  await fillAccount(aws);
  const before = await snapshot(aws);
  const theirs = idsOf(before);
  const other: Omit<Contender, 'kind'> = { owner: 'carol', repository: 'acme/api' };
  const life: Contender[] = [
    { kind: 'start' },
    { kind: 'start', ...other },
    { kind: 'stop' },
    { kind: 'start' },
    { kind: 'remove', ...other },
    { kind: 'remove' },
    { kind: 'uninstall' },
  ];
  for (const contender of life) {
    expect(await outcomeOf(aws, await enter(aws, contender)), contender.kind).toBe('succeeded');
    await expectUntouched(aws, before, `after the ${contender.kind}`);
    await expectInvariants(aws, theirs);
  }
  expect(idsOf(await snapshot(aws))).toEqual(theirs);
  console.log(`${before.size} things of somebody else's, untouched by ${life.length} operations`);
});
