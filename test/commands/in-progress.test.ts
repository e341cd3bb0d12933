import { writeFileSync } from 'node:fs';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { deleteItem } from '../../aws/records/hold/table.ts';
import { environmentId } from '../../core/names.ts';
import { deployForTests } from '../harness/deployment.ts';
import { expectAllRaised, expectFailure, raisedBy, shownAge } from '../harness/failure.ts';
import { beginHeld, held, holdNext, letGo } from '../harness/pace.ts';
import { hasCalled, type User } from '../harness/users.ts';
import { ended, somePublicKey } from '../harness/workflows.ts';

let aws: TestAws;
let alice: User;
let bob: User;
deployForTests((deployed, user) => {
  aws = deployed;
  alice = user('alice');
  bob = user('bob');
});
afterEach(() => letGo(aws));

const bobsApi = { owner: 'bob', repository: 'acme/api' };

/** Starts an operation of a user's without waiting, and resolves to its execution's ARN. */
async function handOver(user: User, args: readonly string[]): Promise<string> {
  return ((await user.run([...args, '--no-wait', '--json'])).json as { executionArn: string }).executionArn;
}

/** The first command that a next step quotes, without `recode aws`. */
const quotedIn = (text: string) => (/"recode aws ([^"]+)"/.exec(text)?.[1] ?? '').split(' ');

// The first start in a region creates the network, and holds it meanwhile.
it('an uninstall that a start refuses names the list, which shows that start', async () => {
  const executionArn = await beginHeld(aws, 'networking', { caller: 'bob', environment: bobsApi, request: { publicKey: somePublicKey } });
  // Otherwise the environment refuses the uninstall before anything runs.
  await deleteItem(
    aws.clients.dynamodb,
    { kind: 'environment', id: environmentId(bobsApi) },
    { when: 'attribute_exists(#kind)', values: {} },
  );
  const uninstall = ['uninstall', '--region', 'us-east-1', '--force'];
  const ran = await alice.run(uninstall);
  const message = `A start is running on the network, started ${shownAge(ran)} ago by bob.`;
  expectFailure(ran, ['aws', ...uninstall], { name: 'OperationInProgress', message });
  expect(quotedIn(ran.stderr)).toEqual(['list', '--all', '--region', 'us-east-1']);
  letGo(aws);
  await ended(aws, executionArn);
});

// The life of one environment of bob's.
describe('a command that another operation refuses', () => {
  beforeAll(async () => {
    expect((await bob.run(['start', 'acme/api'])).code).toBe(0);
  });

  it('says how long that one has been running, and names the command that follows it', async () => {
    await holdNext(aws, 'stopping');
    await held(aws, 'stopping', await handOver(bob, ['stop', 'acme/api']));
    const ran = await bob.run(['start', 'acme/api']);
    expect(ran.stderr.replace(/\d+s/, '1s')).toBe(
      '✗ Another operation is in progress\n' +
        '  A stop is running on the environment acme/api, started 1s ago by you.\n\n' +
        '  Wait until it ends ("recode aws follow acme/api" shows its progress), then run "recode aws start acme/api" again.\n',
    );
    expect(ran.code).toBe(3);
    await aws.delete('calls');
    const following = bob.run(quotedIn(ran.stderr));
    await hasCalled(aws, bob, 'DescribeStateMachineForExecution');
    letGo(aws);
    expect((await following).stdout).toContain('✓ Stopped acme/api\n');
  });

  it('names the owner and the account, too', async () => {
    await holdNext(aws, 'starting');
    await held(aws, 'starting', await handOver(bob, ['start', 'acme/api']));
    const remove = ['remove', 'acme/api', '--owner', 'bob', '--region', 'us-east-1', '--force'];
    const ran = await alice.run(remove);
    const message = `A start is running on the environment acme/api, started ${shownAge(ran)} ago by bob.`;
    expectFailure(ran, ['aws', ...remove], { name: 'OperationInProgress', message });
    const followed = quotedIn(ran.stderr);
    expect(followed).toEqual(['follow', 'acme/api', '--owner', 'bob', '--region', 'us-east-1']);
    letGo(aws);
    expect((await alice.run(followed)).code).toBe(0);
  });

  it('is shown by follow with the command to run again', async () => {
    const stopping = await beginHeld(aws, 'stopping', { caller: 'alice', environment: bobsApi });
    await ended(aws, await handOver(bob, ['remove', 'acme/api', '--force']));
    letGo(aws);
    await ended(aws, stopping);
    const ran = await bob.run(['follow', 'acme/api']);
    const message = `A stop is running on the environment acme/api, started ${shownAge(ran)} ago by alice.`;
    expectFailure(ran, ['aws', 'follow', 'acme/api'], { name: 'OperationInProgress', message, again: 'recode aws remove acme/api' });
  });

  it('is shown by status until it is followed, if it was not waited for', async () => {
    await beginHeld(aws, 'stopping', { caller: 'alice', environment: bobsApi });
    await ended(aws, await handOver(bob, ['remove', 'acme/api', '--force']));
    const { stdout } = await bob.run(['status', 'acme/api']);
    expect(stdout.replaceAll(/\d+s ago/g, 'NOW')).toMatch(
      /\nYour remove failed, NOW: A stop is running on the environment acme\/api, started NOW by alice\.\n$/,
    );
    const { json } = await bob.run(['status', 'acme/api', '--json']);
    const message = expect.stringMatching(/^A stop is running on the environment acme\/api, started \d+s ago by alice\.$/);
    const at = expect.stringMatching(/^\d{4}-.*Z$/);
    expect(json).toMatchObject({ backgroundError: { kind: 'remove', name: 'OperationInProgress', message, at }, lastError: null });
    await aws.delete('calls');
    const following = bob.run(['follow', 'acme/api']);
    await hasCalled(aws, bob, 'DescribeStateMachineForExecution', 2);
    letGo(aws);
    expect((await following).code).toBe(0);
    expect((await bob.run(['status', 'acme/api'])).stdout).not.toContain('Your remove failed');
  });
});

