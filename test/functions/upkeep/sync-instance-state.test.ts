import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { StartInstancesCommand, type Tag } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { countRun } from '../../../aws/records/hold/hours.ts';
import { putItem } from '../../../aws/records/hold/table.ts';
import { readEnvironment } from '../../../aws/records/read/environment.ts';
import { readHours } from '../../../aws/records/read/hours.ts';
import type { Environment } from '../../../core/environment.ts';
import { tableName } from '../../../core/names.ts';
import { syncInstanceState } from '../../../functions/upkeep/sync-instance-state.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { environment, operation, operationOf } from '../documents.ts';
import { alicesApi, beforeWrite, environmentKey, recordOf } from '../installed.ts';
import { bringTo, launchByHand, launched, untilState } from '../launched.ts';

type State = 'running' | 'stopping' | 'stopped' | 'shutting-down' | 'terminated';

/** The event as AWS's documentation shows it. */
const event = (instanceId: string, state: string) => ({
  id: '7bf73129-1428-4cd3-a780-95db273d1602',
  'detail-type': 'EC2 Instance State-change Notification',
  source: 'aws.ec2',
  account: '000000000000',
  time: '2021-11-11T21:29:54Z',
  region: 'us-east-1',
  resources: [`arn:aws:ec2:us-east-1:000000000000:instance/${instanceId}`],
  detail: { 'instance-id': instanceId, state },
});

/** An account with an instance of the environment, whose record shows it in this state. */
async function recordedAs(state: NonNullable<Environment['observed']>['state'], fields: Parameters<typeof recordOf>[0] = {}) {
  const account = await testAccount();
  const { instanceId, document } = await launched(account);
  const instance = { instanceId, instanceType: 't2.medium', architecture: 'x86_64', hostKey: 'ssh-ed25519 AAAA' } as const;
  await replace(account, recordOf({ name: environment.name, instance, state, ...fields }));
  return { account, instanceId, document, [Symbol.asyncDispose]: () => account[Symbol.asyncDispose]() };
}

const replace = (account: TestAccount, record: Environment) =>
  putItem(account.dynamodb, environmentKey, record, { when: 'attribute_exists(#kind)', values: {} });
const record = ({ dynamodb }: TestAccount) => readEnvironment(dynamodb, alicesApi);
const tell = (account: TestAccount, instanceId: string, state: State) => account.run(syncInstanceState, event(instanceId, state));

describe('syncInstanceState records an instance that was', () => {
  it.each(['stopping', 'stopped'] as const)('stopped outside Recode: %s', async (state) => {
    await using given = await recordedAs('running', { publicIpAddress: '127.64.0.1' });
    const { account, instanceId } = given;
    await bringTo(account, instanceId, state);
    await tell(account, instanceId, state);
    const left = await record(account);
    expect(left?.observed).toMatchObject({ instanceId, state });
    expect(left?.observed).not.toHaveProperty('publicIpAddress');
    expect(left?.updatedAt).toBe(left?.observed?.at);
  });

  it('started outside Recode, with its new address', async () => {
    await using given = await recordedAs('stopped', { power: 'off' });
    const { account, instanceId } = given;
    const { PublicIpAddress } = await untilState(account, instanceId, 'running');
    await tell(account, instanceId, 'running');
    expect((await record(account))?.observed).toMatchObject({ state: 'running', publicIpAddress: PublicIpAddress });
  });

  it('terminated, as soon as it is shutting down', async () => {
    await using given = await recordedAs('running', { publicIpAddress: '127.64.0.1' });
    const { account, instanceId } = given;
    await bringTo(account, instanceId, 'shutting-down');
    await tell(account, instanceId, 'shutting-down');
    expect((await record(account))?.observed).toMatchObject({ instanceId, state: 'gone' });
  });
});

