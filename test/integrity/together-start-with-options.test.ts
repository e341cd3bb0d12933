import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure } from '../harness/failure.ts';
import { held, holdNext, letGo } from '../harness/pace.ts';
import { hasCalled, type User, userOf } from '../harness/users.ts';
import { deployedAws } from '../harness/workflows.ts';

let aws: TestAws;
let directory: string;
let bob: User;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'recode-start-with-options-'));
  aws = await deployedAws();
  bob = userOf(aws, 'bob', directory);
});
afterEach(() => letGo(aws));
afterAll(async () => {
  await aws.stop();
  rmSync(directory, { recursive: true });
});

/** Starts an environment with options while another start of it is held, and lets that go on once it is followed. */
async function startBeside(repository: string, options: readonly string[]) {
  await holdNext(aws, 'creating');
  const { json } = await bob.run(['start', repository, '--no-wait', '--json']);
  await held(aws, 'creating', (json as { executionArn: string }).executionArn);
  await aws.delete('calls');
  const second = bob.run(['start', repository, ...options, '--json']);
  // Its own execution is refused first. It knows the sentences of that one.
  await hasCalled(aws, bob, 'DescribeStateMachineForExecution');
  letGo(aws);
  return second;
}

describe('a start with options, beside a start without them', () => {
  it('makes what may change as it was asked for', async () => {
    const { code, json } = await startBeside('acme/api', ['--auto-stop', '8h', '--allow-cidr', '127.0.0.0/8']);
    expect(json).toMatchObject({ status: 'started', autoStop: '8h', allowCidrs: ['127.0.0.0/8'] });
    expect(code).toBe(0);
  });

  it('refuses what may not', async () => {
    const options = ['--volume-size', '8'];
    const message = 'The volume of acme/web has 16 GiB. It cannot shrink to 8 GiB.';
    expectFailure(await startBeside('acme/web', options), ['aws', 'start', 'acme/web', ...options, '--json'], {
      name: 'VolumeCannotShrink',
      message,
    });
  });
});
