import { describe, expect, it } from 'vitest';
import { readEnvironment, readEnvironments } from '../../../aws/records/environment.ts';
import { readNetwork } from '../../../aws/records/network.ts';
import { type Key, putItem } from '../../../aws/records/table.ts';
import { beginOperation } from '../../../functions/operation/begin-operation.ts';
import { closeHolder, startHolder } from '../../harness/holders.ts';
import { testAccount } from '../account.ts';
import { instanceType, operationOf, publicKey, request } from '../documents.ts';
import { afterWrite, begin, claims, installed, replaceNetwork } from '../installed.ts';

const quietMilliseconds = 35_000;
const alicesApi = { owner: 'alice', repository: 'acme/api' };
const environmentKey: Key = { kind: 'environment', id: 'alice/acme/api' };
const ids = { vpcId: 'vpc-1', subnetId: 'subnet-1', internetGatewayId: 'igw-1', routeTableId: 'rtb-1' };
const instance = { instanceId: 'i-1', instanceType: 't2.medium', architecture: 'x86_64', hostKey: 'ssh-ed25519 AAAA' };
const time = '2026-01-01T00:00:00.000Z';
const stopped = { uid: 'uid-1', ...alicesApi, name: 'acme-api', status: 'stopped', request, instance, createdAt: time, updatedAt: time };
const unfinished = { uid: 'uid-1', ...alicesApi, status: 'creating', request, createdAt: time, updatedAt: time };

describe('a first start', () => {
  it('puts the environment, claims its name and hands on what the workflow starts from', async () => {
    await using account = await installed();
    const operation = await startHolder(account.sfn);
    const output = await account.run(beginOperation, begin(operation));
    expect(output).toEqual({
      environment: { uid: expect.any(String), ...alicesApi, name: 'acme-api', request, recorded: { request, instanceId: null } },
      request: { publicKey: publicKey() },
      instanceType,
      network: { status: 'creating', installation: expect.any(String) },
      operation,
    });
    expect(await readNetwork(account.dynamodb)).toEqual(output.network);
    const now = expect.stringMatching(/^\d{4}-\d\d-\d\dT/);
    expect(await readEnvironments(account.dynamodb)).toEqual([
      {
        uid: output.environment.uid,
        ...alicesApi,
        name: 'acme-api',
        status: 'creating',
        request,
        operation,
        createdAt: now,
        updatedAt: now,
      },
    ]);
    expect(await claims(account)).toEqual({ 'acme-api': 'alice/acme/api' });
  });

  it('keeps the options that were given, and defaults the others', async () => {
    await using account = await installed();
    const given = { publicKey: publicKey(), volumeSize: 40, allowCidrs: ['203.0.113.7/32'] };
    const { environment, request: handedOn } = await account.run(beginOperation, begin(operationOf('one'), { request: given }));
    const whole = { ...given, instanceType: 't2.medium', volumeType: 'gp2' };
    expect(environment).toMatchObject({ request: whole, recorded: { request: whole } });
    expect(handedOn).toEqual(given);
  });

  it('says that there is no table', async () => {
    await using account = await testAccount();
    expect((await account.refusal(beginOperation, begin(operationOf('one')))).name).toBe('RecodeNotInstalled');
  });

  it('hands on the network that is ready', async () => {
    await using account = await installed({ status: 'ready', ids });
    const { network } = await account.run(beginOperation, begin(operationOf('one')));
    expect(network).toEqual({ status: 'ready', installation: 'installation-1', ids });
  });

  it.each([
    ['a field it does not know', { request: { publicKey: publicKey(), spot: true } }],
    ['a block with host bits', { request: { publicKey: publicKey(), allowCidrs: ['203.0.113.7/24'] } }],
    ['no block at all', { request: { publicKey: publicKey(), allowCidrs: [] } }],
    ['a volume smaller than the image', { request: { publicKey: publicKey(), volumeSize: 7 } }],
    ['a key of another kind', { request: { publicKey: 'ssh-rsa AAAA alice' } }],
    ['half a repository', { repository: 'api' }],
  ])('refuses an input with %s', async (_, fields) => {
    await using account = await installed();
    expect((await account.refusal(beginOperation, begin(operationOf('one'), fields))).name).toBe('InputNotValid');
    expect(await readEnvironments(account.dynamodb)).toEqual([]);
  });
});