describe('syncInstanceState', () => {
  it('records what EC2 shows, not what a late event says', async () => {
    await using given = await recordedAs('running');
    const { account, instanceId } = given;
    await bringTo(account, instanceId, 'stopped');
    await tell(account, instanceId, 'running');
    expect((await record(account))?.observed?.state).toBe('stopped');
    await account.ec2.send(new StartInstancesCommand({ InstanceIds: [instanceId] }));
    await untilState(account, instanceId, 'running');
    await tell(account, instanceId, 'stopped');
    expect((await record(account))?.observed?.state).toBe('running');
  });

  it.each([
    ['stopped', 'stopping'],
    ['running', 'pending'],
    ['terminated', 'running'],
  ] as const)('waits while EC2 shows an older state than %s: %s', async (told, shown) => {
    await using given = await recordedAs('stopped');
    const { account, instanceId } = given;
    if (shown === 'stopping') await bringTo(account, instanceId, 'stopping');
    if (shown === 'running') await untilState(account, instanceId, 'running');
    const before = await record(account);
    expect((await account.refusal(syncInstanceState, event(instanceId, told))).name).toBe('InstanceStillStopping');
    expect(await record(account)).toEqual(before);
  });

  it('changes nothing where the record is right already: a doubled event leaves the time of the last change', async () => {
    await using given = await recordedAs('running');
    const { account, instanceId } = given;
    await bringTo(account, instanceId, 'stopped');
    await tell(account, instanceId, 'stopped');
    const once = await record(account);
    account.aws.clock.advance(60_000);
    await tell(account, instanceId, 'stopped');
    expect(await record(account)).toEqual(once);
  });

  it('leaves to an operation what that operation does', async () => {
    await using given = await recordedAs('running', { lock: operationOf('stopping', 'stop') });
    const { account, instanceId } = given;
    await bringTo(account, instanceId, 'stopped');
    const before = await record(account);
    await tell(account, instanceId, 'stopped');
    expect(await record(account)).toEqual(before);
  });

  it('waits for the end of an operation that does not', async () => {
    await using given = await recordedAs('running', { lock: operation });
    const { account, instanceId } = given;
    await bringTo(account, instanceId, 'stopped');
    const before = await record(account);
    expect((await account.refusal(syncInstanceState, event(instanceId, 'stopped'))).name).toBe('OperationSettling');
    expect(await record(account)).toEqual(before);
  });

  it('looks again where an operation takes the environment meanwhile', async () => {
    await using given = await recordedAs('running');
    const { account, instanceId } = given;
    await bringTo(account, instanceId, 'stopped');
    const taken = { ...((await record(account)) as Environment), lock: operation };
    beforeWrite(account, 'UpdateItemCommand', async () => void (await replace(account, taken)));
    expect((await account.refusal(syncInstanceState, event(instanceId, 'stopped'))).name).toBe('OperationSettling');
    expect(await record(account)).toEqual(taken);
  });

  it('does nothing about an instance that is not ours, after one look', async () => {
    await using given = await recordedAs('running');
    const { account, document } = given;
    const foreign = await launchByHand(account, document, { tags: [{ Key: 'Name', Value: 'foreign' }] });
    const before = await record(account);
    const calls = await callsDuring(account, () => tell(account, foreign, 'running'));
    expect(calls).toEqual(['DescribeInstances']);
    expect(await record(account)).toEqual(before);
  });

  it.each([
    ['of an environment that is gone from the table', 'other/repository', 'other-repository'],
    ['with the tags of an environment that has another name', 'acme/api', 'acme-api-alice'],
  ])('does nothing about an instance %s', async (_, repository, name) => {
    await using given = await recordedAs('running');
    const { account, document } = given;
    const tags: Tag[] = Object.entries({ 'managed-by': 'recode', environment: name, owner: 'alice', repository }).map(([Key, Value]) => ({
      Key: `recode:${Key}`,
      Value,
    }));
    const orphan = await launchByHand(account, document, { tags });
    await untilState(account, orphan, 'running');
    const before = await record(account);
    await tell(account, orphan, 'running');
    expect(await record(account)).toEqual(before);
  });

  it('does nothing about an instance that EC2 no longer shows', async () => {
    await using account = await testAccount();
    const calls = await callsDuring(account, () => tell(account, 'i-0123456789abcdef0', 'terminated'));
    expect(calls).toEqual(['DescribeInstances']);
  });

  it('does nothing where Recode is not installed', async () => {
    await using given = await recordedAs('running');
    const { account, instanceId } = given;
    await untilState(account, instanceId, 'running');
    await account.dynamodb.send(new DeleteTableCommand({ TableName: tableName }));
    const calls = await callsDuring(account, () => tell(account, instanceId, 'running'));
    expect(calls).not.toContain('UpdateItem');
  });
});

describe('an instance that runs outside an operation', () => {
  const minutes = 60_000;
  const after90 = { kind: 'after', minutes: 90 } as const;

  it('gets a time to stop: what its owner has chosen', async () => {
    await using given = await recordedAs('stopped', { power: 'off', request: { ...environment.request, autoStop: after90 } });
    const { account, instanceId } = given;
    await untilState(account, instanceId, 'running');
    const now = account.aws.clock.now();
    await tell(account, instanceId, 'running');
    expect((await record(account))?.wanted.stopAt).toBe(new Date(now + 90 * minutes).toISOString());
  });

  it('or the default of the team', async () => {
    await using given = await recordedAs('stopped', { power: 'off' });
    const { account, instanceId } = given;
    account.choose({ autoStop: after90 });
    await untilState(account, instanceId, 'running');
    await tell(account, instanceId, 'running');
    expect((await record(account))?.wanted.stopAt).toBe(new Date(account.aws.clock.now() + 90 * minutes).toISOString());
  });

  it('loses it when it stops', async () => {
    await using given = await recordedAs('running', { stopAt: '2099-01-01T00:00:00.000Z' });
    const { account, instanceId } = given;
    await bringTo(account, instanceId, 'stopping');
    await tell(account, instanceId, 'stopping');
    expect((await record(account))?.wanted.stopAt).toBe('2099-01-01T00:00:00.000Z');
    await untilState(account, instanceId, 'stopped');
    await tell(account, instanceId, 'stopped');
    expect((await record(account))?.wanted).not.toHaveProperty('stopAt');
  });
});

