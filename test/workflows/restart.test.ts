import { RevokeSecurityGroupIngressCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterEach, describe, expect, it } from 'vitest';
import { findSecurityGroups } from '../../aws/ec2/resources.ts';
import { deployForTests } from '../harness/deployment.ts';
import { expectFailure } from '../harness/failure.ts';
import { expectConverged, expectNothing } from '../harness/inventory.ts';
import { beginHeld, letGo } from '../harness/pace.ts';
import { hasCalled, type User } from '../harness/users.ts';
import { wipe } from '../harness/wipe.ts';
import { ended, mutatingCalls, runRestart, runStart, runStop } from '../harness/workflows.ts';

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

const command = ['restart', 'acme/api'];
const restarting = ['StopInstances', 'StartInstances'];
const subject = { owner: 'alice', repository: 'acme/api' };

/** Starts the environment with alice's key. Resolves to its instance. */
async function started(): Promise<string> {
  const { json } = await alice.run(['start', 'acme/api', '--json']);
  const { instanceId } = json as { instanceId: string };
  await aws.delete('calls');
  return instanceId;
}

describe('a restart', () => {
  it('stops the instance, starts it again, connects to it, and says so', async () => {
    const instanceId = await started();
    const { code, stdout } = await alice.prints(command);
    expect(stdout).toMatch(
      new RegExp(
        [
          ...['^Locking the environment', 'Stopping the instance', 'Waiting for the instance to stop', 'Starting the instance'],
          ...['Opening SSH in the security group', 'Waiting for the instance to run'],
          ...['Waiting for SSH', 'Saving the environment', 'Checking the SSH connection', '', '✓ Restarted acme/api'],
          ...[
            '  Address   127\\.\\S+',
            `  Instance  ${instanceId} \\(t2\\.medium\\)`,
            '  Stops     .*',
            '  Folder    /.*/home/recode/workspace/api',
            '',
            'To connect, run:',
            '  ssh -F ',
          ],
        ].join('\n'),
      ),
    );
    expect(code).toBe(0);
    expect(await mutatingCalls(aws)).toEqual(restarting);
    await expectConverged(aws, 1);
  });

  it('starts a stopped environment', async () => {
    const instanceId = await started();
    await runStop(aws);
    await aws.delete('calls');
    expect(await runRestart(aws)).toMatchObject({ output: { instanceId, status: 'started', created: false } });
    expect(await mutatingCalls(aws)).toEqual(['StartInstances']);
    await expectConverged(aws, 1);
  });

  it('lets people in again where somebody has closed SSH by hand', async () => {
    await started();
    const [group] = await findSecurityGroups(aws.clients.ec2, subject);
    await aws.clients.ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId: group?.GroupId, IpPermissions: group?.IpPermissions }));
    expect((await runRestart(aws)).status).toBe('SUCCEEDED');
    await expectConverged(aws, 1);
  });

  it('is followed by a second one, and by "recode aws follow", which end as it does', async () => {
    await started();
    const executionArn = await beginHeld(aws, 'restarting', { caller: 'carol', environment: subject });
    const both = [alice.prints(command), bob.prints(['follow', 'acme/api', '--owner', 'alice'])];
    // Alice follows her own execution first, which is refused, and whose sentences she knows.
    await hasCalled(aws, alice, 'DescribeStateMachineForExecution');
    await hasCalled(aws, bob, 'DescribeStateMachineForExecution');
    letGo(aws);
    for (const { code, stdout } of await Promise.all(both)) {
      expect(stdout).toContain('✓ Restarted acme/api');
      expect(code).toBe(0);
    }
    expect((await ended(aws, executionArn)).status).toBe('SUCCEEDED');
    expect(await mutatingCalls(aws)).toEqual(restarting);
  });

  it('goes on where one before was killed between the stop and the start', async () => {
    const instanceId = await started();
    const executionArn = await beginHeld(aws, 'restarting', { caller: 'alice', environment: subject });
    await aws.clients.sfn.send(new StopExecutionCommand({ executionArn }));
    letGo(aws);
    expect(await runRestart(aws)).toMatchObject({ output: { instanceId, status: 'started' } });
    await expectConverged(aws, 1);
  });
});

describe('a restart that is refused', () => {
  it('finds nothing installed, and installs nothing', async () => {
    expect(await runRestart(aws)).toMatchObject({ status: 'FAILED', error: 'RecodeNotInstalled' });
    await expectNothing(aws);
  });

  it('finds no environment', async () => {
    await started();
    expect(await runRestart(aws, { owner: 'bob' })).toMatchObject({ status: 'FAILED', error: 'EnvironmentNotFound' });
    await expectConverged(aws, 1);
  });

  it('finds an environment whose first start failed', async () => {
    await aws.post('faults', { service: 'ec2', action: 'RunInstances', kind: 'error', code: 'VcpuLimitExceeded' });
    expect((await runStart(aws)).error).toBe('QuotaReached');
    expect(await runRestart(aws)).toMatchObject({ status: 'FAILED', error: 'EnvironmentNotFinished' });
  });

  it('finds that this machine does not have the key, and restarts nothing', async () => {
    await runStart(aws);
    await aws.delete('calls');
    const { code, stderr } = await alice.run(command);
    expect(stderr).toContain('✗ ');
    expect(code).toBe(3);
    expect(await mutatingCalls(aws)).toEqual([]);
  });

  it('finds that somebody has terminated the instance, before it or meanwhile, and launches no other one', async () => {
    const instanceId = await started();
    await aws.clients.ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
    const message = 'EC2 shows no instance of the environment acme/api: someone terminated it.';
    expectFailure(await alice.run(command), ['aws', ...command], { name: 'InstanceGone', message });
    expect(await mutatingCalls(aws)).toEqual(['TerminateInstances', 'StopInstances']);
  });
});
