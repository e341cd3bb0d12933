import { StartInstancesCommand, StopInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterEach, describe, expect, it } from 'vitest';
import { readEnvironment } from '../../aws/records/read/environment.ts';
import { deployForTests } from '../harness/deployment.ts';
import { expectAllRaised, expectFailure, raisedBy } from '../harness/failure.ts';
import { expectConverged, expectNothing, inventory } from '../harness/inventory.ts';
import { beginHeld, letGo } from '../harness/pace.ts';
import type { User } from '../harness/users.ts';
import { wipe } from '../harness/wipe.ts';
import { ended, mutatingCalls, runRemove, runStart, runStop, somePublicKey } from '../harness/workflows.ts';

let aws: TestAws;
let alice: User;
deployForTests((deployed, user) => {
  aws = deployed;
  alice = user('alice');
});
afterEach(async () => {
  letGo(aws);
  await wipe(aws);
});

const command = ['stop', 'acme/api'];

const subject = { owner: 'alice', repository: 'acme/api' };
const record = () => readEnvironment(aws.clients.dynamodb, subject);

/** Starts the environment; resolves to its instance. */
async function started(): Promise<{ InstanceIds: string[]; instanceId: string }> {
  const { output } = await runStart(aws);
  const instanceId = output?.instanceId ?? '';
  await aws.delete('calls');
  return { InstanceIds: [instanceId], instanceId };
}

/** Begins a start and ends its execution from outside while its instance is pending. */
async function killStart(caller: string): Promise<void> {
  const executionArn = await beginHeld(aws, 'pending', { caller, environment: subject, request: { publicKey: somePublicKey } });
  await aws.clients.sfn.send(new StopExecutionCommand({ executionArn }));
  letGo(aws);
}

describe('a stop', () => {
  it('stops the instance and keeps everything else; the next start starts the same one', async () => {
    const { instanceId } = await started();
    const stopped = await runStop(aws);
    const output = { ...subject, name: 'acme-api', status: 'stopped', instanceId, instanceType: 't2.medium' };
    expect(stopped).toMatchObject({ status: 'SUCCEEDED', output: { ...output, changed: true } });
    expect(await mutatingCalls(aws)).toEqual(['StopInstances']);
    await expectConverged(aws, 1, 'stopped');
    expect((await runStart(aws)).output).toMatchObject({ instanceId, created: false });
    await expectConverged(aws, 1);
  });

  it('says what it has stopped; of what is stopped already it changes nothing, and says so', async () => {
    const { instanceId } = await started();
    const shown = ['Locking the environment', 'Stopping the instance', 'Waiting for the instance to stop', 'Saving the environment'];
    const text = (said: string) => `${shown.join('\n')}\n\n✓ ${said}\n  Instance  ${instanceId} (t2.medium)\n`;
    expect(await alice.prints(command)).toEqual({ code: 0, stdout: text('Stopped acme/api'), stderr: '' });
    await aws.delete('calls');
    expect(await alice.prints(command)).toEqual({ code: 0, stdout: text('acme/api is already stopped'), stderr: '' });
    const output = { ...subject, name: 'acme-api', status: 'stopped', instanceId, instanceType: 't2.medium' };
    const { code, json } = await alice.run([...command, '--json']);
    expect(json).toMatchObject({ ...output, executionArn: expect.stringMatching(/:execution:recode-stop:/), changed: false });
    expect(code).toBe(0);
    expect(await mutatingCalls(aws)).toEqual([]);
    await expectConverged(aws, 1, 'stopped');
  });

  it('records that somebody has stopped the instance by hand', async () => {
    const { InstanceIds } = await started();
    await aws.clients.ec2.send(new StopInstancesCommand({ InstanceIds }));
    expect((await runStop(aws)).output).toMatchObject({ changed: true });
    await expectConverged(aws, 1, 'stopped');
  });

  it('stops an instance that somebody has started by hand', async () => {
    const { InstanceIds } = await started();
    await runStop(aws);
    await aws.clients.ec2.send(new StartInstancesCommand({ InstanceIds }));
    expect((await runStop(aws)).output).toMatchObject({ changed: true });
    await expectConverged(aws, 1, 'stopped');
  });

  it('takes over from a start that was killed', async () => {
    const { instanceId } = await started();
    await runStop(aws);
    await killStart('bob');
    expect((await runStop(aws)).output).toMatchObject({ instanceId, changed: true });
    await expectConverged(aws, 1, 'stopped');
  });

  it('stops what a first start has launched that failed while EC2 did not answer', async () => {
    const always = { kind: 'error', count: 100 };
    const finish = { service: 'dynamodb', action: 'UpdateItem', function: 'recode-prod-finishOperation', code: 'ValidationException' };
    const observe = { service: 'ec2', action: 'DescribeInstances', function: 'recode-prod-failOperation', code: 'UnauthorizedOperation' };
    await Promise.all([finish, observe].map((fault) => aws.post('faults', { ...always, ...fault })));
    expect((await runStart(aws)).error).toBe('AwsRefused');
    await aws.delete('faults');
    expect(await record()).not.toHaveProperty('observed');
    expect(await runStop(aws)).toMatchObject({ status: 'SUCCEEDED', output: { status: 'stopped', changed: true } });
    await expectConverged(aws, 1, 'stopped');
  });
});

