import { existsSync, readFileSync } from 'node:fs';
import { TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readEnvironment } from '../../aws/records/read/environment.ts';
import { tagKey } from '../../core/tags.ts';
import { deployForTests } from '../harness/deployment.ts';
import { expectNothingChanged } from '../harness/failure.ts';
import { inventory } from '../harness/inventory.ts';
import { keys, type User } from '../harness/users.ts';
import { wipe } from '../harness/wipe.ts';
import { leaveVolume } from '../integrity/fault-matrix-leftovers.ts';

let aws: TestAws;
let alice: User;
deployForTests((deployed, user) => {
  aws = deployed;
  alice = user('alice');
});
afterEach(async () => {
  await aws.post('eventbridge', { on: false });
  await wipe(aws);
});

const subject = { owner: 'alice', repository: 'acme/api' };
const record = () => readEnvironment(aws.clients.dynamodb, subject);
const question = 'Start it with a new instance and an empty disk? [y/N] ';

async function succeeds(...args: string[]) {
  const ran = await alice.run(args);
  expect(ran.code, ran.stderr).toBe(0);
  return ran;
}

/** Starts an environment, and terminates its instance outside Recode. Resolves to its ID once the record knows. */
async function lost({ keepVolume = false } = {}): Promise<string> {
  const { json } = await succeeds('start', 'acme/api', '--json');
  const { instanceId } = json as { instanceId: string };
  const { ec2 } = aws.clients;
  if (keepVolume) await leaveVolume(aws);
  // An instance that terminates at once has lost its tags when EC2 tells of it.
  await Promise.all([aws.delete('eventbridge'), aws.post('ec2', { latency: 'calibrated' })]);
  await ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
  await vi.waitFor(async () => expect((await record())?.observed?.state).toBe('gone'), { timeout: 15_000, interval: 50 });
  await vi.waitFor(async () => expect((await inventory(aws)).instances).toEqual([]), { timeout: 15_000, interval: 50 });
  await aws.delete('ec2');
  return instanceId;
}

const lossOf = (instanceId: string) =>
  new RegExp(
    `The instance ${instanceId} of acme/api was terminated outside Recode, noticed \\d+s ago\\.\\s+` +
      'Its disk is lost, with everything that was not pushed\\.',
  );