describe('an attempt of the same execution', () => {
  it('finds what it had entered', async () => {
    await using account = await installed();
    const first = await account.run(beginOperation, begin(operationOf('one')));
    expect(await account.run(beginOperation, begin(operationOf('one')))).toEqual(first);
  });

  const writes = [
    ['the network', 'PutItem', 0],
    ['the environment', 'PutItem', 1],
    ['the name in the environment', 'UpdateItem', 0],
    ['the claim of the name', 'PutItem', 2],
    ['the status', 'UpdateItem', 1],
  ] as const;

  it.each(writes)('goes on where the write of %s succeeded without an answer', async (_, action, skip) => {
    await using account = await installed(null);
    await account.aws.post('faults', { service: 'dynamodb', action, kind: 'lost-answer', skip });
    const { environment } = await account.run(beginOperation, begin(operationOf('one')));
    expect(await account.aws.get('faults')).toEqual({ faults: [] });
    expect(await readEnvironments(account.dynamodb)).toMatchObject([
      { uid: environment.uid, name: 'acme-api', operation: operationOf('one') },
    ]);
    expect(await claims(account)).toEqual({ 'acme-api': 'alice/acme/api' });
  });

  it.each(writes)('goes on where one before died over the write of %s', async (_, action, skip) => {
    await using account = await installed(null);
    await account.aws.post('faults', { service: 'dynamodb', action, kind: 'error', code: 'AccessDeniedException', skip });
    expect((await account.refusal(beginOperation, begin(operationOf('one')))).name).toBe('PermissionMissing');
    const { environment } = await account.run(beginOperation, begin(operationOf('one')));
    expect(await readEnvironments(account.dynamodb)).toMatchObject([
      { uid: environment.uid, name: 'acme-api', operation: operationOf('one') },
    ]);
    expect(await claims(account)).toEqual({ 'acme-api': 'alice/acme/api' });
  });
});

describe('an environment that another operation holds', () => {
  it('is refused while its execution runs, telling whose it is', async () => {
    await using account = await installed();
    const holder = await startHolder(account.sfn);
    await account.run(beginOperation, begin(holder));
    expect(await account.refusal(beginOperation, begin(await startHolder(account.sfn)))).toMatchObject({
      name: 'OperationInProgress',
      message: `The environment acme/api is held by a start that alice began at ${holder.startedAt}.`,
    });
  });

  it('is taken over once the last Lambda of the closed execution must be dead', async () => {
    await using account = await installed();
    const holder = await startHolder(account.sfn);
    const { environment } = await account.run(beginOperation, begin(holder));
    const closedAt = await closeHolder(account.sfn, holder);
    const next = begin(operationOf('next'));
    account.aws.clock.advance(closedAt + quietMilliseconds - 5_000 - account.aws.clock.now());
    expect((await account.refusal(beginOperation, next)).name).toBe('OperationSettling');
    account.aws.clock.advance(5_000);
    expect(await account.run(beginOperation, next)).toMatchObject({ environment, operation: operationOf('next') });
  });

  it('counts as held for fifteen minutes where Step Functions does not know the execution', async () => {
    await using account = await installed();
    const startedAt = (minutesAgo: number) => new Date(account.aws.clock.now() - minutesAgo * 60_000).toISOString();
    await account.run(beginOperation, begin({ ...operationOf('unknown'), startedAt: startedAt(14) }));
    expect((await account.refusal(beginOperation, begin(operationOf('next')))).name).toBe('OperationInProgress');
    account.aws.clock.advance(60_000);
    expect(await account.run(beginOperation, begin(operationOf('next')))).toMatchObject({ operation: operationOf('next') });
  });

  it('is left alone for the quiet time after a failure', async () => {
    await using account = await installed();
    const quietUntil = account.aws.clock.now() + 10_000;
    await putItem(account.dynamodb, environmentKey, { ...stopped, quietUntil });
    expect((await account.refusal(beginOperation, begin(operationOf('one')))).name).toBe('OperationSettling');
    account.aws.clock.advance(10_000);
    await account.run(beginOperation, begin(operationOf('one')));
    expect(await readEnvironment(account.dynamodb, alicesApi)).not.toHaveProperty('quietUntil');
  });

  it('is held by exactly one of eight that begin at once', async () => {
    await using account = await installed(null);
    const operations = await Promise.all(Array.from({ length: 8 }, () => startHolder(account.sfn)));
    const outcomes = await Promise.all(
      operations.map((operation) =>
        account.run(beginOperation, begin(operation)).then(
          () => 'held',
          ({ name }: Error) => name,
        ),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === 'held')).toHaveLength(1);
    expect(['held', 'OperationInProgress', 'OperationSettling']).toEqual(expect.arrayContaining(outcomes));
    expect(await readEnvironments(account.dynamodb)).toMatchObject([{ operation: operations[outcomes.indexOf('held')] }]);
    expect(await claims(account)).toEqual({ 'acme-api': 'alice/acme/api' });
  });
});

