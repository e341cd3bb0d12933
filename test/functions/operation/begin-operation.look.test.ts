import { CreateNetworkInterfaceCommand, ModifySubnetAttributeCommand, type Subnet } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { putItem } from '../../../aws/records/hold/table.ts';
import { readEnvironment, readEnvironments } from '../../../aws/records/read/environment.ts';
import { readNetwork } from '../../../aws/records/read/network.ts';
import { resolveImage } from '../../../functions/environment/resolve-image.ts';
import { beginOperation } from '../../../functions/operation/begin-operation.ts';
import { startHolder } from '../../harness/holders.ts';
import { type TestAccount, testAccount } from '../account.ts';
import {
  environment,
  networkIds as ids,
  instance,
  instanceType,
  operation,
  operationOf,
  publicKey,
  readyNetwork,
  request,
} from '../documents.ts';
import { alicesApi, beforeWrite, begin, claims, environmentKey, installed, recordOf, replaceNetwork } from '../installed.ts';
import { bringTo, launchByHand } from '../launched.ts';
import { environmentTagsOf, makeNetwork, makeSubnet, makeVpc, networkTagsOf } from '../resources.ts';

const ready = { status: 'ready', ids };
const asking = (name: string) => begin(operationOf('one'), { request: { publicKey: publicKey(), instanceType: name } });
const start = begin(operationOf('one'));

describe('the instance type that a start begins with', () => {
  it('is the default, where the table has other environments alone', async () => {
    await using account = await installed(ready);
    await record(account, { request: { ...request, instanceType: 't3.large' } });
    const { instanceType, environment } = await account.run(
      beginOperation,
      begin({ ...operationOf('one'), owner: 'bob' }, { owner: 'bob' }),
    );
    expect([instanceType.name, environment.request.instanceType]).toEqual(['t2.medium', 't2.medium']);
  });

  it('is the default that the administrator has chosen, and recorded', async () => {
    await using account = await installed(ready);
    account.choose({ instanceType: 'm6g.large' });
    const output = await account.run(beginOperation, start);
    expect(output).toMatchObject({
      instanceType: { name: 'm6g.large', architecture: 'arm64', zones: expect.arrayContaining(['us-east-1a']) },
      environment: { request: { instanceType: 'm6g.large' } },
    });
    expect((await readEnvironment(account.dynamodb, alicesApi))?.wanted.instanceType).toBe('m6g.large');
  });

  it('is that of the instance that exists, whatever EC2 offers by now: EC2 is not asked', async () => {
    await using account = await installed(ready);
    await record(account, { power: 'off', state: 'stopped', ...ofOldInstance(), request: { ...request, instanceType: 'x9.old' } });
    await account.aws.delete('calls');
    const { instanceType } = await account.run(beginOperation, start);
    expect(instanceType).toEqual({ name: 'x9.old', architecture: 'arm64', zones: [], nitro: false, bootModes: [] });
    expect((await callsOf(account)).filter(({ service }) => service === 'ec2')).toEqual([]);
  });

  it('is refused before the environment is taken where its disk has another architecture', async () => {
    await using account = await installed(ready);
    await record(account, { state: 'stopped', ...ofOldInstance(), request: { ...request, instanceType: 'x9.old' } });
    expect(await account.refusal(beginOperation, asking('t3.large'))).toMatchObject({
      name: 'ArchitectureDiffers',
      message: 'acme/api is a x9.old with arm64. t3.large has amd64.',
    });
    expect((await readEnvironment(account.dynamodb, alicesApi))?.lock).toBeUndefined();
  });

  it('is another one for an instance that exists, if that is given now or was given to a start that did not finish', async () => {
    await using account = await installed(ready);
    await record(account, { state: 'stopped', ...ofOldInstance() });
    const output = await account.run(beginOperation, asking('m6g.large'));
    expect(output.instanceType).toMatchObject({ name: 'm6g.large', zones: expect.arrayContaining(['us-east-1a']), nitro: true });
    expect(output.environment).toMatchObject({
      request: { instanceType: 'm6g.large' },
      recorded: { request: { instanceType: 't2.medium' } },
    });
    const unfinished = { ...recordOf({ state: 'stopped', ...ofOldInstance(), request: { ...request, instanceType: 'm6g.xlarge' } }) };
    await putItem(account.dynamodb, environmentKey, { ...unfinished, changing: true }, { when: 'attribute_exists(#kind)', values: {} });
    expect(await account.run(beginOperation, start)).toMatchObject({
      instanceType: { name: 'm6g.xlarge' },
      environment: { request: { instanceType: 'm6g.xlarge' }, recorded: { changing: true } },
    });
  });

  it('must be one that the team allows, also for an instance that exists', async () => {
    await using account = await installed(ready);
    account.choose({ allowedInstanceTypes: ['t2.*'] });
    await record(account, { state: 'stopped', instance });
    expect((await account.refusal(beginOperation, asking('t3.large'))).name).toBe('InstanceTypeNotAllowed');
  });

  it.each([
    ['a start that failed', {}],
    ['an instance that is gone', { instance, state: 'gone' as const }],
  ])('is what was asked for by %s, unless another one is given now', async (_, seen) => {
    await using account = await installed(ready);
    await record(account, { request: { ...request, instanceType: 't3.large' }, ...seen });
    const replaces = 'instance' in seen ? { replaces: instance.instanceId } : {};
    const output = await account.run(beginOperation, begin(operationOf('one'), { request: { publicKey: publicKey(), ...replaces } }));
    expect(output.instanceType).toMatchObject({ name: 't3.large', zones: expect.arrayContaining(['us-east-1a']) });
    expect(output.environment.request.instanceType).toBe('t3.large');
    const { instanceType, environment } = await account.run(beginOperation, asking('m5.large'));
    expect([instanceType.name, environment.request.instanceType]).toEqual(['m5.large', 'm5.large']);
  });

  it.each([
    ['of a type that EC2 no longer has', ofOldInstance()],
    ['that never came to be', {}],
  ])('is not why an environment with an instance %s is refused whose removal has begun', async (_, fields) => {
    await using account = await installed(ready);
    await record(account, { power: 'removed', ...fields });
    expect((await account.refusal(beginOperation, start)).name).toBe('EnvironmentBeingRemoved');
  });
});

