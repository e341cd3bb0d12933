import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterEach, describe, expect, it } from 'vitest';
import { deployForTests } from '../harness/deployment.ts';
import { expectFailure } from '../harness/failure.ts';
import { expectConverged, statusNow } from '../harness/inventory.ts';
import type { User } from '../harness/users.ts';
import { wipe } from '../harness/wipe.ts';
import { mutatingCalls, runStop } from '../harness/workflows.ts';

let aws: TestAws;
let alice: User;
deployForTests((deployed, user) => {
  aws = deployed;
  alice = user('alice');
});
afterEach(() => wipe(aws));

/** Starts the environment, and stops it if it is to be stopped. */
async function existing(state: 'started' | 'stopped'): Promise<void> {
  expect((await alice.run(['start', 'acme/api'])).code).toBe(0);
  if (state === 'stopped') await runStop(aws);
  await aws.delete('calls');
}

describe('a start with other options than the environment has', () => {
  it('changes the volume and the type of a stopped instance before it starts', async () => {
    await existing('stopped');
    const options = ['--instance-type', 'm5.large', '--volume-size', '40', '--volume-type', 'gp3'];
    const { code, stdout } = await alice.prints(['start', 'acme/api', ...options]);
    expect(stdout).toMatch(/Starting the instance\nChanging the volume\nChanging the instance type\n/);
    expect(stdout).toMatch(/ {2}Instance {2}i-\w+ \(m5\.large\)\n/);
    expect(stdout).not.toContain('Growing the file system');
    expect(code).toBe(0);
    expect(await mutatingCalls(aws)).toEqual(['ModifyVolume', 'ModifyInstanceAttribute', 'StartInstances']);
    const { items } = await expectConverged(aws, 1);
    expect(items).toContainEqual(
      expect.objectContaining({
        wanted: expect.objectContaining({ instanceType: 'm5.large', volumeSize: 40, volumeType: 'gp3' }),
        observed: expect.objectContaining({ instanceType: 'm5.large' }),
      }),
    );
  });

  it('grows the volume of a running instance, and then its file system', async () => {
    await existing('started');
    const { code, stdout, stderr } = await alice.prints(['start', 'acme/api', '--volume-size', '40']);
    expect(stdout).toMatch(
      /Changing the volume\n[\s\S]*Checking the SSH connection\nGrowing the file system\n[\s\S]*✓ acme\/api is already started\n/,
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(await mutatingCalls(aws)).toEqual(['ModifyVolume']);
    await expectConverged(aws, 1);
    const again = await alice.prints(['start', 'acme/api', '--volume-size', '40']);
    expect(again.stdout).toMatch(/\nGrowing the file system\n/);
    expect(await mutatingCalls(aws)).toEqual(['ModifyVolume']);
  });

  it('says that the next restart grows the file system if the instance does not', async () => {
    await existing('started');
    const program = "#!/bin/sh\necho 'growpart is missing' >&2\nexit 1\n";
    expect((await alice.run(['ssh', 'acme/api', '--', `printf '%s' "${program}" > "$(command -v sudo)"`])).code).toBe(0);
    const { code, stderr } = await alice.run(['start', 'acme/api', '--volume-size', '40']);
    expect(stderr).toContain('The file system of acme/api has not grown yet: growpart is missing. Run "recode aws restart acme/api');
    expect(code).toBe(0);
    await expectConverged(aws, 1);
  });

  it('goes back to the former type if EC2 has no capacity for the new one, and keeps the disk', async () => {
    await existing('stopped');
    await aws.post('ec2', { withoutCapacity: [{ zone: 'us-east-1a', instanceType: 'm5.large' }] });
    const command = ['start', 'acme/api', '--instance-type', 'm5.large', '--json'];
    expectFailure(await alice.run(command), ['aws', ...command], {
      name: 'NoCapacityToStart',
      message: expect.stringMatching(/It was a t2\.medium until now: --instance-type t2\.medium changes it back\.$/),
    });
    expect(await statusNow(aws)).toBe('stopped');
    const { json } = await alice.run(['status', 'acme/api', '--json']);
    expect(json).toMatchObject({ instanceType: 'm5.large', status: 'stopped' });
    await aws.delete('ec2');
    aws.clock.advance(60_000);
    expect((await alice.run(['start', 'acme/api', '--instance-type', 't2.medium'])).code).toBe(0);
    const { instances } = await expectConverged(aws, 1);
    expect(instances).toMatchObject([{ InstanceType: 't2.medium' }]);
  });

  it('asks EC2 nothing more if it has no other options', async () => {
    await existing('stopped');
    const options = ['--instance-type', 't2.medium', '--volume-size', '16', '--volume-type', 'gp2'];
    expect((await alice.run(['start', 'acme/api', ...options])).code).toBe(0);
    const { calls } = (await aws.get('calls')) as { calls: { service: string; action: string }[] };
    const asked = calls.filter(({ service }) => service === 'ec2').map(({ action }) => action);
    for (const action of ['DescribeVolumes', 'DescribeInstanceTypes', 'DescribeInstanceTypeOfferings']) expect(asked).not.toContain(action);
    expect(await mutatingCalls(aws)).toEqual(['StartInstances']);
  });
});

describe('a restart with --instance-type', () => {
  it('changes the type of a running instance', async () => {
    await existing('started');
    const { code, stdout } = await alice.prints(['restart', 'acme/api', '--instance-type', 'm5.large']);
    expect(stdout).toMatch(
      /Waiting for the instance to stop\nStarting the instance\nChanging the instance type\nStarting the changed instance\n/,
    );
    expect(stdout).toMatch(/\(m5\.large\)/);
    expect(code).toBe(0);
    expect(await mutatingCalls(aws)).toEqual(['StopInstances', 'ModifyInstanceAttribute', 'StartInstances']);
    await expectConverged(aws, 1);
  });

  it('is refused before the instance stops where the type does not fit', async () => {
    await existing('started');
    const command = ['restart', 'acme/api', '--instance-type', 'm6g.large', '--json'];
    expectFailure(await alice.run(command), ['aws', ...command], {
      name: 'ArchitectureDiffers',
      message: 'acme/api is a t2.medium with amd64. m6g.large has arm64.',
    });
    expect(await mutatingCalls(aws)).toEqual([]);
  });
});
