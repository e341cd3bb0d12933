import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { settleSeconds } from '../../core/operation.ts';
import { expectInvariants } from '../harness/invariants.ts';
import { expectConverged } from '../harness/inventory.ts';
import { wipe } from '../harness/wipe.ts';
import { deployedAws, type Ended, runRemove, runRename, runRestart, runStart, runStop } from '../harness/workflows.ts';
import { kill, lambdasEnded } from './crash-sweep.ts';

let aws: TestAws;
beforeAll(async () => {
  aws = await deployedAws();
});
beforeEach(async () => expectSucceeded(await runStart(aws)));
afterEach(() => wipe(aws));
afterAll(() => aws.stop());

const renaming = {
  name: 'rename',
  kind: 'rename',
  input: { caller: 'alice', environment: { owner: 'alice', repository: 'acme/api' }, name: 'billing' },
  expectEnd: async () => undefined,
} as const;

/** The calls after which a rename dies, in the order of the steps. */
const places = [
  { step: 'beginOperation', service: 'dynamodb', action: 'UpdateItem', skip: 1 }, // the name is written, and not claimed yet
  { step: 'beginOperation', service: 'dynamodb', action: 'PutItem', skip: 0 },
  { step: 'replaceSecurityGroup', service: 'ec2', action: 'CreateSecurityGroup', skip: 0 },
  { step: 'replaceSecurityGroup', service: 'ec2', action: 'AuthorizeSecurityGroupIngress', skip: 0 },
  { step: 'replaceSecurityGroup', service: 'ec2', action: 'ModifyNetworkInterfaceAttribute', skip: 0 },
  { step: 'replaceSecurityGroup', service: 'ec2', action: 'DeleteSecurityGroup', skip: 0 },
  { step: 'replaceKeyPair', service: 'ec2', action: 'ImportKeyPair', skip: 0 },
  { step: 'renameResources', service: 'ec2', action: 'CreateTags', skip: 0 },
  { step: 'finishOperation', service: 'dynamodb', action: 'DeleteItem', skip: 0 },
];

describe.each(places)('a rename that dies after $action of $step ($skip before it)', ({ step, ...place }) => {
  beforeEach(async () => {
    await kill(aws, renaming, { ...place, function: `recode-prod-${step}`, kind: 'crash-after' });
    await lambdasEnded(aws);
    aws.clock.advance(settleSeconds * 1000);
  });
  const nameOf = async (count: number, status?: 'started' | 'stopped') =>
    (await expectConverged(aws, count, status)).items?.find(({ kind }) => kind === 'environment')?.name;

  it('is finished by the next rename', async () => {
    expectSucceeded(await runRename(aws, { name: 'billing' }));
    expect(await nameOf(1)).toBe('billing');
  });

  it('is undone by a rename to the former name', async () => {
    expectSucceeded(await runRename(aws, { name: 'acme-api' }));
    expect(await nameOf(1)).toBe('acme-api');
  });

  it('is followed by a rename to a third name, which leaves nothing of the others', async () => {
    expectSucceeded(await runRename(aws, { name: 'web' }));
    expect(await nameOf(1)).toBe('web');
  });

  it('is finished by a start', async () => {
    expectSucceeded(await runStart(aws));
    expect(await nameOf(1)).toBe('billing');
  });

  it('is finished by a restart after a stop, which leaves it as it is', async () => {
    expectSucceeded(await runStop(aws));
    await expectInvariants(aws);
    expectSucceeded(await runRestart(aws));
    expect(await nameOf(1)).toBe('billing');
  });

  it('leaves nothing when the environment is removed', async () => {
    expectSucceeded(await runRemove(aws));
    await nameOf(0);
  });
});

function expectSucceeded({ status, error, cause }: Ended<unknown>): void {
  expect({ status, error }, cause).toEqual({ status: 'SUCCEEDED' });
}