describe('an instance type that cannot work', () => {
  const refusals = [
    ['t9.large', 'InstanceTypeNotFound'],
    ['mac1.metal', 'InstanceTypeNotSupported'],
    ['c5.large', 'InstanceTypeNotAllowed'],
  ] as const;
  const allowed = { allowedInstanceTypes: ['t2.*', 't9.*', 'mac1.*'] };

  it.each(refusals)('is refused before anything is written: %s', async (name, error) => {
    await using account = await installed(null);
    account.choose(allowed);
    await account.aws.delete('calls');
    expect((await account.refusal(beginOperation, asking(name))).name).toBe(error);
    expect((await callsOf(account)).filter(({ action }) => !/^(Describe|GetItem$|Query$|GetCallerIdentity$)/.test(action))).toEqual([]);
    expect((await readEnvironments(account.dynamodb)).items).toEqual([]);
    expect(await readNetwork(account.dynamodb)).toBeUndefined();
    expect(await claims(account)).toEqual({});
  });

  it.each(refusals)('is refused before a table is made for it: %s', async (name, error) => {
    await using account = await testAccount();
    account.choose(allowed);
    expect((await account.refusal(beginOperation, asking(name))).name).toBe(error);
    expect((await account.refusal(beginOperation, start)).name).toBe('RecodeNotInstalled');
  });

  it('leaves the record of a start that failed as it is', async () => {
    await using account = await installed(ready);
    await record(account, {});
    const before = await readEnvironments(account.dynamodb);
    expect((await account.refusal(beginOperation, asking('t9.large'))).name).toBe('InstanceTypeNotFound');
    expect(await readEnvironments(account.dynamodb)).toEqual(before);
  });

  it('is told before that another operation or an uninstall is at work', async () => {
    await using account = await installed(null);
    const lock = { ...(await startHolder(account.sfn, 'bob')), kind: 'uninstall' as const };
    await replaceNetwork(account, { installation: 'installation-1', status: 'deleting', before: 'ready', ids, lock });
    expect((await account.refusal(beginOperation, asking('t9.large'))).name).toBe('InstanceTypeNotFound');
    await replaceNetwork(account, { installation: 'installation-1', ...ready });
    const holder = await startHolder(account.sfn, 'bob');
    await record(account, { lock: holder });
    expect((await account.refusal(beginOperation, asking('t9.large'))).name).toBe('InstanceTypeNotFound');
    await putItem(account.dynamodb, environmentKey, recordOf({ name: 'acme-api', instance, lock: holder }), {
      when: 'attribute_exists(#kind)',
      values: {},
    });
    expect((await account.refusal(beginOperation, asking('t9.large'))).name).toBe('InstanceTypeNotFound');
  });

  it.each([
    ['ec2', 'DescribeInstanceTypes', 'UnauthorizedOperation', 'PermissionMissing'],
    ['ec2', 'DescribeSubnets', 'RequestLimitExceeded', 'RequestThrottled'],
    ['ec2', 'DescribeInstances', 'InternalError', 'AwsUnavailable'],
    ['dynamodb', 'GetItem', 'AccessDeniedException', 'PermissionMissing'],
  ])('is not decided where %s:%s answers %s: %s', async (service, action, code, name) => {
    await using account = await installed(ready);
    await account.aws.post('faults', { service, action, kind: 'error', code });
    expect((await account.refusal(beginOperation, start)).name).toBe(name);
    expect((await readEnvironments(account.dynamodb)).items).toEqual([]);
  });

  it('is not taken for one where it is no name of a type', async () => {
    await using account = await installed(ready);
    expect(await account.refusal(beginOperation, asking('medium'))).toMatchObject({
      name: 'InputNotValid',
      message: expect.stringContaining('request.instanceType'),
    });
  });
});

