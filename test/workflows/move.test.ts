import { TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterEach, describe, expect, it } from 'vitest';
import { readEnvironment } from '../../aws/records/read/environment.ts';
import { settleSeconds } from '../../core/operation.ts';
import { deployForTests } from '../harness/deployment.ts';
import { expectConverged, inventory } from '../harness/inventory.ts';
import { expectKept, wipeKept } from '../harness/kept.ts';
import { endingWithoutCapacity, withoutCapacity } from '../harness/placed.ts';
import { keys, type User } from '../harness/users.ts';
import { wipe } from '../harness/wipe.ts';
import { mutatingCalls, runMove, runStart, runStop } from '../harness/workflows.ts';

let aws: TestAws;
let alice: User;
deployForTests((deployed, user) => {
  aws = deployed;
  alice = user('alice');
});
afterEach(async () => {
  await aws.delete('ec2');
  await aws.delete('faults');
  await wipe(aws);
  await wipeKept(aws);
});

const zoneOf = async () => (await inventory(aws)).instances.map(({ Placement }) => Placement?.AvailabilityZone);
const record = () => readEnvironment(aws.clients.dynamodb, { owner: 'alice', repository: 'acme/api' });
const settle = () => aws.clock.advance(settleSeconds * 1000);
const zones = ['us-east-1a', 'us-east-1b', 'us-east-1c', 'us-east-1d', 'us-east-1e', 'us-east-1f'];

async function succeeds(...args: string[]) {
  const ran = await alice.run(args);
  expect(ran.code, ran.stderr).toBe(0);
  return ran;
}

describe('recode aws move', () => {
  it('takes the files to another zone, with the same name and keys, a new address and a new host key', async () => {
    const { json: before } = await succeeds('start', 'acme/api', '--json', '--volume-size', '20');
    await succeeds('ssh', 'acme/api', '--', 'echo mine > ~/note.txt');
    const hostKey = (await record())?.observed?.hostKey;
    const question = [
      'This moves your environment acme/api to us-east-1b. Its instance is stopped, which ends what runs on it, and replaced by a new one ' +
        'with the same disk. It gets a new address and a new host key.',
      'Move it? [y/N] ',
    ];
    const declined = await alice.inTerminal(['move', 'acme/api', '--zone', 'us-east-1b'], [['[y/N] ', `n${keys.enter}`]]);
    expect(declined.text.replaceAll('\n', ' ')).toContain(question.join(' '));
    expect(await zoneOf()).toEqual(['us-east-1a']);

    await aws.delete('calls');
    const moved = await alice.inTerminal(['move', 'acme/api', '--zone', 'us-east-1b'], [['[y/N] ', `y${keys.enter}`]]);
    expect(moved.text).toMatch(/\n✓ Moved acme\/api\n/);
    expect(moved.code).toBe(0);
    expect(await zoneOf()).toEqual(['us-east-1b']);
    const calls = (await mutatingCalls(aws)).filter((action) => /Image|Instances|Snapshot/.test(action));
    expect(calls).toEqual(['StopInstances', 'CreateImage', 'TerminateInstances', 'RunInstances', 'DeregisterImage', 'DeleteSnapshot']);
    expect((await succeeds('ssh', 'acme/api', '--home', '--', 'cat note.txt')).stdout).toBe('mine\n');
    const after = await record();
    expect(after?.observed?.hostKey).not.toBe(hostKey);
    expect(after?.wanted).toMatchObject({ power: 'on', volumeSize: 20 });
    expect(after?.wanted).not.toHaveProperty('restore');
    expect((await succeeds('status', 'acme/api', '--json')).json).toMatchObject({
      name: (before as { name: string }).name,
      status: 'started',
      volumeSizeGiB: 20,
    });
    await expectConverged(aws, 1);
    await expectKept(aws, 0);
  });

  it('asks only on a terminal, unless it is forced, and leads to the zone that has capacity', async () => {
    await succeeds('start', 'acme/api');
    const refused = await alice.run(['move', 'acme/api']);
    expect(refused.stderr).toContain('recode aws move acme/api --force');
    expect(refused.code).toBe(2);
    await withoutCapacity(aws, 'us-east-1b');
    const { json } = await succeeds('move', 'acme/api', '--force', '--json');
    expect(json).toMatchObject({ status: 'started', changed: true });
    expect(await zoneOf()).toEqual(['us-east-1c']);
    await expectKept(aws, 0);
  });

  it('names the move where its zone has no capacity to start it', async () => {
    await succeeds('start', 'acme/api');
    await succeeds('stop', 'acme/api');
    await withoutCapacity(aws, 'us-east-1a');
    const { stderr } = await alice.run(['start', 'acme/api']);
    expect(stderr).toContain('✗ AWS has no capacity to start the instance');
    expect(stderr).toContain('run "recode aws move acme/api" to move it to another zone');
  });
});

