import { AuthorizeSecurityGroupIngressCommand, DeleteKeyPairCommand, DeleteTagsCommand, StopInstancesCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { deleteItem, putItem } from '../../../aws/records/hold/table.ts';
import { readEnvironment } from '../../../aws/records/read/environment.ts';
import { readHours } from '../../../aws/records/read/hours.ts';
import { checkEnvironments } from '../../../functions/reconcile/check-environments.ts';
import { operationOf } from '../documents.ts';
import { alicesApi, environmentKey } from '../installed.ts';
import { untilState } from '../launched.ts';
import { agreeing, check, replaceRecord, shown } from '../reconciled.ts';
import { groupsOf } from '../resources.ts';

const all = { check: check('all') };

describe('checkEnvironments', () => {
  it('finds nothing where the record agrees with EC2', async () => {
    await using given = await agreeing();
    expect(await given.account.run(checkEnvironments, all)).toEqual({ found: { first: [], more: 0, fixed: 0 }, findings: [] });
  });

  it('restores the rules for SSH, once, and only if it may', async () => {
    await using given = await agreeing();
    const { account } = given;
    const [group] = await groupsOf(account.ec2);
    await account.ec2.send(
      new AuthorizeSecurityGroupIngressCommand({
        GroupId: group?.id,
        IpPermissions: [{ IpProtocol: 'tcp', FromPort: 2200, ToPort: 2200, IpRanges: [{ CidrIp: '198.51.100.0/24' }] }],
      }),
    );
    expect(shown(await account.run(checkEnvironments, { check: check('nothing') }))).toEqual([['differs', 'security group', 'left']]);
    const bob = { ...check('all', false), by: { owner: 'bob', administrator: false } };
    expect(shown(await account.run(checkEnvironments, { check: bob }))).toEqual([['differs', 'security group', 'refused']]);
    // It is alice's own.
    expect(shown(await account.run(checkEnvironments, { check: check('all', false) }))).toEqual([['differs', 'security group', 'fixed']]);
    expect(shown(await account.run(checkEnvironments, all))).toEqual([]);
    expect(await readEnvironment(account.dynamodb, alicesApi)).not.toHaveProperty('lock');
  });

  it('imports the key pair again and claims the name again', async () => {
    await using given = await agreeing();
    const { account } = given;
    await account.ec2.send(new DeleteKeyPairCommand({ KeyName: 'recode-acme-api-key-pair' }));
    await deleteItem(account.dynamodb, { kind: 'name', id: 'acme-api' }, { when: 'attribute_exists(#kind)', values: {} });
    expect(shown(await account.run(checkEnvironments, all))).toEqual([
      ['missing', 'name', 'fixed'],
      ['missing', 'key pair', 'fixed'],
    ]);
    expect(shown(await account.run(checkEnvironments, all))).toEqual([]);
  });

  it('names what has lost its tags, and leaves it alone', async () => {
    await using given = await agreeing();
    const { account, instanceId } = given;
    await account.ec2.send(new DeleteTagsCommand({ Resources: [instanceId] }));
    expect(shown(await account.run(checkEnvironments, all))).toEqual([['differs', 'instance', 'left']]);
  });

  it('names a rename that did not finish, and leaves it to the next rename or start', async () => {
    await using given = await agreeing();
    const { account } = given;
    const record = await readEnvironment(account.dynamodb, alicesApi);
    if (!record) throw new Error('There is no record.');
    await replaceRecord(account, { ...record, name: 'billing', formerNames: ['acme-api'] });
    const page = await account.run(checkEnvironments, all);
    expect(shown(page)).toEqual([['stale', 'name', 'left']]);
    expect(page.findings).toMatchObject([
      { id: 'billing', problem: 'Its rename from acme-api to billing did not finish.', advice: 'rename' },
    ]);
    expect(await readEnvironment(account.dynamodb, alicesApi)).toMatchObject({ name: 'billing', formerNames: ['acme-api'] });
  });

  it('names a transfer that did not finish once, whichever records are left of it, and the command that finishes it', async () => {
    await using given = await agreeing();
    const { account } = given;
    const record = await readEnvironment(account.dynamodb, alicesApi);
    if (!record) throw new Error('There is no record.');
    await replaceRecord(account, { ...record, transferTo: 'bob' });
    const received = { ...record, owner: 'bob', transferFrom: 'alice' };
    await putItem(account.dynamodb, { kind: 'environment', id: 'bob/acme/api' }, received);
    const finding = { owner: 'alice', problem: 'Its transfer from alice to bob did not finish.', advice: 'transfer --to bob' };
    const { findings } = await account.run(checkEnvironments, all);
    expect(findings).toMatchObject([{ ...finding, id: 'alice/acme/api' }]);
    await deleteItem(account.dynamodb, environmentKey, { when: 'attribute_exists(#kind)', values: {} });
    expect((await account.run(checkEnvironments, all)).findings).toMatchObject([{ ...finding, id: 'bob/acme/api' }]);
    expect(await readEnvironment(account.dynamodb, { owner: 'bob', repository: 'acme/api' })).toEqual(received);
  });

  it('releases the locks of a dead transfer, and counts its instance for the former owner alone', async () => {
    await using given = await agreeing();
    const { account } = given;
    account.choose({ hoursPerOwner: 100 });
    const record = await readEnvironment(account.dynamodb, alicesApi);
    if (!record?.observed) throw new Error('There is no record.');
    const lock = operationOf('dead', 'transfer');
    await replaceRecord(account, { ...record, transferTo: 'bob', lock });
    const received = { ...record, owner: 'bob', transferFrom: 'alice', observed: { ...record.observed, state: 'stopped' as const }, lock };
    await putItem(account.dynamodb, { kind: 'environment', id: 'bob/acme/api' }, received);
    expect(shown(await account.run(checkEnvironments, all))).toEqual([
      ['stale', 'lock', 'fixed'],
      ['stale', 'lock', 'fixed'],
      ['stale', 'record', 'left'],
    ]);
    expect(await readEnvironment(account.dynamodb, alicesApi)).toMatchObject({ observed: { state: 'running' } });
    const left = await readEnvironment(account.dynamodb, { owner: 'bob', repository: 'acme/api' });
    expect(left).toMatchObject({ observed: { state: 'stopped' }, lastError: { name: 'ExecutionAborted' } });
    expect(left).not.toHaveProperty('lock');
    expect(Object.keys((await readHours(account.dynamodb, 'alice'))?.environments ?? {})).toEqual(['uid-1']);
    expect(await readHours(account.dynamodb, 'bob')).toBeUndefined();
  });

  it('does not miss the key pair of an environment that accepts no key yet', async () => {
    await using given = await agreeing();
    const { account } = given;
    const record = await readEnvironment(account.dynamodb, alicesApi);
    if (!record) throw new Error('There is no record.');
    const { publicKey: _, ...wanted } = record.wanted;
    await replaceRecord(account, { ...record, wanted });
    await account.ec2.send(new DeleteKeyPairCommand({ KeyName: 'recode-acme-api-key-pair' }));
    expect(shown(await account.run(checkEnvironments, all))).toEqual([]);
  });

  it('records what EC2 shows', async () => {
    await using given = await agreeing();
    const { account, instanceId } = given;
    await account.ec2.send(new StopInstancesCommand({ InstanceIds: [instanceId] }));
    await untilState(account, instanceId, 'stopped');
    expect(shown(await account.run(checkEnvironments, { check: { ...check('records'), by: null } }))).toEqual([
      ['stale', 'record', 'fixed'],
    ]);
    expect((await readEnvironment(account.dynamodb, alicesApi))?.observed?.state).toBe('stopped');
  });

  it('releases the lock of an execution that Step Functions no longer knows', async () => {
    await using given = await agreeing();
    const { account } = given;
    const record = await readEnvironment(account.dynamodb, alicesApi);
    if (!record) throw new Error('There is no record.');
    await replaceRecord(account, { ...record, lock: operationOf('dead', 'stop') });
    expect(shown(await account.run(checkEnvironments, all))).toEqual([['stale', 'lock', 'fixed']]);
    expect(await readEnvironment(account.dynamodb, alicesApi)).not.toHaveProperty('lock');
  });

  it('leaves alone what a living execution holds', async () => {
    await using given = await agreeing();
    const { account, instanceId } = given;
    const record = await readEnvironment(account.dynamodb, alicesApi);
    if (!record) throw new Error('There is no record.');
    const startedAt = new Date(account.aws.clock.now()).toISOString();
    await replaceRecord(account, { ...record, lock: { ...operationOf('living'), startedAt } });
    await account.ec2.send(new StopInstancesCommand({ InstanceIds: [instanceId] }));
    await untilState(account, instanceId, 'stopped');
    expect(shown(await account.run(checkEnvironments, all))).toEqual([]);
  });

  it('says what AWS plans for an instance', async () => {
    await using given = await agreeing();
    const { account, instanceId } = given;
    const Events = [{ Code: 'instance-retirement', Description: 'The instance is running on degraded hardware', NotBefore: new Date(0) }];
    account.amendAnswers('DescribeInstanceStatusCommand', () => ({ InstanceStatuses: [{ InstanceId: instanceId, Events }] }));
    const { findings } = await account.run(checkEnvironments, all);
    expect(findings).toEqual([
      expect.objectContaining({ problem: 'AWS plans instance retirement at 1970-01-01T00:00:00.000Z.', advice: 'restart' }),
    ]);
  });
});