describe('the subnet that a start tries first', () => {
  const further = { tags: networkTagsOf('recode-public-subnet-2'), cidr: '10.0.1.0/24', zone: 'us-east-1e' };
  const subnetOf = async (account: TestAccount, type = 't2.medium') => {
    const begun = await account.run(beginOperation, asking(type));
    return 'subnet' in begun ? begun.subnet : undefined;
  };

  it('is the first one that fits the type and has a free address', async () => {
    await using account = await installed(ready);
    const { vpcId, subnetId } = await makeNetwork(account.ec2);
    await replaceNetwork(account, { installation: 'installation-1', status: 'ready', ids: { ...ids, vpcId } });
    expect(await subnetOf(account)).toEqual({ subnetId, full: [], withoutCapacity: [] });
    account.amendAnswers('DescribeSubnetsCommand', ({ Subnets }) => ({
      Subnets: (Subnets as Subnet[]).map((one) => ({ ...one, ...(one.SubnetId === subnetId && { AvailableIpAddressCount: 0 }) })),
    }));
    expect(await subnetOf(account)).toBeUndefined();
    const second = await makeSubnet(account.ec2, vpcId, further);
    await account.ec2.send(new ModifySubnetAttributeCommand({ SubnetId: second, MapPublicIpOnLaunch: { Value: true } }));
    expect(await subnetOf(account)).toMatchObject({ subnetId: second });
  });

  it('is missing if no zone with a subnet offers the type, or the subnet is of another VPC than the record’s', async () => {
    await using account = await installed(ready);
    const vpcId = await makeVpc(account.ec2);
    const subnet = await makeSubnet(account.ec2, vpcId, { zone: 'us-east-1e' });
    await account.ec2.send(new ModifySubnetAttributeCommand({ SubnetId: subnet, MapPublicIpOnLaunch: { Value: true } }));
    expect(await subnetOf(account)).toBeUndefined();
    await replaceNetwork(account, { installation: 'installation-1', status: 'ready', ids: { ...ids, vpcId } });
    expect(await subnetOf(account)).toMatchObject({ subnetId: subnet });
    expect(await subnetOf(account, 't3.large')).toBeUndefined();
  });

  it('is missing in a network that is not ready', async () => {
    await using account = await installed();
    await makeNetwork(account.ec2);
    expect(await subnetOf(account)).toBeUndefined();
  });
});