describe('a move', () => {
  it.each([
    ['us-east-1a', 'acme/api is in us-east-1a already. It can move to us-east-1b,'],
    ['us-east-1z', 'us-east-1z is no availability zone here, or not available now. It can move to us-east-1b,'],
    ['eu-west-1a', 'eu-west-1a is no availability zone here, or not available now. It can move to us-east-1b,'],
  ])('to %s is refused before anything changes', async (zone, message) => {
    await runStart(aws);
    await aws.delete('calls');
    expect(await runMove(aws, { zone })).toMatchObject({ error: 'ZoneNotPossible', cause: expect.stringContaining(message) });
    expect(await mutatingCalls(aws)).toEqual([]);
    expect((await record())?.lock).toBeUndefined();
  });

  it('to a zone without the type is refused', async () => {
    expect(await runStart(aws, { instanceType: 't3.large' })).toMatchObject({ status: 'SUCCEEDED' });
    const cause = expect.stringContaining('t3.large is not available in us-east-1e. It can move to us-east-1b,');
    expect(await runMove(aws, { zone: 'us-east-1e' })).toMatchObject({ error: 'ZoneNotPossible', cause });
  });

  it('loses nothing where no other zone has capacity: a start goes on with the disk', async () => {
    const first = await runStart(aws);
    await withoutCapacity(aws, ...zones);
    expect(await runMove(aws)).toMatchObject({ status: 'FAILED', error: 'NoCapacity' });
    expect(await record()).toMatchObject({ observed: { state: 'gone' }, wanted: { restore: true } });
    await expectKept(aws, 1);
    expect((await succeeds('status', 'acme/api')).stdout).toMatch(/Its disk is kept until .*, and the next start goes on with it\./);
    settle();
    await aws.delete('ec2');
    await aws.delete('calls');
    const started = await runStart(aws);
    expect(started).toMatchObject({ status: 'SUCCEEDED', output: { created: true, name: first.output?.name } });
    await expectKept(aws, 0);
    await expectConverged(aws, 1);
    expect((await record())?.wanted).not.toHaveProperty('restore');
  });

  it('goes on in the next zone where EC2 ends the launch for want of capacity, with the disk', async () => {
    await runStart(aws);
    await endingWithoutCapacity(aws, 'us-east-1b');
    expect(await runMove(aws)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await zoneOf()).toEqual(['us-east-1c']);
    await expectKept(aws, 0);
    await expectConverged(aws, 1);
    const elsewhere = zones.filter((zone) => zone !== 'us-east-1c');
    await endingWithoutCapacity(aws, ...elsewhere);
    expect(await runMove(aws)).toMatchObject({ status: 'FAILED', error: 'NoCapacity' });
    await expectKept(aws, 1);
    settle();
    expect(await runStart(aws)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await zoneOf()).toEqual(['us-east-1c']);
    await expectKept(aws, 0);
  });

  it('goes on where it failed, also with another move', async () => {
    await runStart(aws);
    await withoutCapacity(aws, ...zones);
    expect(await runMove(aws)).toMatchObject({ error: 'NoCapacity' });
    settle();
    await withoutCapacity(aws, 'us-east-1a', 'us-east-1b');
    expect(await runMove(aws, { zone: 'us-east-1d' })).toMatchObject({ status: 'SUCCEEDED' });
    expect(await zoneOf()).toEqual(['us-east-1d']);
    await expectKept(aws, 0);
  });

  it('leaves the stopped instance alone where its disk cannot be kept', async () => {
    const { output } = await runStart(aws);
    await aws.post('faults', { service: 'ec2', action: 'CreateImage', kind: 'error', code: 'OptInRequired', message: 'Not yours.' });
    expect(await runMove(aws)).toMatchObject({ status: 'FAILED', error: 'AccountNotReady' });
    expect((await inventory(aws)).instances).toMatchObject([{ InstanceId: output?.instanceId, State: { Name: 'stopped' } }]);
    settle();
    expect(await runStart(aws)).toMatchObject({ status: 'SUCCEEDED', output: { created: false } });
  });

  it('moves a stopped environment, and the same one twice', async () => {
    await runStart(aws);
    await runStop(aws);
    expect(await runMove(aws, { zone: 'us-east-1c' })).toMatchObject({ status: 'SUCCEEDED' });
    expect(await runMove(aws, { zone: 'us-east-1a' })).toMatchObject({ status: 'SUCCEEDED' });
    expect(await zoneOf()).toEqual(['us-east-1a']);
    await expectKept(aws, 0);
    await expectConverged(aws, 1);
  });

  it('has nothing to move where the instance was terminated outside Recode', async () => {
    const { output } = await runStart(aws);
    await aws.clients.ec2.send(new TerminateInstancesCommand({ InstanceIds: [output?.instanceId ?? ''] }));
    expect(await runMove(aws)).toMatchObject({ error: 'InstanceGone', cause: expect.stringContaining('There is no disk to move.') });
  });
});