describe('an environment whose instance was terminated outside Recode', () => {
  it('is started by no command that cannot ask', async () => {
    const instanceId = await lost();
    await aws.delete('calls');
    const commands = [
      ['start', 'acme/api'],
      ['start', 'acme/api', '--force'],
      ['restart', 'acme/api', '--force'],
      ['ssh', 'acme/api', '--start', '--', 'true'],
      ['ssh', 'acme/api', '--no-start', '--', 'true'],
      ['cp', 'acme/api:note', '.', '--start'],
    ];
    for (const command of commands) {
      const { stderr, code } = await alice.run(command);
      expect(stderr).toMatch(/^✗ The instance of the environment is gone\n/);
      expect(stderr).toMatch(lossOf(instanceId));
      expect(stderr).toContain('run "recode aws start acme/api --new-instance"');
      expect(code).toBe(3);
    }
    await expectNothingChanged(aws);
  });

  it('says what is lost and what to do next', async () => {
    const instanceId = await lost();
    const { stdout } = await succeeds('status', 'acme/api');
    expect(stdout).toMatch(/^acme\/api \(alice\): gone\n/);
    expect(stdout).toMatch(lossOf(instanceId));
    expect(stdout).toMatch(/\nTo start it with a new instance and an empty disk, run:\n {2}recode aws start acme\/api --new-instance\n$/);
    const listed = await succeeds('list');
    expect(listed.stdout).toMatch(/\nacme\/api +gone /);
    expect(listed.stdout).toMatch(
      /\nThe instance of acme\/api is gone, noticed \d+s ago\. To see what is left, run:\n {2}recode aws status acme\/api\n$/,
    );
    const goneSince = (await record())?.observed?.at;
    expect((await succeeds('status', 'acme/api', '--json')).json).toMatchObject({
      status: 'gone',
      goneSince,
      left: { keptSnapshotId: null, keptUntil: null, volumes: [] },
    });
    expect((await succeeds('explain', 'InstanceGone')).stdout).toContain('recode aws start <repository> --new-instance');
  });

  it('gets a new instance after a yes, and not after a no', async () => {
    const instanceId = await lost();
    const { knownHosts } = alice.files('acme/api');
    const before = readFileSync(knownHosts, 'utf8');
    await aws.delete('calls');
    for (const command of ['start', 'restart', 'ssh']) {
      const { text, code } = await alice.inTerminal([command, 'acme/api'], [[question, `n${keys.enter}`]]);
      expect(text).toMatch(lossOf(instanceId));
      expect(text).toMatch(/\nCancelled\.\n$/);
      expect(code).toBe(1);
    }
    await expectNothingChanged(aws);
    const { text, code } = await alice.inTerminal(['start', 'acme/api'], [[question, `y${keys.enter}`]]);
    expect(text).toMatch(/\n✓ Started acme\/api\n/);
    expect(code).toBe(0);
    const after = readFileSync(knownHosts, 'utf8');
    expect(after.trim().split('\n')).toHaveLength(1);
    expect(after.split(' ')[2]).not.toBe(before.split(' ')[2]);
    expect(after.split(' ').slice(1).join(' ').trim()).toBe((await record())?.observed?.hostKey?.split(' ').slice(0, 2).join(' '));
    expect((await succeeds('ssh', 'acme/api', '--', 'echo in')).stdout).toBe('in\n');
  });

  it('gets one from a restart or a connection, too', async () => {
    await lost();
    const restarted = await alice.inTerminal(['restart', 'acme/api'], [[question, `y${keys.enter}`]]);
    expect(restarted.text).toMatch(/\n✓ Started acme\/api\n/);
    expect(restarted.code).toBe(0);
    await lost();
    const connected = await alice.inTerminal(['ssh', 'acme/api', '--', 'echo here'], [[question, `y${keys.enter}`]]);
    expect(connected.text).toMatch(/\nhere\n/);
    expect(connected.code).toBe(0);
  });

  it('gets one with --new-instance, which a start of any other takes as well', async () => {
    const instanceId = await lost();
    const { json } = await succeeds('start', 'acme/api', '--new-instance', '--json');
    expect(json).toMatchObject({ status: 'started', created: true, goneSince: null });
    expect(json).not.toMatchObject({ instanceId });
    expect((await succeeds('start', 'acme/api', '--new-instance', '--json')).json).toMatchObject({ created: false });
    expect((await succeeds('start', 'acme/web', '--new-instance', '--json')).json).toMatchObject({ created: true });
  });

  it('is removed as usual', async () => {
    await lost();
    const { text, code } = await alice.inTerminal(['remove', 'acme/api', '--keep', '3d'], [['Remove it? [y/N] ', `y${keys.enter}`]]);
    expect(text).toContain('The disk of acme/api cannot be kept: its instance is gone.');
    expect(text).not.toContain('A snapshot keeps its disk');
    expect(text).toMatch(/\n✓ Removed acme\/api\n$/);
    expect(code).toBe(0);
    expect(existsSync(alice.files('acme/api').key)).toBe(false);
  });

  it('has its own disk back where an earlier one was kept', async () => {
    await succeeds('start', 'acme/api');
    await succeeds('ssh', 'acme/api', '--', 'echo mine > ~/note.txt');
    await succeeds('remove', 'acme/api', '--keep', '30d', '--force');
    await lost();
    const refused = await alice.run(['start', 'acme/api']);
    expect(refused.stderr).toMatch(
      /An earlier disk of it, from .* ago, is kept until .*\. "recode aws restore acme\/api" brings it back\./,
    );
    expect(refused.code).toBe(3);
    const { json } = await succeeds('restore', 'acme/api', '--json');
    expect(json).toMatchObject({ status: 'started', created: true });
    expect((await succeeds('ssh', 'acme/api', '--home', '--', 'cat note.txt')).stdout).toBe('mine\n');
  });

  it('names the volume that its instance has left', async () => {
    await lost({ keepVolume: true });
    const { volumes } = await inventory(aws);
    expect(volumes).toHaveLength(1);
    const { VolumeId = '', AvailabilityZone } = volumes[0] ?? {};
    const words = `The volume ${VolumeId} (16 GiB, ${AvailabilityZone}) still exists`;
    const { stdout } = await succeeds('status', 'acme/api');
    expect(stdout).toContain(`${words}, but a new instance does not use it.`);
    expect(stdout).toContain(`"aws ec2 create-snapshot --volume-id ${VolumeId}"`);
    expect(stdout).not.toContain('is lost');
    const kept = ['remove', 'acme/api', '--keep', '3d', '--force'];
    await aws.delete('calls');
    const { stderr, code } = await alice.run(kept);
    expect(stderr).toContain(`${words}. Back it up`);
    expect(code).toBe(3);
    await expectNothingChanged(aws);
    await succeeds('start', 'acme/api', '--new-instance');
    const after = (await inventory(aws)).volumes;
    expect(after.map((volume) => volume.VolumeId)).toContain(VolumeId);
    expect(after.every(({ Tags = [] }) => Tags.some(({ Key }) => Key === tagKey.environment))).toBe(true);
  });
});
