import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readEnvironments } from '../../aws/records/read/environment.ts';
import { expectInvariants } from '../harness/invariants.ts';
import { wipe } from '../harness/wipe.ts';
import { deployedAws, runStart } from '../harness/workflows.ts';
import { type Contender, type Outcome, race } from './together-race.ts';

let aws: TestAws;
beforeAll(async () => {
  aws = await deployedAws();
});
beforeEach(async () => expect((await runStart(aws)).status).toBe('SUCCEEDED'));
afterEach(() => wipe(aws));
afterAll(() => aws.stop());

const transfer: Contender = { kind: 'transfer', to: 'bob' };
const owners = async () => (await readEnvironments(aws.clients.dynamodb)).items.map(({ owner }) => owner).sort();
const count = (outcomes: readonly Outcome[], wanted: Outcome) => outcomes.filter((outcome) => outcome === wanted).length;
const moments = [0, 60, 250];

describe.each(moments)('%i ms after a transfer has begun', (afterMilliseconds) => {
  it.each(['start', 'stop', 'restart', 'rename', 'remove'] as const)('a %s of the former owner meets it without harm', async (kind) => {
    const [given, other] = await race(aws, transfer, { kind, afterMilliseconds });
    expect(['succeeded', 'OperationInProgress', 'EnvironmentNotFound']).toContain(given);
    expect(['succeeded', 'OperationInProgress', 'EnvironmentNotFound']).toContain(other);
    await expectInvariants(aws);
    // A start after its end makes a new one.
    const both = kind === 'start' && given === 'succeeded' && other === 'succeeded';
    const none = kind === 'remove' && other === 'succeeded';
    expect(await owners()).toEqual(none ? [] : both ? ['alice', 'bob'] : given === 'succeeded' ? ['bob'] : ['alice']);
  });

  it('the new owner starts the same repository: one of the two is refused', async () => {
    const [given, started] = await race(aws, transfer, { kind: 'start', owner: 'bob', afterMilliseconds });
    expect([
      ['succeeded', 'succeeded'],
      ['succeeded', 'OperationInProgress'],
      ['NewOwnerHasEnvironment', 'succeeded'],
    ]).toContainEqual([given, started]);
    await expectInvariants(aws);
    expect(await owners()).toEqual(given === 'succeeded' ? ['bob'] : ['alice', 'bob']);
  });

  it('another one to somebody else is refused', async () => {
    const outcomes = await race(aws, transfer, { kind: 'transfer', to: 'carol', afterMilliseconds });
    expect(count(outcomes, 'succeeded')).toBe(1);
    expect(count(outcomes, 'OperationInProgress') + count(outcomes, 'EnvironmentNotFound')).toBe(1);
    await expectInvariants(aws);
    expect(await owners()).toEqual([outcomes[0] === 'succeeded' ? 'bob' : 'carol']);
  });

  it('somebody else gives the same repository to the same person: one of them succeeds', async () => {
    expect((await runStart(aws, { owner: 'carol' })).status).toBe('SUCCEEDED');
    const outcomes = await race(aws, transfer, { kind: 'transfer', owner: 'carol', to: 'bob', afterMilliseconds });
    expect([...outcomes].sort()).toEqual(['NewOwnerHasEnvironment', 'succeeded']);
    await expectInvariants(aws);
    expect(await owners()).toEqual(outcomes[0] === 'succeeded' ? ['bob', 'carol'] : ['alice', 'bob']);
  });

  it('an uninstall is refused', async () => {
    const [given, uninstalled] = await race(aws, transfer, { kind: 'uninstall', owner: 'alice', afterMilliseconds });
    expect(['succeeded', 'UninstallInProgress']).toContain(given);
    expect(uninstalled).toBe('EnvironmentsStillExist');
    await expectInvariants(aws);
    expect(await owners()).toEqual([given === 'succeeded' ? 'bob' : 'alice']);
  });
});