describe('a stop that is refused', () => {
  it('finds nothing installed, and installs nothing', async () => {
    expect(await runStop(aws)).toMatchObject({ status: 'FAILED', error: 'RecodeNotInstalled' });
    await expectNothing(aws);
  });

  it('finds no environment', async () => {
    await started();
    const other = await runStop(aws, { owner: 'bob' });
    expect(other).toMatchObject({ status: 'FAILED', error: 'EnvironmentNotFound' });
    expect(other.cause).toContain('bob has no environment for acme/api.');
    await expectConverged(aws, 1);
  });

  it('finds an environment whose first start failed, and leaves it as it is', async () => {
    await aws.post('faults', { service: 'ec2', action: 'RunInstances', kind: 'error', code: 'VcpuLimitExceeded' });
    expect((await runStart(aws)).error).toBe('QuotaReached');
    const before = await inventory(aws);
    const message = 'The environment acme/api is creating: its first start failed.';
    expectFailure(await alice.run(command), ['aws', ...command], { name: 'EnvironmentNotFinished', message });
    expect(await inventory(aws)).toEqual(before);
  });

  it('finds an environment whose first start was killed after the launch: the next start records what is there', async () => {
    await killStart('alice');
    expect(await runStop(aws)).toMatchObject({ status: 'FAILED', error: 'EnvironmentNotFinished' });
    expect((await runStart(aws)).output).toMatchObject({ created: false });
    await expectConverged(aws, 1);
  });
});

describe('an environment whose instance somebody has terminated', () => {
  it('cannot be stopped, but removed', async () => {
    const { InstanceIds } = await started();
    await aws.clients.ec2.send(new TerminateInstancesCommand({ InstanceIds }));
    const message = 'EC2 shows no instance of the environment acme/api: someone terminated it.';
    expectFailure(await alice.run(command), ['aws', ...command], { name: 'InstanceGone', message });
    expect(await record()).toMatchObject({ observed: { state: 'gone' }, lastError: { name: 'InstanceGone' } });
    expect((await record())?.lock).toEqual({ quietUntil: expect.any(Number) });
    expect(await runRemove(aws)).toMatchObject({ output: { status: 'removed' } });
    expect(await record()).toBeUndefined();
  });

  it('while it was being stopped is told the same, and gets a new one from the next start', async () => {
    const { InstanceIds, instanceId } = await started();
    const executionArn = await beginHeld(aws, 'stopping', { caller: 'alice', environment: subject });
    await aws.clients.ec2.send(new TerminateInstancesCommand({ InstanceIds }));
    letGo(aws);
    expect(await ended(aws, executionArn)).toMatchObject({ status: 'FAILED', error: 'InstanceGone' });
    const { output } = await runStart(aws, { replaces: instanceId });
    expect(output).toMatchObject({ created: true });
    expect(output?.instanceId).not.toBe(instanceId);
    await expectConverged(aws, 1);
  });
});

it('raises what a stop is refused for', () => {
  expectAllRaised(raisedBy.stop);
});
