import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { describe, expect, it } from 'vitest';
import { policies, tableName } from '../../core/names.ts';
import { deployForTests } from '../harness/deployment.ts';
import { expectAllRaised, expectFailure, raisedBy } from '../harness/failure.ts';
import { expectConverged, expectNothing } from '../harness/inventory.ts';
import { held, holdNext, letGo } from '../harness/pace.ts';
import type { User } from '../harness/users.ts';
import { actionsOf, resources, type Statement } from '../infra/stack.ts';

let aws: TestAws;
/** Who has environments, who administers, and who has no rights. */
let member: User;
let admin: User;
let stranger: User;
deployForTests(async (deployed, user) => {
  aws = deployed;
  /** A user who may do what these policies of the stack allow, and nothing else. */
  const somebody = async (name: string, ...granted: string[]): Promise<User> => {
    await aws.post('iam', { accessKeyId: name, policies: granted });
    return user(name);
  };
  [member, admin, stranger] = await Promise.all([somebody('mary', policies.user), somebody('ada', policies.admin), somebody('sam')]);
});

/** Runs a command that succeeds; resolves to what it prints as JSON. */
async function succeeds(user: User, ...args: string[]): Promise<unknown> {
  const ran = await user.run([...args, '--json']);
  expect(ran.code, ran.stderr + ran.stdout).toBe(0);
  return ran.json;
}

/** Runs a command and expects that AWS refuses it a call for want of a policy. */
async function expectRefused(
  user: User,
  args: readonly string[],
  call: { action: string; resource: string; policy: string; region?: string },
) {
  const { action, resource, policy, region = aws.region } = call;
  const arn = `arn:aws:${action.split(':')[0]}:${region}:${aws.accountId}:${resource}`;
  const said = `User: arn:aws:iam::${aws.accountId}:user/${user.name} is not authorized to perform: ${action} on resource: ${arn} because no identity-based policy allows the ${action} action (AccessDeniedException).`;
  const message = `Either Recode is not deployed in ${region} of account ${aws.accountId}, or you do not have the policy ${policy} there. AWS says: ${said}`;
  expectFailure(await user.run(args), ['aws', ...args], { name: 'CallerNotAllowed', message });
}

const machine = (kind: string) => ({
  action: 'states:DescribeStateMachine',
  resource: `stateMachine:recode-${kind}`,
  policy: policies.user,
});
const table = (action: string) => ({ action: `dynamodb:${action}`, resource: `table/${tableName}`, policy: policies.user });
const api = ['acme/api'];

/** What a policy grants and its user has not called so far. */
async function unused({ name }: User, policy: string): Promise<string[]> {
  const { calls } = (await aws.get('calls')) as { calls: { service: string; action: string; accessKeyId: string }[] };
  const called = calls.filter(({ accessKeyId }) => accessKeyId === name).map(({ service, action }) => `${service}:${action}`);
  const document = resources('AWS::IAM::ManagedPolicy').find(({ id }) => id === policy)?.PolicyDocument as { Statement: Statement[] };
  const granted = document.Statement.flatMap(actionsOf);
  return granted.filter((action) => !called.includes(action)).sort();
}
// The CLI does not need it: it is for people who look into what happens.
const forPeople = ['states:DescribeExecution'];