describe('the plan of a start', () => {
  const plan = { action: 'create', checkSsh: true, nothingExists: true };

  it.each([[ready], [{ status: 'creating' }], [null]])(
    'is made at once for an environment that neither the record nor EC2 knows, in the network %j',
    async (network) => {
      await using account = await installed(network);
      expect(await account.run(beginOperation, start)).toMatchObject({ plan, network: network ?? { status: 'creating' } });
    },
  );

  it.each([
    ['the request', { publicKey: publicKey(), allowCidrs: ['203.0.113.7/32'] }, {}],
    ['the administrator', { publicKey: publicKey() }, { ingressCidrs: ['203.0.113.0/24'] }],
  ])('leaves SSH unchecked where %s keeps somebody out', async (_, asked, chosen) => {
    await using account = await installed(ready);
    account.choose(chosen);
    const given = begin(operationOf('one'), { request: asked });
    expect(await account.run(beginOperation, given)).toMatchObject({ plan: { ...plan, checkSsh: false } });
  });

  it.each([
    ['was never finished', {}],
    ['has an instance', { instance }],
    ['had an instance', { instance, state: 'gone' as const }],
  ])('is left to PlanStart where there is a record of an environment that %s', async (_, fields) => {
    await using account = await installed(ready);
    await record(account, fields);
    const given = begin(operationOf('one'), { request: { publicKey: publicKey(), replaces: instance.instanceId } });
    expect(await account.run(beginOperation, given)).not.toHaveProperty('plan');
  });

  it('is left to PlanStart by a retry, which cannot know what the first attempt has led to', async () => {
    await using account = await installed(ready);
    const first = await account.run(beginOperation, start);
    expect(first).toHaveProperty('plan');
    const { plan: _, ...rest } = first as typeof first & { plan: unknown };
    expect(await account.run(beginOperation, start)).toEqual(rest);
  });

  it('is left to PlanStart where another start has put the environment meanwhile', async () => {
    await using account = await installed(ready);
    beforeWrite(account, 'PutItemCommand', () => record(account, { uid: 'uid-2' }));
    const output = await account.run(beginOperation, start);
    expect(output.environment.uid).toBe('uid-2');
    expect(output).not.toHaveProperty('plan');
  });

  it.each(['acme-api', 'acme-api-alice'])(
    'is left to PlanStart where EC2 shows an instance of the owner for the repository: %s',
    async (name) => {
      await using account = await installed(ready);
      const instanceId = await instanceWith(account, { 'recode:environment': name });
      expect(await account.run(beginOperation, start)).not.toHaveProperty('plan');
      await bringTo(account, instanceId, 'terminated');
      expect(await account.run(beginOperation, begin(operationOf('two'), { repository: 'acme/web' }))).toMatchObject({ plan });
    },
  );

  it('does not count an instance that is terminated', async () => {
    await using account = await installed(ready);
    const instanceId = await instanceWith(account, {});
    await bringTo(account, instanceId, 'terminated');
    expect(await account.run(beginOperation, start)).toMatchObject({ plan });
  });

  it.each(['recode:managed-by', 'recode:owner', 'recode:repository'])('does not count an instance with another %s', async (key) => {
    await using account = await installed(ready);
    await instanceWith(account, { [key]: 'other' });
    expect(await account.run(beginOperation, start)).toMatchObject({ plan });
  });

  it('leaves the plan to PlanStart where EC2 shows a network interface of the environment, whose record is lost', async () => {
    await using account = await installed(ready);
    const { subnetId } = await makeNetwork(account.ec2);
    const TagSpecifications = [{ ResourceType: 'network-interface' as const, Tags: environmentTagsOf('network-interface') }];
    await account.ec2.send(new CreateNetworkInterfaceCommand({ SubnetId: subnetId, TagSpecifications }));
    expect(await account.run(beginOperation, start)).not.toHaveProperty('plan');
  });

  it('does not look for instances where there is a record', async () => {
    await using account = await installed(ready);
    await record(account, {});
    await account.aws.delete('calls');
    await account.run(beginOperation, start);
    expect((await callsOf(account)).map(({ action }) => action)).not.toContain('DescribeInstances');
  });
});

function ofOldInstance() {
  return { instance: { ...instance, instanceType: 'x9.old', architecture: 'arm64' as const } };
}

async function callsOf({ aws }: TestAccount) {
  const { calls } = (await aws.get('calls')) as { calls: { service: string; action: string }[] };
  return calls;
}

async function record({ dynamodb }: TestAccount, fields: Parameters<typeof recordOf>[0]): Promise<void> {
  await putItem(dynamodb, environmentKey, recordOf({ name: 'acme-api', ...fields }));
}

/** Launches an instance that nobody has recorded, with the tags of acme/api of alice, but for these. */
async function instanceWith(account: TestAccount, changed: Readonly<Record<string, string>>): Promise<string> {
  const network = readyNetwork(await makeNetwork(account.ec2));
  const image = await account.run(resolveImage, { environment, operation, instanceType, network });
  const tags = environmentTagsOf('instance').map(({ Key = '', Value }) => ({ Key, Value: changed[Key] ?? Value }));
  return launchByHand(account, { image, network }, { tags });
}
