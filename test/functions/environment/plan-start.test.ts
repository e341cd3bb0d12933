import {
  CreateTagsCommand,
  DeleteTagsCommand,
  ModifyInstanceAttributeCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { countRun } from '../../../aws/records/hold/hours.ts';
import { putItem } from '../../../aws/records/hold/table.ts';
import { readEnvironment } from '../../../aws/records/read/environment.ts';
import { readHours } from '../../../aws/records/read/hours.ts';
import { noHours, usageOf } from '../../../core/hours.ts';
import { ensureUserData } from '../../../functions/environment/ensure-user-data.ts';
import { launchInstance } from '../../../functions/environment/launch-instance.ts';
import { planStart } from '../../../functions/environment/plan-start.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { environment, foundPlan, instance, operation, operationOf, publicKey, request } from '../documents.ts';
import { environmentKey, recordOf } from '../installed.ts';
import { bringTo, launched, untilState } from '../launched.ts';

const hour = 3_600_000;
const recorded = recordOf({ name: 'acme-api' });
/** What BeginOperation hands on where this is given besides the key. */
const asking = (given: object, instanceId: string | null = null) => ({
  environment: { ...environment, request: { ...request, ...given }, recorded: { ...environment.recorded, instanceId } },
  request: { publicKey: publicKey(), ...given },
  operation,
});
const document = (instanceId: string | null = null) => asking({}, instanceId);
const startedAtOnce = (instanceId: string) => ({ action: 'start', instanceId, checkSsh: true, userDataCurrent: true, started: true });
const onItsWay = (instanceId: string) => ({ action: 'wait', instanceId, checkSsh: true, userDataCurrent: false });
/** An instance that EC2 has forgotten. */
const missing = 'i-00000000000000000';
const noCapacity = 'Server.InsufficientInstanceCapacity: There was insufficient capacity available to satisfy the launch request.';
const create = { action: 'create', checkSsh: true, nothingExists: false };

describe('planStart', () => {
  it('creates an instance where there is none', async () => {
    await using account = await holding();
    expect(await account.run(planStart, document())).toEqual(create);
  });

  it('waits for a pending instance', async () => {
    await using account = await holding();
    const { instanceId } = await launched(account);
    expect(await account.run(planStart, document())).toEqual(onItsWay(instanceId));
  });

  it('does nothing about a running instance, recorded or not', async () => {
    await using account = await holding();
    const { instanceId } = await launched(account);
    await untilState(account, instanceId, 'running');
    const plan = { action: 'nothing', instanceId, checkSsh: true, userDataCurrent: false };
    expect(await account.run(planStart, document())).toEqual(plan);
    expect(await account.run(planStart, document(instanceId))).toEqual(plan);
  });

  it('decides about a stopping instance once it has stopped: starts it', async () => {
    await using account = await holding();
    const { instanceId } = await launched(account);
    await untilState(account, instanceId, 'running');
    await account.ec2.send(new StopInstancesCommand({ InstanceIds: [instanceId] }));
    expect(await account.refusal(planStart, document(instanceId))).toMatchObject({
      name: 'InstanceStillStopping',
      message: `The instance ${instanceId} is still stopping.`,
    });
    await untilState(account, instanceId, 'stopped');
    expect(await account.run(planStart, document(instanceId))).toEqual(startedAtOnce(instanceId));
    expect(await observed(account)).toMatchObject({ state: 'stopped' });
    await untilState(account, instanceId, 'running');
  });

  it.each([
    ['when EC2 says that it stopped', 'stopped', undefined, 2],
    ['when it was last seen running, where EC2 does not say', 'shut down', 1, 1],
    ['at its launch, where nobody has seen it running since', 'shut down', undefined, 0],
  ] as const)('ends the run of an instance that was stopped unnoticed %s', async (_, how, seenAfter, expected) => {
    await using account = await holding();
    account.choose({ hoursPerOwner: 100 });
    const { aws, dynamodb, ec2 } = account;
    const now = new Date(aws.clock.now());
    // All of it in one month.
    aws.clock.advance(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 10) - now.getTime());
    if (how === 'shut down') await aws.post('ec2', { launches: [{ outcome: 'dies-booting' }] });
    const { instanceId } = await launched(account);
    const launchedAt = aws.clock.now();
    const timeAfter = (hours: number) => new Date(launchedAt + hours * hour).toISOString();
    if (how === 'stopped') await untilState(account, instanceId, 'running');
    await countRun(dynamodb, environment, { launchedAt: timeAfter(0), stopAt: undefined }, { now: aws.clock.now(), limit: 100 });
    aws.clock.advance(launchedAt + 2 * hour - aws.clock.now());
    if (how === 'stopped') await ec2.send(new StopInstancesCommand({ InstanceIds: [instanceId] }));
    await untilState(account, instanceId, 'stopped');
    aws.clock.advance(launchedAt + 7 * hour - aws.clock.now());
    const used = async () => usageOf((await readHours(dynamodb, environment.owner)) ?? noHours(''), aws.clock.now()).used / hour;
    expect(await used()).toBeCloseTo(7, 1);
    const { environment: held, ...rest } = document(instanceId);
    const ranAt = seenAfter === undefined ? undefined : timeAfter(seenAfter);
    await account.run(planStart, { ...rest, environment: { ...held, recorded: { ...held.recorded, ranAt } } });
    expect(await used()).toBeCloseTo(expected, 1);
    expect((await readHours(dynamodb, environment.owner))?.environments[environment.uid]?.run).toMatchObject({ launched: false });
  });

  it('goes on with an instance that it has started before its answer was lost', async () => {
    await using account = await holding();
    const instanceId = await stopped(account);
    await account.loseAnswer('StartInstances');
    expect((await account.refusal(planStart, document(instanceId))).name).toBe('AwsUnavailable');
    expect(await account.run(planStart, document(instanceId))).toEqual(onItsWay(instanceId));
  });

  it('ends where EC2 has no capacity for a stopped instance', async () => {
    await using account = await holding();
    const instanceId = await stopped(account);
    await account.refuse('StartInstances', 'InsufficientInstanceCapacity');
    expect((await account.refusal(planStart, document(instanceId))).name).toBe('NoCapacityToStart');
    expect(await observed(account)).toMatchObject({ state: 'stopped' });
  });

  it('creates another instance where the recorded one is shutting down or terminated', async () => {
    await using account = await holding('one', recordOf({ name: 'acme-api', instance }));
    const { instanceId } = await launched(account);
    await account.ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
    const agreed = asking({ replaces: instanceId }, instanceId);
    expect(await account.run(planStart, agreed)).toEqual(create);
    await untilState(account, instanceId, 'terminated');
    expect(await account.run(planStart, agreed)).toEqual(create);
  });

  it.each([
    ['nobody has agreed to that', {}],
    ['somebody has agreed to that for another one', { replaces: 'i-0123456789abcdef0' }],
  ])('creates none with an empty disk in its place where %s', async (_, given) => {
    await using account = await holding('one', recordOf({ name: 'acme-api', instance }));
    const { instanceId } = await launched(account);
    await account.ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
    expect(await account.refusal(planStart, asking(given, instanceId))).toMatchObject({
      name: 'InstanceGone',
      message: `The instance ${instanceId} of acme/api was terminated outside Recode. A new instance has an empty disk.`,
    });
  });

  it('creates another one in place of one that an earlier start launched in vain, and forgets it', async () => {
    await using account = await holding('one', recordOf({ name: 'acme-api', instance }));
    await account.aws.post('ec2', { launches: [{ outcome: 'terminated', reason: noCapacity }] });
    const { instanceId } = await launched(account);
    await untilState(account, instanceId, 'terminated');
    const { environment: held, ...rest } = asking({}, instanceId);
    const recorded = { ...held.recorded, status: 'starting' };
    expect(await account.run(planStart, { ...rest, environment: { ...held, recorded } })).toEqual(create);
    expect(await observed(account)).toBeUndefined();
  });

  it.each([
    ['the record has seen it run', 'started', noCapacity],
    ['EC2 gives another reason', 'starting', 'Client.UserInitiatedShutdown: User initiated shutdown'],
  ])('does not take it for one that never ran where %s', async (_, status, reason) => {
    await using account = await holding('one', recordOf({ name: 'acme-api', instance }));
    await account.aws.post('ec2', { launches: [{ outcome: 'terminated', reason }] });
    const { instanceId } = await launched(account);
    await untilState(account, instanceId, 'terminated');
    const { environment: held, ...rest } = asking({}, instanceId);
    const document = { ...rest, environment: { ...held, recorded: { ...held.recorded, status } } };
    expect((await account.refusal(planStart, document)).name).toBe('InstanceGone');
  });

  it('creates one from a disk that was kept without anybody who agrees', async () => {
    await using account = await holding('one', recordOf({ name: 'acme-api', instance }));
    expect(await account.run(planStart, asking({ restore: true }, missing))).toEqual(create);
  });

  it('forgets what was agreed to for a launch once there is an instance', async () => {
    const wishes = { restore: true, replaces: 'i-0123456789abcdef0' } as const;
    const record = recordOf({ name: 'acme-api', request: { ...request, ...wishes } });
    await using account = await holding('one', record);
    const { instanceId } = await launched(account);
    const { environment: held, ...rest } = asking({}, instanceId);
    const recorded = { ...held.recorded, request: { ...request, ...wishes } };
    await account.run(planStart, { ...rest, environment: { ...held, recorded } });
    const wanted = (await readEnvironment(account.dynamodb, environment))?.wanted;
    expect(wanted).not.toHaveProperty('restore');
    expect(wanted).not.toHaveProperty('replaces');
  });

  it('keeps when it was noticed first that the instance is gone', async () => {
    const noticed = '2026-01-01T00:00:00.000Z';
    const observedGone = { ...instance, instanceId: missing, state: 'gone', at: noticed } as const;
    await using account = await holding('one', { ...recordOf({ name: 'acme-api', instance }), observed: observedGone });
    const { environment: held, ...rest } = asking({ replaces: missing }, missing);
    await account.run(planStart, { ...rest, environment: { ...held, recorded: { ...held.recorded, status: 'gone' } } });
    expect(await observed(account)).toMatchObject({ state: 'gone', at: noticed });
  });

  it('finds the instance that replaced the recorded one', async () => {
    await using account = await holding();
    const first = await launched(account);
    await account.ec2.send(new TerminateInstancesCommand({ InstanceIds: [first.instanceId] }));
    await untilState(account, first.instanceId, 'terminated');
    const { instanceId } = await account.run(launchInstance, { ...first.document, operation: operationOf('two') });
    expect(await account.run(planStart, document(first.instanceId))).toMatchObject({ action: 'wait', instanceId });
  });

  it('finds the recorded instance although somebody took its tags', async () => {
    await using account = await holding();
    const { instanceId } = await launched(account);
    await account.ec2.send(new DeleteTagsCommand({ Resources: [instanceId] }));
    expect(await account.run(planStart, document(instanceId))).toMatchObject({ action: 'wait', instanceId });
    expect(await account.run(planStart, document())).toEqual(create);
  });

  it.each(['recode:managed-by', 'recode:owner', 'recode:repository'])('takes no instance with another %s for its own', async (Key) => {
    await using account = await holding();
    const { instanceId } = await launched(account);
    await account.ec2.send(new CreateTagsCommand({ Resources: [instanceId], Tags: [{ Key, Value: 'other' }] }));
    expect(await account.run(planStart, document())).toEqual(create);
  });

  it('finds an instance that has another name of the environment: a rename may have died', async () => {
    await using account = await holding();
    const { instanceId } = await launched(account);
    await account.ec2.send(new CreateTagsCommand({ Resources: [instanceId], Tags: [{ Key: 'recode:environment', Value: 'other' }] }));
    expect(await account.run(planStart, document())).toMatchObject({ action: 'wait', instanceId });
  });

  it('leaves SSH unchecked where not everybody may reach it', async () => {
    await using account = await holding();
    expect(await account.run(planStart, asking({ allowCidrs: ['203.0.113.7/32'] }))).toEqual({ ...create, checkSsh: false });
  });

  it('records what EC2 shows of the instance', async () => {
    await using account = await holding();
    await account.run(planStart, document());
    expect(await observed(account)).toBeUndefined();
    const { instanceId } = await launched(account);
    await account.run(planStart, document());
    const launchedAt = expect.stringMatching(/^\d{4}-.*Z$/);
    const hostKey = expect.stringMatching(/^ssh-ed25519 /);
    const pending = { instanceId, instanceType: 't2.medium', architecture: 'x86_64', hostKey, launchedAt };
    expect(await observed(account)).toEqual({ ...pending, state: 'pending', at: expect.any(String) });
    const { PublicIpAddress, LaunchTime } = await untilState(account, instanceId, 'running');
    await account.run(planStart, document(instanceId));
    expect(await observed(account)).toEqual({ ...pending, state: 'running', publicIpAddress: PublicIpAddress, at: expect.any(String) });
    expect((await observed(account))?.launchedAt).toBe(LaunchTime?.toISOString());
    await account.ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
    await account.run(planStart, asking({ replaces: instanceId }, instanceId));
    expect(await observed(account)).toEqual({ ...pending, state: 'gone', at: expect.any(String) });
  });

  it('records no host key of an instance that has lost it', async () => {
    await using account = await holding();
    const { instanceId } = await launched(account);
    await account.ec2.send(new DeleteTagsCommand({ Resources: [instanceId], Tags: [{ Key: 'recode:ssh-host-key' }] }));
    await account.run(planStart, document());
    expect(await observed(account)).not.toHaveProperty('hostKey');
  });

  it('records what is asked for by now before an instance is launched with it', async () => {
    await using account = await holding();
    const given = { instanceType: 't3.large', volumeSize: 99, volumeType: 'gp3', allowCidrs: ['203.0.113.7/32'], publicKey: publicKey(2) };
    expect(await account.run(planStart, asking(given))).toMatchObject({ action: 'create' });
    expect(await readEnvironment(account.dynamodb, environment)).toEqual({
      ...recorded,
      wanted: { ...given, power: 'on' },
      lock: operation,
    });
  });

  it('leaves the keys as they are recorded by now, unless the start comes with another one', async () => {
    const keys = { publicKey: publicKey(3), moreKeys: [{ publicKey: publicKey(4), addedAt: '2026-01-01T00:00:00.000Z' }] };
    const changed = { ...recorded, wanted: { ...recorded.wanted, ...keys } };
    await using account = await holding('one', changed);
    await account.run(planStart, document());
    expect((await readEnvironment(account.dynamodb, environment))?.wanted).toEqual(changed.wanted);
    await account.run(planStart, asking({ publicKey: publicKey(2) }));
    expect((await readEnvironment(account.dynamodb, environment))?.wanted).toEqual({ ...changed.wanted, publicKey: publicKey(2) });
  });

  it.each([
    [
      { instanceType: 't3.large' },
      'InstanceNotStopped',
      'acme/api runs as a t2.medium. It can become a t3.large only while it is stopped.',
    ],
    [{ volumeSize: 15 }, 'VolumeCannotShrink', 'The volume of acme/api has 16 GiB. It cannot shrink to 15 GiB.'],
    [{ publicKey: publicKey(2) }, 'PrivateKeyNotHere', "acme/api does not accept this machine's SSH key."],
  ])('refuses %o of an instance that runs without it, and leaves the record', async (given, name, message) => {
    await using account = await holding();
    await launched(account);
    expect(await account.refusal(planStart, asking(given))).toMatchObject({ name, message });
    expect(await readEnvironment(account.dynamodb, environment)).toEqual({ ...recorded, lock: operation });
  });

  it('records who may reach SSH from now on, and nothing else, before the rules of an instance that exists are changed', async () => {
    await using account = await holding();
    const { instanceId } = await launched(account);
    const allowCidrs = ['203.0.113.7/32'];
    const given = { allowCidrs, autoStop: { kind: 'never' } };
    const plan = { action: 'wait', instanceId, checkSsh: false, userDataCurrent: false };
    expect(await account.run(planStart, asking(given))).toEqual(plan);
    expect(await account.run(planStart, asking(given))).toEqual(plan);
    expect((await readEnvironment(account.dynamodb, environment))?.wanted).toEqual({ ...request, allowCidrs, power: 'on' });
  });

  it('changes who may reach SSH of no environment that another operation has taken over', async () => {
    await using account = await holding('other');
    await launched(account);
    expect((await account.refusal(planStart, asking({ allowCidrs: ['203.0.113.7/32'] }))).name).toBe('LockLost');
    expect((await readEnvironment(account.dynamodb, environment))?.wanted).toEqual({ ...request, power: 'on' });
  });

  it('has the volume of a running instance changed, and records that before', async () => {
    await using account = await holding();
    const { instanceId } = await launched(account);
    const plan = { action: 'wait', instanceId, volumeId: expect.stringMatching(/^vol-/) };
    expect(await account.run(planStart, asking({ volumeSize: 40 }))).toMatchObject(plan);
    expect(await readEnvironment(account.dynamodb, environment)).toMatchObject({ changing: true, wanted: { ...request, volumeSize: 40 } });
  });

  it('has an unfinished change finished without being asked', async () => {
    await using account = await holding();
    const { instanceId } = await launched(account);
    const { recorded: before, ...held } = environment;
    const unfinished = { environment: { ...held, recorded: { ...before, instanceId, changing: true } }, operation };
    expect(await account.run(planStart, unfinished)).toMatchObject({ action: 'wait', volumeId: expect.any(String) });
  });

  it('takes an instance that was launched with what is asked for, which stays recorded', async () => {
    await using account = await holding();
    const { instanceId } = await launched(account);
    const same = { ...request, publicKey: publicKey().replace(/ alice$/, ' alice@laptop') };
    expect(await account.run(planStart, asking(same))).toMatchObject({ action: 'wait', instanceId });
    expect((await readEnvironment(account.dynamodb, environment))?.wanted).toEqual({ ...request, power: 'on' });
  });

  it('has nothing launched where another operation has taken over', async () => {
    await using account = await holding('other');
    expect(await account.refusal(planStart, asking({ volumeSize: 99 }))).toMatchObject({
      name: 'LockLost',
      message: 'Another operation has taken the environment acme/api over.',
    });
    expect((await readEnvironment(account.dynamodb, environment))?.wanted).toEqual({ ...request, power: 'on' });
  });

  it('is content with a record whose answer was lost', async () => {
    await using account = await holding();
    await account.aws.post('faults', { service: 'dynamodb', action: 'UpdateItem', kind: 'lost-answer' });
    expect(await account.run(planStart, asking({ volumeSize: 99 }))).toEqual(create);
    expect((await readEnvironment(account.dynamodb, environment))?.wanted.volumeSize).toBe(99);
  });

  it('ends with what RequestLimitExceeded means', async () => {
    await using account = await testAccount();
    await account.refuse('DescribeInstances', 'RequestLimitExceeded');
    expect((await account.refusal(planStart, document())).name).toBe('RequestThrottled');
  });

  it('refuses a document that does not say whether an instance is recorded', async () => {
    await using account = await testAccount();
    const { recorded, ...held } = document().environment;
    const { instanceId: _, ...without } = recorded;
    expect(await account.refusal(planStart, { ...document(), environment: { ...held, recorded: without } })).toMatchObject({
      name: 'InputNotValid',
      message: expect.stringContaining('environment.recorded.instanceId'),
    });
  });
});

