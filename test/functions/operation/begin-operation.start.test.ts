import { describe, expect, it } from 'vitest';
import { putItem } from '../../../aws/records/hold/table.ts';
import { readEnvironment, readEnvironments } from '../../../aws/records/read/environment.ts';
import { readNetwork } from '../../../aws/records/read/network.ts';
import { beginOperation } from '../../../functions/operation/begin-operation.ts';
import { startHolder } from '../../harness/holders.ts';
import { testAccount } from '../account.ts';
import { networkIds as ids, instance, operationOf, publicKey, request } from '../documents.ts';
import { alicesApi, begin, claims, environmentKey, installed, recordOf } from '../installed.ts';

const stopped = recordOf({ power: 'off', name: 'acme-api', instance, state: 'stopped' });

describe('a first start', () => {
  it('puts the environment, claims its name and hands on what the workflow starts from', async () => {
    await using account = await installed();
    const operation = await startHolder(account.sfn);
    const output = await account.run(beginOperation, begin(operation));
    expect(output).toEqual({
      kind: 'start',
      environment: {
        uid: expect.any(String),
        ...alicesApi,
        name: 'acme-api',
        request,
        recorded: { status: 'creating', request, instanceId: null, updatedAt: expect.any(String) },
      },
      request: { publicKey: publicKey() },
      instanceType: expect.objectContaining({ zones: [...'abcdef'].map((letter) => `us-east-1${letter}`), bootModes: ['legacy-bios'] }),
      network: { format: 2, status: 'creating', installation: expect.any(String) },
      operation,
      plan: { action: 'create', checkSsh: true, nothingExists: true },
    });
    expect(await readNetwork(account.dynamodb)).toEqual(output.network);
    const now = expect.stringMatching(/^\d{4}-\d\d-\d\dT/);
    expect((await readEnvironments(account.dynamodb)).items).toEqual([
      {
        format: 2,
        uid: output.environment.uid,
        ...alicesApi,
        name: 'acme-api',
        wanted: { ...request, power: 'on' },
        lock: operation,
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

  it('of a teammate’s environment is the teammate’s, and its operation the caller’s; nobody creates one for another', async () => {
    await using account = await installed();
    const operation = { ...operationOf('one'), owner: 'bob' };
    expect((await account.refusal(beginOperation, begin(operation))).name).toBe('EnvironmentNotFound');
    expect((await readEnvironments(account.dynamodb)).items).toEqual([]);
    await putItem(account.dynamodb, environmentKey, recordOf());
    expect(await account.run(beginOperation, begin(operation))).toMatchObject({ environment: alicesApi, operation: { owner: 'bob' } });
    expect((await readEnvironments(account.dynamodb)).items).toMatchObject([{ ...alicesApi, lock: operation }]);
  });

  it('says that there is no table', async () => {
    await using account = await testAccount();
    expect((await account.refusal(beginOperation, begin(operationOf('one')))).name).toBe('RecodeNotInstalled');
  });

  it('hands on the network that is ready', async () => {
    await using account = await installed({ status: 'ready', ids });
    const { network } = await account.run(beginOperation, begin(operationOf('one')));
    expect(network).toEqual({ format: 2, status: 'ready', installation: 'installation-1', ids });
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
    expect((await readEnvironments(account.dynamodb)).items).toEqual([]);
  });

  it('refuses an input without a proof of who started it', async () => {
    await using account = await installed();
    const { input, ...execution } = begin(operationOf('one'));
    const { caller: _, ...without } = input;
    expect((await account.refusal(beginOperation, { ...execution, input: without })).name).toBe('ProofMissing');
    expect((await readEnvironments(account.dynamodb)).items).toEqual([]);
  });
});

describe('an attempt of the same execution', () => {
  it('finds what it had entered', async () => {
    await using account = await installed();
    const first = await account.run(beginOperation, begin(operationOf('one')));
    expect({ plan: undefined, ...(await account.run(beginOperation, begin(operationOf('one')))) }).toEqual({ ...first, plan: undefined });
  });

  const writes = [
    ['the network', 'PutItem', 0],
    ['the environment', 'PutItem', 1],
    ['the name in the environment', 'UpdateItem', 0],
    ['the claim of the name', 'PutItem', 2],
    ['what is wanted', 'UpdateItem', 1],
  ] as const;

  it.each(writes)('goes on where the write of %s succeeded without an answer', async (_, action, skip) => {
    await using account = await installed(null);
    await account.aws.post('faults', { service: 'dynamodb', action, kind: 'lost-answer', skip });
    const { environment } = await account.run(beginOperation, begin(operationOf('one')));
    expect(await account.aws.get('faults')).toEqual({ faults: [] });
    expect((await readEnvironments(account.dynamodb)).items).toMatchObject([
      { uid: environment.uid, name: 'acme-api', lock: operationOf('one') },
    ]);
    expect(await claims(account)).toEqual({ 'acme-api': 'alice/acme/api' });
  });

  it.each(writes)('goes on where one before died over the write of %s', async (_, action, skip) => {
    await using account = await installed(null);
    await account.aws.post('faults', { service: 'dynamodb', action, kind: 'error', code: 'AccessDeniedException', skip });
    expect((await account.refusal(beginOperation, begin(operationOf('one')))).name).toBe('PermissionMissing');
    const { environment } = await account.run(beginOperation, begin(operationOf('one')));
    expect((await readEnvironments(account.dynamodb)).items).toMatchObject([
      { uid: environment.uid, name: 'acme-api', lock: operationOf('one') },
    ]);
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

describe('an environment that exists', () => {
  it('is taken as it is where no option was given', async () => {
    await using account = await installed({ status: 'ready', ids });
    await putItem(account.dynamodb, environmentKey, { ...stopped, wanted: { ...stopped.wanted, volumeSize: 40 } });
    const { environment } = await account.run(beginOperation, begin(operationOf('one')));
    expect(environment).toEqual({
      uid: 'uid-1',
      ...alicesApi,
      name: 'acme-api',
      request: { ...request, volumeSize: 40 },
      recorded: { status: 'stopped', request: { ...request, volumeSize: 40 }, instanceId: 'i-1', updatedAt: stopped.updatedAt },
    });
    expect(await readEnvironment(account.dynamodb, alicesApi)).toMatchObject({
      wanted: { power: 'on' },
      observed: stopped.observed,
      lock: operationOf('one'),
    });
  });

  it('is not taken with a smaller volume', async () => {
    await using account = await installed({ status: 'ready', ids });
    await putItem(account.dynamodb, environmentKey, stopped);
    const given = { request: { publicKey: publicKey(), volumeSize: 8 } };
    expect((await account.refusal(beginOperation, begin(operationOf('one'), given))).name).toBe('VolumeCannotShrink');
    expect((await readEnvironments(account.dynamodb)).items).toEqual([stopped]);
  });

  it('is taken with what may change of its instance, which PlanStart records', async () => {
    await using account = await installed({ status: 'ready', ids });
    await putItem(account.dynamodb, environmentKey, stopped);
    const changes = { instanceType: 't3.large', volumeSize: 20, volumeType: 'gp3' } as const;
    const given = { request: { publicKey: publicKey(), ...changes } };
    expect((await account.run(beginOperation, begin(operationOf('one'), given))).environment.request).toMatchObject(changes);
    expect((await readEnvironment(account.dynamodb, alicesApi))?.wanted).toMatchObject(request);
  });

  it('is taken with other blocks that may reach SSH and another time to stop at, which are recorded', async () => {
    await using account = await installed({ status: 'ready', ids });
    await putItem(account.dynamodb, environmentKey, stopped);
    const allowCidrs = ['203.0.113.7/32'];
    const autoStop = { kind: 'never' } as const;
    const given = { publicKey: publicKey(), allowCidrs, autoStop };
    expect(await account.run(beginOperation, begin(operationOf('one'), { request: given }))).toMatchObject({
      environment: { request: { ...request, allowCidrs, autoStop }, recorded: { request } },
    });
    expect((await readEnvironment(account.dynamodb, alicesApi))?.wanted).toEqual({ ...request, allowCidrs, autoStop, power: 'on' });
  });

  it('is taken with the options that it has', async () => {
    await using account = await installed({ status: 'ready', ids });
    await putItem(account.dynamodb, environmentKey, stopped);
    const given = { ...request, publicKey: publicKey().replace(/ alice$/, ' alice@laptop') };
    expect(await account.run(beginOperation, begin(operationOf('one'), { request: given }))).toMatchObject({
      environment: { request, recorded: { request } },
      request,
    });
    expect((await readEnvironment(account.dynamodb, alicesApi))?.wanted).toEqual({ ...request, power: 'on' });
  });

  it.each([
    ['stopped', { instance, state: 'stopped' as const }],
    ['gone', { instance, state: 'gone' as const }],
    ['not finished', {}],
  ])('is taken with a key that was added, and keeps its first one, where it is %s', async (_, seen) => {
    await using account = await installed({ status: 'ready', ids });
    const record = recordOf({ name: 'acme-api', ...seen });
    const wanted = { ...record.wanted, moreKeys: [{ publicKey: publicKey(2), addedAt: record.createdAt }] };
    await putItem(account.dynamodb, environmentKey, { ...record, wanted });
    const given = { publicKey: publicKey(2), replaces: instance.instanceId };
    expect(await account.run(beginOperation, begin(operationOf('one'), { request: given }))).toMatchObject({
      environment: { request, recorded: { request } },
      request: { publicKey: publicKey() },
    });
    expect((await readEnvironment(account.dynamodb, alicesApi))?.wanted).toEqual(wanted);
  });

  it('is not taken where its instance is gone, unless somebody has agreed to an empty disk or has one restored', async () => {
    await using account = await installed({ status: 'ready', ids });
    const gone = recordOf({ name: 'acme-api', instance, state: 'gone' });
    await putItem(account.dynamodb, environmentKey, gone);
    const starting = (given: object) => begin(operationOf('one'), { request: { ...request, ...given } });
    expect(await account.refusal(beginOperation, starting({}))).toMatchObject({
      name: 'InstanceGone',
      message: `The instance ${instance.instanceId} of acme/api was terminated outside Recode. A new instance has an empty disk.`,
    });
    expect((await account.refusal(beginOperation, starting({ replaces: 'i-0ffffffffffffffff' }))).name).toBe('InstanceGone');
    expect((await account.refusal(beginOperation, starting({ replaces: 'the old one' }))).name).toBe('InputNotValid');
    expect((await readEnvironments(account.dynamodb)).items).toEqual([gone]);
    const restoring = await account.run(beginOperation, starting({ restore: true }));
    expect(restoring).toMatchObject({ environment: { request: { restore: true, homeKeys: false } } });
    await putItem(account.dynamodb, environmentKey, { ...gone, wanted: { ...gone.wanted, replaces: instance.instanceId } });
    expect(await account.run(beginOperation, starting({}))).toMatchObject({ environment: { recorded: { status: 'gone' } } });
  });

  it('is not taken with another machine’s key', async () => {
    await using account = await installed({ status: 'ready', ids });
    await putItem(account.dynamodb, environmentKey, stopped);
    const given = { publicKey: publicKey(2) };
    expect((await account.refusal(beginOperation, begin(operationOf('one'), { request: given }))).name).toBe('PrivateKeyNotHere');
    expect((await readEnvironments(account.dynamodb)).items).toEqual([stopped]);
  });

  it('may become what is asked for now while it was never finished, but stays what is recorded until that is planned', async () => {
    await using account = await installed();
    const recorded = { ...request, volumeSize: 40 };
    await putItem(account.dynamodb, environmentKey, recordOf({ request: recorded }));
    const given = { publicKey: publicKey(2), volumeType: 'gp3', instanceType: 't3.large' };
    const { environment } = await account.run(beginOperation, begin(operationOf('one'), { request: given }));
    expect(environment).toMatchObject({
      request: { ...recorded, ...given },
      recorded: { status: 'creating', request: recorded, instanceId: null },
    });
    expect((await readEnvironment(account.dynamodb, alicesApi))?.wanted).toEqual({ ...recorded, power: 'on' });
  });

  it('is not taken once its removal has begun', async () => {
    await using account = await installed({ status: 'ready', ids });
    const removing = recordOf({ power: 'removed', name: 'acme-api', instance });
    await putItem(account.dynamodb, environmentKey, removing);
    expect(await account.refusal(beginOperation, begin(operationOf('one')))).toMatchObject({
      name: 'EnvironmentBeingRemoved',
      message: 'The removal of acme/api started, but did not finish.',
    });
    expect((await readEnvironments(account.dynamodb)).items).toEqual([removing]);
  });
});