// From the first start in the region to the uninstall.
describe('with the policy RecodeUser alone, a member', () => {
  it('starts, looks, follows, stops, cancels, retries and removes', async () => {
    expect(await succeeds(member, 'start', ...api)).toMatchObject({ status: 'started', created: true });
    const listed = [{ owner: member.name, repository: 'acme/api', status: 'started' }];
    expect(await succeeds(member, 'list')).toMatchObject(listed);
    expect(await succeeds(member, 'list', '--all')).toMatchObject(listed);
    expect(await succeeds(member, 'list', '--removed')).toEqual([]);

    await holdNext(aws, 'stopping');
    const { executionArn } = (await succeeds(member, 'stop', ...api, '--no-wait')) as { executionArn: string };
    await held(aws, 'stopping', executionArn);
    expect(await succeeds(member, 'status', ...api)).toMatchObject({ operation: { running: true, steps: [expect.any(String)] } });
    letGo(aws);
    expect(await succeeds(member, 'follow', ...api)).toMatchObject({ status: 'stopped', changed: true, executionArn });

    expect(await succeeds(member, 'logs', ...api, '--console')).toMatchObject({ output: expect.stringContaining('cloud-init') });
    expect(await succeeds(member, 'stop', ...api)).toMatchObject({ status: 'stopped', changed: false });
    expect(await succeeds(member, 'start', ...api)).toMatchObject({ status: 'started', created: false });

    await holdNext(aws, 'stopping');
    const stop = (await succeeds(member, 'stop', ...api, '--no-wait')) as { executionArn: string };
    await held(aws, 'stopping', stop.executionArn);
    expect(await succeeds(member, 'cancel', ...api)).toMatchObject({ cancelled: true, executionArn: stop.executionArn });
    letGo(aws);
    expect(await succeeds(member, 'retry', ...api)).toMatchObject({ status: 'stopped' });

    const { instanceId } = (await succeeds(member, 'status', ...api)) as { instanceId: string };
    await aws.clients.ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
    expect((await member.run(['start', ...api])).stderr).toContain('✗ The instance of the environment is gone');
    expect(await succeeds(member, 'status', ...api)).toMatchObject({ status: 'gone', left: { volumes: [] } });
    expect(await succeeds(member, 'remove', ...api, '--force')).toMatchObject({ status: 'removed' });
    await expectConverged(aws, 0);
    expect(await unused(member, policies.user)).toEqual(forPeople);
  }, 120_000);

  it('is told that an uninstall takes another one', () =>
    expectRefused(member, ['uninstall', '--force'], { ...machine('uninstall'), policy: policies.admin }));

  it('is told that it counts in its own region only', () =>
    expectRefused(member, ['start', ...api, '--region', 'eu-west-1'], { ...machine('start'), region: 'eu-west-1' }));
});

describe('with no policy, a stranger', () => {
  it.concurrent.each([
    [['start', ...api], machine('start')],
    [['stop', ...api, '--json'], machine('stop')],
    [['remove', ...api, '--force'], machine('remove')],
    [['uninstall', '--force'], { ...machine('uninstall'), policy: policies.admin }],
    [['list'], table('Query')],
    [['list', '--all', '--json'], table('Query')],
    [['status', ...api], table('GetItem')],
    [['follow', ...api], table('GetItem')],
    [['whoami'], table('GetItem')],
    [['logs', ...api], table('GetItem')],
    [['cancel', ...api], machine('cancel')],
    [['retry', ...api], table('GetItem')],
  ])('is told which one %j needs', (args, call) => expectRefused(stranger, args, call));
});

it.each([policies.user, policies.admin])('nobody reads more of the table with %s than the commands need', async (policy) => {
  const { dynamodb } = aws.clientsOf({ accessKeyId: policy === policies.user ? 'mary' : 'ada' });
  const read = (kind: string) => dynamodb.send(new GetItemCommand({ TableName: tableName, Key: { kind: { S: kind }, id: { S: 'x' } } }));
  for (const kind of ['environment', 'hours', 'network', 'prices']) expect((await read(kind)).Item).toBeUndefined();
  await expect(read('name')).rejects.toMatchObject({ name: 'AccessDeniedException' });
});

it('says what is missing where only the last call is refused', async () => {
  await aws.post('iam', { deny: [{ action: 'states:StartExecution' }] });
  await expectRefused(admin, ['start', ...api], { ...machine('start'), action: 'states:StartExecution' });
  await aws.post('iam', { deny: [] });
});

describe('with the policy RecodeAdmin alone, an administrator', () => {
  it('uninstalls', async () => {
    expect(await succeeds(admin, 'uninstall', '--force')).toMatchObject({ status: 'uninstalled' });
    await expectNothing(aws);
  });
});

it('raises all that people are refused for', () => {
  expectAllRaised(raisedBy.people);
});