describe('a name', () => {
  it('is given once where two repositories have one slug', async () => {
    await using account = await installed();
    const repositories = ['acme/api-web', 'acme-api/web'];
    const outputs = await Promise.all(
      repositories.map((repository, number) => account.run(beginOperation, begin(operationOf(`${number}`), { repository }))),
    );
    expect(outputs.map(({ environment }) => environment.name).toSorted()).toEqual(['acme-api-web', 'acme-api-web-alice']);
    const owners = Object.fromEntries(outputs.map(({ environment }) => [environment.name, `alice/${environment.repository}`]));
    expect(await claims(account)).toEqual(owners);
  });

  it('is the next candidate where another owner has the repository already', async () => {
    await using account = await installed();
    await account.run(beginOperation, begin(operationOf('one')));
    const { environment } = await account.run(beginOperation, begin({ ...operationOf('two'), owner: 'bob' }, { owner: 'bob' }));
    expect(environment.name).toBe('acme-api-bob');
  });
});

describe('an uninstall', () => {
  const deleting = { status: 'deleting', before: 'ready', ids, operation: { ...operationOf('uninstall'), kind: 'uninstall' } };

  it('is waited for, nothing being written meanwhile', async () => {
    await using account = await installed(deleting);
    await account.aws.delete('calls');
    expect((await account.refusal(beginOperation, begin(operationOf('one')))).name).toBe('UninstallInProgress');
    expect(await account.aws.get('calls')).toMatchObject({ calls: [{ action: 'GetItem' }] });
    expect(await readEnvironments(account.dynamodb)).toEqual([]);
  });

  it('that begins while the environment is put is waited for, leaving nothing behind', async () => {
    await using account = await installed();
    afterWrite(account, 'PutItemCommand', () => replaceNetwork(account, { installation: 'installation-1', ...deleting }));
    expect((await account.refusal(beginOperation, begin(operationOf('one')))).name).toBe('UninstallInProgress');
    expect(await readEnvironments(account.dynamodb)).toEqual([]);
    expect(await claims(account)).toEqual({});
    expect(await readNetwork(account.dynamodb)).toMatchObject(deleting);
  });

  it('that begins while an environment is taken finds it as it was', async () => {
    await using account = await installed({ status: 'ready', ids });
    await putItem(account.dynamodb, environmentKey, stopped);
    afterWrite(account, 'UpdateItemCommand', () => replaceNetwork(account, { installation: 'installation-1', ...deleting }));
    expect((await account.refusal(beginOperation, begin(operationOf('one')))).name).toBe('UninstallInProgress');
    expect(await readEnvironments(account.dynamodb)).toEqual([stopped]);
  });

  it.each([
    ['and another installation', { status: 'creating', installation: 'installation-2' }],
    ['and no installation yet', undefined],
  ])('that has ended meanwhile, %s, lets the start begin again', async (_, network) => {
    await using account = await installed();
    afterWrite(account, 'PutItemCommand', () => replaceNetwork(account, network));
    const output = await account.run(beginOperation, begin(operationOf('one')));
    expect(output.network.installation).not.toBe('installation-1');
    expect(await readNetwork(account.dynamodb)).toEqual(output.network);
    expect(await readEnvironments(account.dynamodb)).toMatchObject([
      { uid: output.environment.uid, name: 'acme-api', operation: operationOf('one') },
    ]);
  });
});