describe('while EC2 cannot be asked', () => {
  /** EC2 tells of a change, and answers nothing. */
  async function tellInOutage(account: TestAccount, instanceId: string, state: State, time: number): Promise<string> {
    const outage = { service: 'ec2', action: 'DescribeInstances', kind: 'error', code: 'Unavailable', status: 503, count: 100 };
    await account.aws.post('faults', outage);
    const told = { ...event(instanceId, state), time: `${new Date(time).toISOString().slice(0, 19)}Z` };
    const { name } = await account.refusal(syncInstanceState, told);
    await account.aws.delete('faults');
    return name;
  }
  const soon = ({ aws }: TestAccount) => aws.clock.now() + 5_000;

  it.each([
    ['stopping', 'stopping'],
    ['stopped', 'stopped'],
    ['shutting-down', 'gone'],
    ['terminated', 'gone'],
  ] as const)('the record follows what EC2 tells: %s. It fails, so that Lambda asks again', async (told, recorded) => {
    await using given = await recordedAs('running', { publicIpAddress: '127.64.0.1', stopAt: '2099-01-01T00:00:00.000Z' });
    const { account, instanceId } = given;
    const time = soon(account);
    expect(await tellInOutage(account, instanceId, told, time)).toBe('AwsUnavailable');
    const left = await record(account);
    expect(left?.observed).toMatchObject({ instanceId, state: recorded, at: new Date(Math.floor(time / 1000) * 1000).toISOString() });
    expect(left?.observed).not.toHaveProperty('publicIpAddress');
    expect(left?.wanted.stopAt).toBe(told === 'stopping' ? '2099-01-01T00:00:00.000Z' : undefined);
  });

  it('it is right when EC2 answers again, whatever EC2 has told', async () => {
    await using given = await recordedAs('running');
    const { account, instanceId } = given;
    await tellInOutage(account, instanceId, 'stopped', soon(account));
    await untilState(account, instanceId, 'running');
    await tell(account, instanceId, 'running');
    expect((await record(account))?.observed?.state).toBe('running');
  });

  it('the hours of the owner end', async () => {
    await using given = await recordedAs('running');
    const { account, instanceId } = given;
    account.choose({ hoursPerOwner: 10 });
    const environment = (await record(account)) as Environment;
    const now = account.aws.clock.now();
    const moment = { now, limit: 10 };
    const run = { launchedAt: new Date(now - 60_000).toISOString(), stopAt: undefined };
    await countRun(account.dynamodb, environment, run, moment);
    const stopped = soon(account);
    account.aws.clock.advance(3_600_000);
    await tellInOutage(account, instanceId, 'stopped', stopped);
    const hours = await readHours(account.dynamodb, environment.owner);
    expect(hours?.environments[environment.uid]).not.toHaveProperty('run');
    expect(hours?.used).toBeLessThan(180_000);
  });

  it.each([
    ['is older than what the record observed', 'running', 'stopped', {}],
    ['is of an instance that runs', 'stopped', 'running', {}],
    ['meets an operation', 'running', 'stopped', { lock: operation }],
  ] as const)('the record stays as it is where what EC2 tells %s', async (why, recorded, told, fields) => {
    await using given = await recordedAs(recorded, fields);
    const { account, instanceId } = given;
    const before = await record(account);
    const time = why.startsWith('is older') ? Date.parse(before?.observed?.at ?? '') - 1000 : soon(account);
    expect(await tellInOutage(account, instanceId, told, time)).toBe('AwsUnavailable');
    expect(await record(account)).toEqual(before);
  });

  it('no record changes for an instance that none has', async () => {
    await using given = await recordedAs('running');
    const { account } = given;
    const before = await record(account);
    expect(await tellInOutage(account, 'i-0123456789abcdef0', 'stopped', soon(account))).toBe('AwsUnavailable');
    expect(await record(account)).toEqual(before);
  });

  it('other failures change nothing', async () => {
    await using given = await recordedAs('running');
    const { account, instanceId } = given;
    const before = await record(account);
    await account.refuse('DescribeInstances', 'UnauthorizedOperation');
    const told = { ...event(instanceId, 'stopped'), time: new Date(soon(account)).toISOString() };
    expect((await account.refusal(syncInstanceState, told)).name).toBe('PermissionMissing');
    expect(await record(account)).toEqual(before);
  });
});

async function callsDuring({ aws }: TestAccount, what: () => Promise<unknown>): Promise<string[]> {
  await aws.delete('calls');
  await what();
  const { calls } = (await aws.get('calls')) as { calls: { action: string }[] };
  return calls.map(({ action }) => action);
}
