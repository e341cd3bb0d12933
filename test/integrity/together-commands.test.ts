import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readEnvironment } from '../../aws/records/read/environment.ts';
import type { OperationKind } from '../../core/operations.ts';
import { expectAllRaised, expectFailure, raisedBy, shownAge } from '../harness/failure.ts';
import { expectConverged, expectNothing } from '../harness/inventory.ts';
import { beginHeld, letGo } from '../harness/pace.ts';
import { hasCalled, type User, userOf } from '../harness/users.ts';
import { deployedAws } from '../harness/workflows.ts';

let aws: TestAws;
let directory: string;
let alice: User;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'recode-at-once-'));
  aws = await deployedAws();
  alice = userOf(aws, 'alice', directory);
});
afterEach(() => letGo(aws));
afterAll(async () => {
  await aws.stop();
  rmSync(directory, { recursive: true });
});

const subject = { owner: 'alice', repository: 'acme/api' };
const input = { caller: 'bob', environment: subject };

/** Expects that commands are refused while an operation of bob's holds the environment. */
async function expectRefused(kind: OperationKind, commands: readonly (readonly string[])[]): Promise<void> {
  const ran = await Promise.all(commands.map((command) => alice.run(command)));
  for (const [index, command] of commands.entries()) {
    const one = ran[index];
    if (!one) continue;
    const message = `A ${kind} is running on the environment acme/api, started ${shownAge(one)} ago by bob.`;
    expectFailure(one, ['aws', ...command], { name: 'OperationInProgress', message });
  }
}

/** Runs a command, lets the operation that holds the environment go on once the command follows it, and resolves to what it shows. */
async function follows(command: readonly string[]) {
  await aws.delete('calls');
  const running = alice.run(command);
  // Of the other execution: it knows the sentences of its own one, which was refused.
  await hasCalled(aws, alice, 'DescribeStateMachineForExecution');
  letGo(aws);
  return running;
}

const start = ['start', 'acme/api'];
const stop = ['stop', 'acme/api'];
const remove = ['remove', 'acme/api', '--force'];
const uninstall = ['uninstall', '--force'];

// The life of one environment, in which bob is always a little faster.
describe('while somebody else', () => {
  beforeAll(async () => {
    expect((await alice.run(start)).code).toBe(0);
  });

  it('stops the environment, it is neither started nor removed, and a stop follows theirs', async () => {
    await beginHeld(aws, 'stopping', input);
    await expectRefused('stop', [start, remove]);
    const { code, stdout } = await follows(stop);
    expect(stdout).toMatch(/^Locking the environment\nacme\/api is already stopping, started \d+s ago by bob\.\nLocking the environment\n/);
    expect(stdout).toContain('✓ Stopped acme/api\n');
    expect(code).toBe(0);
    await expectConverged(aws, 1, 'stopped');
  });

  it('starts it, it is neither stopped nor removed, and a start follows theirs', async () => {
    const { wanted } = (await readEnvironment(aws.clients.dynamodb, subject)) ?? {};
    await beginHeld(aws, 'starting', { ...input, request: { publicKey: wanted?.publicKey } });
    await expectRefused('start', [stop, remove]);
    const { code, json, stderr } = await follows([...start, '--json']);
    expect(stderr).toMatch(/^acme\/api is already starting, started \d+s ago by bob\.$/m);
    expect(json).toMatchObject({ status: 'started', created: false });
    expect(code).toBe(0);
    await expectConverged(aws, 1);
  });

  it('removes it, it is neither started nor stopped, and a remove follows theirs', async () => {
    await beginHeld(aws, 'removing', input);
    await expectRefused('remove', [start, stop]);
    const { code, stdout } = await follows(remove);
    expect(stdout).toMatch(/^acme\/api is already being removed, started \d+s ago by bob\.$/m);
    expect(stdout).toContain('✓ Removed acme/api\n');
    expect(code).toBe(0);
    await expectConverged(aws, 0);
  });

  it('uninstalls Recode, nothing is started, and an uninstall follows theirs', async () => {
    await beginHeld(aws, 'uninstalling', { caller: 'bob' });
    const message = 'Recode is being uninstalled from this region.';
    expectFailure(await alice.run(start), ['aws', ...start], { name: 'UninstallInProgress', message });
    const { code, stdout } = await follows(uninstall);
    expect(stdout).toMatch(/^Recode in us-east-1 is already being uninstalled, started \d+s ago by bob\.$/m);
    expect(stdout).toContain('✓ Uninstalled Recode from us-east-1\n');
    expect(code).toBe(0);
    await expectNothing(aws);
  });
});

it('raises each error of an operation in progress', () => {
  expectAllRaised(raisedBy['in-progress']);
});
