import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListExecutionsCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { updateItem } from '../../../aws/records/table.ts';
import { Environment } from '../../../core/environment.ts';
import type { TestAws } from '../../harness/embedded-aws.ts';
import { expectAllRaised, expectFailure, expectNothingChanged, raisedBy } from '../../harness/failure.ts';
import { expectConverged, inventory } from '../../harness/inventory.ts';
import { deployedAws, recodeStart } from '../../harness/start.ts';

let aws: TestAws;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'recode-interrupted-'));
  aws = await deployedAws();
});
afterAll(async () => {
  await aws.stop();
  rmSync(directory, { recursive: true });
});

const args = ['aws', 'start', 'acme/api'];
const patient = { timeout: 50_000, interval: 20 };

async function executions() {
  const stateMachineArn = `arn:aws:states:${aws.region}:${aws.accountId}:stateMachine:recode-start`;
  return (await aws.clients.sfn.send(new ListExecutionsCommand({ stateMachineArn }))).executions ?? [];
}

describe('Ctrl-C', () => {
  it('before the start begins starts nothing', async () => {
    await aws.post('faults', { service: 'sts', action: 'GetCallerIdentity', kind: 'delay', milliseconds: 60_000 });
    const interrupted = vi.waitFor(async () => expect(await aws.get('faults')).toMatchObject({ faults: [] }), patient);
    const ran = await recodeStart(aws, directory, ['acme/api'], {}, { interrupted });
    const message = 'You interrupted the start of acme/api before it began.';
    expectFailure(ran, args, { name: 'Cancelled', message, code: 130 });
    await expectNothingChanged(aws);
  });

  it('while it goes on ends the command alone, and the command given again follows the start', async () => {
    await aws.post('ec2', { latency: 'calibrated' });
    // From here on it takes half a minute, or as little as the rest of this test lets it.
    const imported = expect.objectContaining({ action: 'ImportKeyPair' });
    const interrupted = vi
      .waitFor(async () => expect(await aws.get('calls')).toMatchObject({ calls: expect.arrayContaining([imported]) }), patient)
      .then(() => aws.post('clock', { rate: 1 }));
    const ran = await recodeStart(aws, directory, ['acme/api'], {}, { interrupted });
    const [{ executionArn = '', status = '' } = {}] = await executions();
    expect(status).toBe('RUNNING');
    const message = `You interrupted the view of the start of acme/api. Its execution is ${executionArn}.`;
    expectFailure(ran, args, { name: 'Interrupted', message, code: 130 });

    const following = recodeStart(aws, directory, ['acme/api', '--json']);
    await vi.waitFor(async () => expect((await executions()).map((one) => one.status).sort()).toEqual(['FAILED', 'RUNNING']), patient);
    await aws.post('clock', { rate: 20 });
    const again = await following;
    expect(again.code, again.stderr).toBe(0);
    expect(again.stderr).toContain('acme/api is already starting, begun by alice at ');
    expect(again.json).toMatchObject({ status: 'started', created: false, executionArn });
    await expectConverged(aws, 1);
  }, 120_000);
});

describe("somebody else's operation", () => {
  it('of another kind is named, not followed', async () => {
    const startedAt = new Date(aws.clock.now()).toISOString();
    const operation = {
      executionArn: `arn:aws:states:us-east-1:${aws.accountId}:execution:recode-stop:one`,
      kind: 'stop',
      owner: 'bob',
      startedAt,
    };
    const key = { kind: 'environment', id: 'alice/acme/api' } as const;
    await updateItem(aws.clients.dynamodb, key, { set: { operation }, when: 'attribute_exists(#uid)', values: {} }, Environment);
    const before = await inventory(aws);
    const message = `The environment acme/api is held by a stop that bob began at ${startedAt}.`;
    expectFailure(await recodeStart(aws, directory, ['acme/api']), args, { name: 'OperationInProgress', message });
    expect(await inventory(aws)).toEqual(before);
  });
});

it('raises all that an interruption is told by', () => {
  expectAllRaised(raisedBy.interrupted);
});