describe('an environment that exists', () => {
  it('is taken as it is where no option was given', async () => {
    await using account = await installed({ status: 'ready', ids });
    await putItem(account.dynamodb, environmentKey, { ...stopped, request: { ...request, volumeSize: 40 } });
    const { environment } = await account.run(beginOperation, begin(operationOf('one')));
    expect(environment).toEqual({
      uid: 'uid-1',
      ...alicesApi,
      name: 'acme-api',
      request: { ...request, volumeSize: 40 },
      recorded: { request: { ...request, volumeSize: 40 }, instanceId: 'i-1' },
    });
    expect(await readEnvironment(account.dynamodb, alicesApi)).toMatchObject({
      status: 'starting',
      instance,
      operation: operationOf('one'),
    });
  });

  it.each([
    ['--instance-type t2.medium, not t3.large', { instanceType: 't3.large' }],
    ['--volume-size 16, not 20', { volumeSize: 20 }],
    ['--volume-type gp2, not gp3', { volumeType: 'gp3' }],
    ['--allow-cidr 0.0.0.0/0, not 203.0.113.7/32', { allowCidrs: ['203.0.113.7/32'] }],
  ])('is not taken with another option: it has %s', async (values, option) => {
    await using account = await installed({ status: 'ready', ids });
    await putItem(account.dynamodb, environmentKey, stopped);
    expect(
      await account.refusal(beginOperation, begin(operationOf('one'), { request: { publicKey: publicKey(), ...option } })),
    ).toMatchObject({
      name: 'OptionDiffers',
      message: `The environment acme/api exists with ${values}.`,
    });
    expect(await readEnvironments(account.dynamodb)).toEqual([stopped]);
  });

  it('is taken with the options that it has', async () => {
    await using account = await installed({ status: 'ready', ids });
    await putItem(account.dynamodb, environmentKey, stopped);
    const given = { ...request, publicKey: publicKey().replace(/ alice$/, ' alice@laptop') };
    expect(await account.run(beginOperation, begin(operationOf('one'), { request: given }))).toMatchObject({
      environment: { request: given, recorded: { request } },
      request: given,
    });
    expect((await readEnvironment(account.dynamodb, alicesApi))?.request).toEqual(request);
  });

  it('is not taken with another machine’s key', async () => {
    await using account = await installed({ status: 'ready', ids });
    await putItem(account.dynamodb, environmentKey, stopped);
    const given = { publicKey: publicKey(2) };
    expect((await account.refusal(beginOperation, begin(operationOf('one'), { request: given }))).name).toBe('PrivateKeyNotHere');
    expect(await readEnvironments(account.dynamodb)).toEqual([stopped]);
  });

  it('may become what is asked for now while it was never finished, but stays what is recorded until that is planned', async () => {
    await using account = await installed();
    const recorded = { ...request, volumeSize: 40 };
    await putItem(account.dynamodb, environmentKey, { ...unfinished, request: recorded });
    const given = { publicKey: publicKey(2), volumeType: 'gp3' };
    const { environment } = await account.run(
      beginOperation,
      begin(operationOf('one'), { request: given, instanceType: { ...instanceType, name: 't3.large' } }),
    );
    expect(environment).toMatchObject({
      request: { ...recorded, ...given, instanceType: 't3.large' },
      recorded: { request: recorded, instanceId: null },
    });
    expect((await readEnvironment(account.dynamodb, alicesApi))?.request).toEqual(recorded);
  });

  it('is not taken while it is being removed', async () => {
    await using account = await installed({ status: 'ready', ids });
    await putItem(account.dynamodb, environmentKey, { ...stopped, status: 'removing' });
    expect(await account.refusal(beginOperation, begin(operationOf('one')))).toMatchObject({
      name: 'EnvironmentBeingRemoved',
      message: 'The environment acme/api is removing; it can only be removed.',
    });
  });
});
