import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterEach, describe, expect, it } from 'vitest';
import { updateItem } from '../../aws/records/hold/table.ts';
import { readEnvironment } from '../../aws/records/read/environment.ts';
import { deployForTests } from '../harness/deployment.ts';
import { expectFailure } from '../harness/failure.ts';
import { expectConverged } from '../harness/inventory.ts';
import { beginHeld, letGo } from '../harness/pace.ts';
import { hasCalled, type User } from '../harness/users.ts';
import { wipe } from '../harness/wipe.ts';

let aws: TestAws;
let alice: User;
let bob: User;
deployForTests((deployed, user) => {
  aws = deployed;
  alice = user('alice');
  bob = user('bob');
});
afterEach(async () => {
  letGo(aws);
  await wipe(aws);
});

const subject = { owner: 'alice', repository: 'acme/api' };
const command = ['retry', 'acme/api'];
const read = () => readEnvironment(aws.clients.dynamodb, subject);
const refuse = (action: string, code: string) => aws.post('faults', { service: 'ec2', action, kind: 'error', code, message: 'No.' });

describe('recode aws retry', () => {
  it('continues a start with the options that it had', async () => {
    await refuse('RunInstances', 'VcpuLimitExceeded');
    expect((await alice.run(['start', 'acme/api', '--instance-type', 't3.small', '--volume-size', '20'])).code).toBe(1);
    const { code, stdout } = await alice.prints(command);
    expect(stdout).toMatch(
      /^Retrying the start that failed \d+s ago: AWS says: No \(VcpuLimitExceeded\)\.\n[\s\S]*✓ Started acme\/api\n[\s\S]*t3\.small/,
    );
    expect(code).toBe(0);
    expect((await read())?.wanted).toMatchObject({ instanceType: 't3.small', volumeSize: 20 });
    await expectConverged(aws, 1);
  });

  it.each([
    ['stop', 'StopInstances', [], '✓ Stopped acme/api'],
    ['restart', 'StartInstances', [], '✓ Restarted acme/api'],
    ['remove', 'DeleteSecurityGroup', ['--force'], '✓ Removed acme/api'],
  ])('runs a %s again', async (kind, action, options, said) => {
    await alice.run(['start', 'acme/api']);
    await refuse(action, 'OptInRequired');
    expect((await alice.run([kind, 'acme/api', ...options])).code).toBe(1);
    const { code, stdout } = await alice.prints([...command, ...options]);
    expect(stdout).toMatch(new RegExp(`^Retrying the ${kind} that failed `));
    expect(stdout).toContain(`${said}\n`);
    expect(code).toBe(0);
  });

  it('finishes a rename with the name that it had', async () => {
    await alice.run(['start', 'acme/api']);
    await refuse('CreateTags', 'OptInRequired');
    expect((await alice.run(['rename', 'acme/api', 'billing'])).code).toBe(1);
    const { code, stdout } = await alice.prints(command);
    expect(stdout).toMatch(/^Retrying the rename that failed /);
    expect(stdout).toContain('✓ Renamed acme/api to billing\n');
    expect(code).toBe(0);
    await expectConverged(aws, 1);
  });

  it('asks what the operation asks', async () => {
    await alice.run(['start', 'acme/api']);
    await refuse('DeleteSecurityGroup', 'OptInRequired');
    await alice.run(['remove', 'acme/api', '--force']);
    expect((await alice.run(command)).stderr).toMatch(/^✗ Confirmation required/);
    await alice.run(['remove', 'acme/api', '--force']);
    await alice.run(['start', 'acme/api']);
    await refuse('StopInstances', 'OptInRequired');
    await alice.run(['stop', 'acme/api']);
    expect((await bob.run([...command, '--owner', 'alice'])).stderr).toContain('acme/api belongs to alice. Stop it?');
  });

  it('does nothing if the last operation did not fail', async () => {
    await alice.run(['start', 'acme/api']);
    const stdout = 'Nothing to retry: the last operation on acme/api did not fail.\n';
    expect(await alice.prints(command)).toEqual({ code: 0, stdout, stderr: '' });
    expect(await alice.run([...command, '--json'])).toMatchObject({ code: 0, json: { ...subject, status: 'started' } });
  });

  it('follows an operation in progress, and does not wait for it if asked not to', async () => {
    await alice.run(['start', 'acme/api']);
    await beginHeld(aws, 'stopping', { caller: 'bob', environment: subject });
    const running = /^A stop is running, started \d+s ago by bob\.\n/;
    const left = await alice.prints([...command, '--no-wait']);
    expect(left).toMatchObject({ code: 0, stdout: expect.stringMatching(new RegExp(`${running.source}$`)) });
    await aws.delete('calls');
    const following = alice.prints(command);
    await hasCalled(aws, alice, 'DescribeStateMachineForExecution', 2);
    letGo(aws);
    const { code, stdout } = await following;
    expect(stdout).toMatch(running);
    expect(stdout).toContain('✓ Stopped acme/api\n');
    expect(code).toBe(0);
  });

  it('takes over from an operation that ended without releasing its lock', async () => {
    await alice.run(['start', 'acme/api']);
    const executionArn = await beginHeld(aws, 'stopping', { caller: 'alice', environment: subject });
    await aws.clients.sfn.send(new StopExecutionCommand({ executionArn }));
    letGo(aws);
    const { stdout } = await alice.prints(command);
    expect(stdout).toMatch(/^Retrying the stop, started \d+\w ago by you, which ended without releasing its lock\.\n/);
    expect(stdout).toContain('✓ Stopped acme/api\n');
  });

  it('finds out what failed where an older version has recorded it', async () => {
    await alice.run(['start', 'acme/api']);
    await refuse('StopInstances', 'OptInRequired');
    await alice.run(['stop', 'acme/api']);
    const key = { kind: 'environment', id: 'alice/acme/api' } as const;
    await updateItem(aws.clients.dynamodb, key, { set: {}, remove: ['lastOperations'], when: 'attribute_exists(#kind)', values: {} });
    expect((await alice.prints(command)).stdout).toMatch(/^Retrying the stop that failed /);
  });

  it('fails as the operation does, with itself as the command to run again', async () => {
    await alice.run(['start', 'acme/api']);
    for (const args of [['stop', 'acme/api'], command]) {
      await refuse('StopInstances', 'OptInRequired');
      expectFailure(await alice.run(args), ['aws', ...args], { name: 'AccountNotReady', message: 'AWS says: No (OptInRequired).' });
    }
  });

  it('refuses what has no environment', async () => {
    await alice.run(['start', 'acme/api']);
    const message = 'bob has no environment for acme/api in us-east-1.';
    expectFailure(await bob.run(command), ['aws', ...command], { name: 'EnvironmentNotFound', message });
  });
});
