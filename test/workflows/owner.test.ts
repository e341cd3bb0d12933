import { existsSync } from 'node:fs';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterEach, describe, expect, it } from 'vitest';
import { readEnvironment } from '../../aws/records/read/environment.ts';
import { deployForTests } from '../harness/deployment.ts';
import { expectFailure, expectNothingChanged } from '../harness/failure.ts';
import { expectConverged } from '../harness/inventory.ts';
import { held, holdNext, letGo } from '../harness/pace.ts';
import type { User } from '../harness/users.ts';
import { ended } from '../harness/workflows.ts';

let aws: TestAws;
let alice: User;
let bob: User;
deployForTests(async (deployed, user) => {
  aws = deployed;
  alice = user('alice');
  bob = user('bob');
  expect((await alice.run(['start', 'acme/api'])).code).toBe(0);
});
afterEach(() => letGo(aws));

const theirs = ['acme/api', '--owner', 'alice'];
const record = () => readEnvironment(aws.clients.dynamodb, { owner: 'alice', repository: 'acme/api' });

// Bob works on Alice's environment.
describe("a teammate's environment", () => {
  it.each([
    ['start', 'acme/api belongs to alice. Start it?'],
    ['stop', 'acme/api belongs to alice. Stop it?'],
  ])('is not touched where nobody can be asked: %s', async (command, question) => {
    await aws.delete('calls');
    const ran = await bob.run([command, ...theirs]);
    const message = `This command asks for confirmation, but this is not a terminal: ${question}`;
    expectFailure(ran, ['aws', command, ...theirs], { name: 'ConfirmationRequired', message });
    await expectNothingChanged(aws);
  });

  it('is not touched after a no', async () => {
    const { text, code } = await bob.inTerminal(['stop', ...theirs], [['acme/api belongs to alice. Stop it? [y/N] ', 'n\r']]);
    expect(text).toMatch(/\[y\/N\] n\nCancelled\.\n$/);
    expect(code).toBe(1);
    expect(await record()).toMatchObject({ wanted: { power: 'on' }, observed: { state: 'running' } });
  });

  it('is stopped after a yes', async () => {
    const { text, code } = await bob.inTerminal(['stop', ...theirs], [['acme/api belongs to alice. Stop it? [y/N] ', 'y\r']]);
    expect(text).toContain('✓ Stopped acme/api\n');
    expect(code).toBe(0);
    await expectConverged(aws, 1, 'stopped');
  });

  it('is started with --force, and is its owner’s alone to connect to', async () => {
    const before = await record();
    const { code, json, stderr } = await bob.run(['start', ...theirs, '--force', '--json']);
    expect(code, stderr).toBe(0);
    expect(json).toMatchObject({ repository: 'acme/api', owner: 'alice', status: 'started', created: false, sshCommand: null });
    expect((await record())?.wanted).toMatchObject({ publicKey: before?.wanted.publicKey, power: 'on' });
    expect(existsSync(bob.files('acme/api', 'alice').key)).toBe(false);
    const { stdout } = await alice.run(['start', 'acme/api']);
    expect(stdout).toContain('✓ acme/api is already started\n');
    expect(stdout).toContain('\nTo connect, run:\n  ssh ');
  });

  it('says whose operation is in progress', async () => {
    await holdNext(aws, 'stopping');
    const begun = await bob.run(['stop', ...theirs, '--force', '--no-wait']);
    expect(begun.stdout).toContain('To follow it, run:\n  recode aws follow acme/api --owner alice\n');
    const [, executionArn = ''] = /^Started (\S+)$/m.exec(begun.stdout) ?? [];
    await held(aws, 'stopping', executionArn);
    const { stdout } = await alice.run(['status', 'acme/api']);
    expect(stdout).toMatch(/\nA stop is running, started \d+s ago by bob: Waiting for the instance to stop\n$/);
    letGo(aws);
    expect(await ended(aws, executionArn)).toMatchObject({ status: 'SUCCEEDED' });
    expect((await bob.run(['follow', ...theirs])).stdout).toContain('✓ Stopped acme/api\n');
  });

  it('is removed after a yes, and its owner starts again with the same key', async () => {
    const { text, code } = await bob.inTerminal(['remove', ...theirs], [['Remove it? [y/N] ', 'y\r']]);
    expect(text).toContain("This deletes alice's environment acme/api in us-east-1 and all data on its disk:\n");
    expect(text).toContain('✓ Removed acme/api\n');
    expect(code).toBe(0);
    await expectConverged(aws, 0);
    expect(existsSync(bob.files('acme/api', 'alice').folder)).toBe(false);
    const again = await alice.run(['start', 'acme/api', '--json']);
    expect(again.json, again.stderr).toMatchObject({ status: 'started', created: true });
  });
});

describe('an environment', () => {
  it.each(['start', 'remove'])('that a teammate does not have is refused: %s', async (command) => {
    const args = [command, 'acme/web', '--owner', 'alice'];
    const message = 'alice has no environment for acme/web in us-east-1.';
    expectFailure(await bob.run(args), ['aws', ...args], { name: 'EnvironmentNotFound', message });
  });

  it("of one's own needs no question, also where the owner is named", async () => {
    const { code, stdout } = await alice.run(['stop', ...theirs]);
    expect(stdout).toContain('✓ Stopped acme/api\n');
    expect(code).toBe(0);
  });
});