describe('planStart of a stopped instance', () => {
  it('has its type changed where its zone offers the new one, and records that before', async () => {
    await using account = await holding();
    const instanceId = await stopped(account);
    const larger = { name: 'm5.large', architecture: 'x86_64', zones: ['us-east-1b'] };
    const document = asking({ instanceType: 'm5.large' }, instanceId);
    expect(await account.refusal(planStart, { ...document, instanceType: { ...larger, zones: ['us-east-1c'] } })).toMatchObject({
      name: 'InstanceTypeNotFound',
      message: 'm5.large is not available in us-east-1b, where the disk of acme/api is.',
    });
    expect(await readEnvironment(account.dynamodb, environment)).toEqual({ ...recorded, lock: operation });
    expect(await account.run(planStart, { ...document, instanceType: larger })).toMatchObject({
      action: 'start',
      typeChange: { from: 't2.medium', to: 'm5.large' },
    });
    expect(await readEnvironment(account.dynamodb, environment)).toMatchObject({ changing: true, wanted: { instanceType: 'm5.large' } });
  });

  /** The plan of a stopped instance that is not started yet. */
  const unprepared = (instanceId: string) => ({ action: 'start', instanceId, checkSsh: true, userDataCurrent: false });
  /** Expects it to be started, and stops it again. */
  async function expectStarted(account: TestAccount, instanceId: string) {
    expect(await account.run(planStart, document(instanceId))).toEqual(startedAtOnce(instanceId));
    await bringTo(account, instanceId, 'stopped');
  }
  /** Replaces the keys that the environment accepts, as `recode aws keys` does. */
  const record = ({ dynamodb }: TestAccount, keys: object) =>
    putItem(
      dynamodb,
      environmentKey,
      { ...recorded, wanted: { ...recorded.wanted, ...keys }, lock: operation },
      { when: 'attribute_exists(#kind)', values: {} },
    );

  it('is started at once where its user data has all keys that are accepted, and no other', async () => {
    await using account = await holding();
    const instanceId = await stopped(account);
    await expectStarted(account, instanceId);
    await record(account, { moreKeys: [{ publicKey: publicKey(2), addedAt: '2026-01-01T00:00:00.000Z' }] });
    expect(await account.run(planStart, document(instanceId))).toEqual(unprepared(instanceId));
    await account.run(ensureUserData, { environment, plan: foundPlan(instanceId) });
    await expectStarted(account, instanceId);
    await record(account, { moreKeys: [] });
    expect(await account.run(planStart, document(instanceId))).toEqual(unprepared(instanceId));
  });

  it('is started at once where its user data has the idle time that counts by now', async () => {
    await using account = await holding();
    const instanceId = await stopped(account);
    account.choose({ idleStop: 60 });
    expect(await account.run(planStart, document(instanceId))).toEqual(unprepared(instanceId));
    await account.run(ensureUserData, { environment, plan: foundPlan(instanceId) });
    await expectStarted(account, instanceId);
    const { environment: held, ...rest } = document(instanceId);
    const chosen = { ...rest, environment: { ...held, request: { ...held.request, idleStop: 30 } } };
    expect(await account.run(planStart, chosen)).toEqual(unprepared(instanceId));
  });

  it.each(['#!/bin/sh\ntrue\n', ''])('lacks the keys where somebody has replaced the user data by "%s"', async (text) => {
    await using account = await holding();
    const instanceId = await stopped(account);
    await account.ec2.send(new ModifyInstanceAttributeCommand({ InstanceId: instanceId, UserData: { Value: Buffer.from(text) } }));
    expect(await account.run(planStart, document(instanceId))).toEqual(unprepared(instanceId));
  });

  it('may lack the keys where it is not recorded', async () => {
    await using account = await holding();
    const instanceId = await stopped(account);
    expect(await account.run(planStart, document())).toEqual(unprepared(instanceId));
  });

  it('may lack the keys where it replaced the recorded one, whatever that one has', async () => {
    await using account = await holding();
    const first = await launched(account);
    await bringTo(account, first.instanceId, 'terminated');
    const { instanceId: replacement } = await account.run(launchInstance, { ...first.document, operation: operationOf('two') });
    await bringTo(account, replacement, 'stopped');
    const UserData = { Value: Buffer.from('#!/bin/sh\ntrue\n') };
    await account.ec2.send(new ModifyInstanceAttributeCommand({ InstanceId: replacement, UserData }));
    expect(await account.run(planStart, document(first.instanceId))).toEqual(unprepared(replacement));
  });

  it('is created again where EC2 has forgotten the recorded one', async () => {
    await using account = await holding('one', recordOf({ name: 'acme-api', instance, state: 'stopped' }));
    expect(await account.run(planStart, asking({ replaces: missing }, missing))).toEqual(create);
  });

  it.each(['InvalidInstanceID.NotFound', 'UnauthorizedOperation'])('may lack the keys where EC2 says %s of its user data', async (code) => {
    await using account = await holding();
    const instanceId = await stopped(account);
    await account.refuse('DescribeInstanceAttribute', code);
    expect(await account.run(planStart, document(instanceId))).toEqual(unprepared(instanceId));
  });

  it.each([
    ['InternalError', 'AwsUnavailable'],
    ['RequestLimitExceeded', 'RequestThrottled'],
  ])('ends where its user data cannot be read: %s', async (code, name) => {
    await using account = await holding();
    const instanceId = await stopped(account);
    await account.refuse('DescribeInstanceAttribute', code);
    expect((await account.refusal(planStart, document(instanceId))).name).toBe(name);
  });
});

async function stopped(account: TestAccount): Promise<string> {
  const { instanceId } = await launched(account);
  await bringTo(account, instanceId, 'stopped');
  return instanceId;
}

const observed = async ({ dynamodb }: TestAccount) => (await readEnvironment(dynamodb, environment))?.observed;

/** An account whose table records the environment, held by the operation of this execution. */
async function holding(execution = 'one', record = recorded): Promise<TestAccount> {
  const account = await testAccount();
  await account.createTable();
  await putItem(account.dynamodb, environmentKey, { ...record, lock: operationOf(execution) });
  return account;
}
