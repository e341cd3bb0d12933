import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { settleSeconds } from '../../core/operation.ts';
import { expectInvariants } from '../harness/invariants.ts';
import { expectConverged } from '../harness/inventory.ts';
import { wipe } from '../harness/wipe.ts';
import { deployedAws, type Ended, runRemove, runStart, runStop, runTransfer } from '../harness/workflows.ts';
import { kill, lambdasEnded } from './crash-sweep.ts';

let aws: TestAws;
beforeAll(async () => {
  aws = await deployedAws();
});
beforeEach(async () => expectSucceeded(await runStart(aws)));
afterEach(() => wipe(aws));
afterAll(() => aws.stop());

const transferring = {
  name: 'transfer',
  kind: 'transfer',
  input: { caller: 'alice', environment: { owner: 'alice', repository: 'acme/api' }, to: 'bob' },
  expectEnd: async () => undefined,
} as const;

/** The calls after which a transfer dies, in the order of the steps. */
const places = [
  { step: 'beginOperation', service: 'dynamodb', action: 'UpdateItem', skip: 0, received: false }, // the former record is taken
  { step: 'beginOperation', service: 'dynamodb', action: 'UpdateItem', skip: 1, received: false }, // it is marked
  { step: 'beginOperation', service: 'dynamodb', action: 'PutItem', skip: 0, received: true },
  { step: 'beginOperation', service: 'dynamodb', action: 'UpdateItem', skip: 2, received: true }, // the new record has its name
  { step: 'stopInstance', service: 'ec2', action: 'StopInstances', skip: 0, received: true },
  { step: 'ensureUserData', service: 'ec2', action: 'ModifyInstanceAttribute', skip: 0, received: true },
  { step: 'changeOwner', service: 'ec2', action: 'CreateTags', skip: 0, received: true },
  { step: 'finishOperation', service: 'dynamodb', action: 'PutItem', skip: 0, received: true }, // the claim is handed over
  { step: 'finishOperation', service: 'dynamodb', action: 'DeleteItem', skip: 0, received: true }, // the former record is gone
];

describe.each(places)('a transfer that dies after $action of $step ($skip before it)', ({ step, received, ...place }) => {
  beforeEach(async () => {
    await kill(aws, transferring, { ...place, function: `recode-prod-${step}`, kind: 'crash-after' });
    await lambdasEnded(aws);
    aws.clock.advance(settleSeconds * 1000);
    await expectInvariants(aws);
  });
  const finished = async () => {
    expectSucceeded(await runTransfer(aws));
    await expectConverged(aws, 1, 'stopped');
    expectSucceeded(await runStart(aws, { owner: 'bob' }));
    await expectConverged(aws, 1);
    expectSucceeded(await runRemove(aws, { owner: 'bob' }));
    await expectConverged(aws, 0);
  };

  it('is finished by the same transfer', finished);

  // Before the new owner has a record, the former one may still act.
  it.runIf(received)('refuses everything else until it is finished', async () => {
    for (const owner of ['alice', 'bob']) {
      const others = [
        await runStop(aws, { owner }),
        await runRemove(aws, { owner }),
        await runTransfer(aws, { owner, to: 'carol', caller: 'mallory' }),
      ];
      expect(others.map(({ status }) => status)).toEqual(['FAILED', 'FAILED', 'FAILED']);
    }
    await expectInvariants(aws);
    await finished();
  });
});

function expectSucceeded({ status, error, cause }: Ended<unknown>): void {
  expect({ status, error }, cause).toEqual({ status: 'SUCCEEDED' });
}