describe('the status of an environment whose first start was not waited for', () => {
  it('is what that start is doing', async () => {
    await holdNext(aws, 'resolving');
    const executionArn = await handOver(bob, ['start', 'acme/new']);
    await held(aws, 'resolving', executionArn);
    const { code, stdout } = await bob.run(['status', 'acme/new']);
    expect(stdout).toMatch(
      /^acme\/new \(bob\): not created yet\n\nA start is running, started \d+s ago by you: Locking the environment\n$/,
    );
    expect(code).toBe(0);
    const { json } = await bob.run(['status', 'acme/new', '--json']);
    const operation = { kind: 'start', owner: 'bob', running: true, steps: ['Locking the environment'] };
    expect(json).toMatchObject({ repository: 'acme/new', owner: 'bob', status: null, executionArn, operation });
    letGo(aws);
    await ended(aws, executionArn);
    expect((await bob.run(['remove', 'acme/new', '--force'])).code).toBe(0);
  });

  it('is why that start was refused', async () => {
    await ended(aws, await handOver(bob, ['start', 'acme/new', '--instance-type', 't9.large']));
    const ran = await bob.run(['status', 'acme/new']);
    const message =
      't9.large is not available in us-east-1. Try t3.large. AWS says: The following supplied instance types do not exist: [t9.large]. ' +
      'The catalog of the embedded AWS does not have t9.large (InvalidInstanceType).';
    expectFailure(ran, ['aws', 'status', 'acme/new'], { name: 'InstanceTypeNotFound', message, again: 'recode aws start acme/new' });
  });

  it('is that it does not exist, if AWS does not know that start any more', async () => {
    // As after a reset of the embedded AWS, or three months.
    writeFileSync(bob.files('acme/new').execution, `arn:aws:states:us-east-1:${aws.accountId}:execution:recode-start:long-ago\n`);
    const ran = await bob.run(['status', 'acme/new']);
    const message = 'bob has no environment for acme/new in us-east-1.';
    expectFailure(ran, ['aws', 'status', 'acme/new'], { name: 'EnvironmentNotFound', message });
  });
});

it('a start while Recode is uninstalled is refused', async () => {
  expect((await bob.run(['remove', 'acme/api', '--force'])).code).toBe(0);
  await beginHeld(aws, 'uninstalling', { caller: 'alice' });
  const start = ['start', 'acme/api'];
  const message = 'Recode is being uninstalled from this region.';
  expectFailure(await bob.run(start), ['aws', ...start], { name: 'UninstallInProgress', message });
});

it('raises each error of an operation in progress', () => {
  expectAllRaised(raisedBy['in-progress']);
});
