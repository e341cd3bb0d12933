import { describe, expect, it } from 'vitest';
import { countRun } from '../../../aws/records/hold/hours.ts';
import { putItem } from '../../../aws/records/hold/table.ts';
import { finishTransfer } from '../../../aws/records/hold/transfer.ts';
import { readEnvironment } from '../../../aws/records/read/environment.ts';
import { readHours } from '../../../aws/records/read/hours.ts';
import type { Environment } from '../../../core/environment.ts';
import { beginOperation } from '../../../functions/operation/begin-operation.ts';
import { failOperation } from '../../../functions/operation/fail-operation.ts';
import { finishOperation } from '../../../functions/operation/finish-operation.ts';
import type { TestAccount } from '../account.ts';
import { instance, networkIds, operationOf, publicKey, request } from '../documents.ts';
import { afterWrite, begin, claims, environmentKey, installed, recordOf, settle } from '../installed.ts';

const started = recordOf({ name: 'acme-api', instance, publicIpAddress: '127.64.0.1', stopAt: '2026-01-01T20:00:00.000Z' });
const operation = operationOf('one', 'transfer');
const later = operationOf('two', 'transfer');
const { publicKey: _, ...keyless } = request;

/** The input of BeginOperation in a transfer. */
function transfer(to: string | undefined = 'bob', of = operation, asked: object = {}) {
  const { input, ...execution } = begin(of, asked);
  return { ...execution, input: { ...input, ...(to !== '' && { to }) } };
}

const read = (account: TestAccount, owner: string) => readEnvironment(account.dynamodb, { owner, repository: 'acme/api' });
const both = async (account: TestAccount) => [await read(account, 'alice'), await read(account, 'bob')] as const;

async function recorded(environment: Environment = started, ...others: Environment[]): Promise<TestAccount> {
  const account = await installed({ status: 'ready', ids: networkIds });
  await putItem(account.dynamodb, environmentKey, environment);
  for (const each of others) await put(account, each);
  await putItem(account.dynamodb, { kind: 'name', id: 'acme-api' }, { environment: 'alice/acme/api', uid: 'uid-1' });
  return account;
}

const put = ({ dynamodb }: Pick<TestAccount, 'dynamodb'>, environment: Environment) =>
  putItem(dynamodb, { kind: 'environment', id: `${environment.owner}/${environment.repository}` }, environment);

describe('a transfer', () => {
  it('holds the records of both owners; the new one accepts no key, and is off', async () => {
    await using account = await recorded({
      ...started,
      lastError: { name: 'NoCapacity', message: 'None.', at: '2026-01-01T00:00:00.000Z' },
    });
    const begun = await account.run(beginOperation, transfer());
    expect(begun).toMatchObject({
      formerOwner: 'alice',
      handOver: true,
      environment: { owner: 'bob', name: 'acme-api', uid: 'uid-1', recorded: { status: 'started', instanceId: 'i-1' } },
    });
    expect(begun.environment.request).toEqual({ ...keyless, homeKeys: false });
    const [former, received] = await both(account);
    expect(former).toMatchObject({ transferTo: 'bob', lock: operation, wanted: { publicKey: publicKey(), power: 'on' } });
    expect(received).toMatchObject({
      transferFrom: 'alice',
      lock: operation,
      name: 'acme-api',
      uid: 'uid-1',
      observed: { state: 'stopped' },
    });
    expect(received?.wanted).toEqual({ ...keyless, power: 'off', homeKeys: false });
    expect(received).not.toHaveProperty('lastError');
    expect(received?.observed).not.toHaveProperty('publicIpAddress');
  });

  it('answers the same when it runs again', async () => {
    await using account = await recorded();
    const first = await account.run(beginOperation, transfer());
    const before = await both(account);
    expect(await account.run(beginOperation, transfer())).toEqual(first);
    expect(await both(account)).toEqual(before);
  });

  it('takes the names of an unfinished rename along', async () => {
    await using account = await recorded({ ...started, name: 'billing', formerNames: ['acme-api'] });
    expect((await account.run(beginOperation, transfer())).environment).toMatchObject({ name: 'billing', formerNames: ['acme-api'] });
    expect(await read(account, 'bob')).toMatchObject({ name: 'billing', formerNames: ['acme-api'] });
  });

  it.each([['alice'], ['auto-stop@recode'], ['b b'], ['']])('is refused the new owner %j', async (to) => {
    await using account = await recorded();
    expect((await account.refusal(beginOperation, transfer(to))).name).toBe('InputNotValid');
    expect(await both(account)).toEqual([started, undefined]);
  });

  it('is refused where the new owner has an environment of the repository, and changes nothing', async () => {
    const bobs = { ...recordOf({ name: 'acme-api-bob', instance }), owner: 'bob', uid: 'uid-2' };
    await using account = await recorded(started, bobs);
    expect((await account.refusal(beginOperation, transfer())).name).toBe('NewOwnerHasEnvironment');
    expect(await both(account)).toEqual([started, bobs]);
  });

  it('is refused where the new owner starts one at this moment', async () => {
    await using account = await recorded();
    const bobs = { ...recordOf(), owner: 'bob', uid: 'uid-2', lock: operationOf('bobs') };
    afterWrite(account, 'UpdateItemCommand', () => put(account.aws.clients, bobs));
    expect((await account.refusal(beginOperation, transfer())).name).toBe('NewOwnerHasEnvironment');
    expect(await both(account)).toEqual([started, bobs]);
  });

  it('is refused where the new owner has as many as the team allows, also one that is being started', async () => {
    const bobs = { ...recordOf({ repository: 'acme/web' }), owner: 'bob', uid: 'uid-2' };
    await using account = await recorded(started, bobs);
    account.choose({ environmentsPerOwner: 1 });
    expect((await account.refusal(beginOperation, transfer())).name).toBe('TooManyEnvironments');
    expect(await both(account)).toEqual([started, undefined]);
  });

  it('counts as one that begins now: a start of the new owner that was first succeeds', async () => {
    await using account = await recorded();
    account.choose({ environmentsPerOwner: 1 });
    await account.run(beginOperation, transfer());
    const bobs = begin({ ...operationOf('bobs'), owner: 'bob' }, { owner: 'bob', repository: 'acme/web' });
    expect((await account.refusal(beginOperation, bobs)).name).toBe('TooManyEnvironments');
  });

  it('is refused while Recode is being uninstalled, and leaves nothing', async () => {
    await using account = await recorded();
    const uninstall = begin({ ...operationOf('uninstall', 'uninstall'), startedAt: new Date().toISOString() });
    await account.run(beginOperation, uninstall);
    const error = await account.refusal(beginOperation, transfer());
    expect(error.name).toBe('UninstallInProgress');
    expect(await both(account)).toEqual([started, undefined]);
  });

  it('is refused while the environment has no instance yet, or is being removed', async () => {
    await using creating = await recorded(recordOf({ name: 'acme-api' }));
    expect((await creating.refusal(beginOperation, transfer())).name).toBe('EnvironmentNotFinished');
    await using removed = await recorded(recordOf({ name: 'acme-api', instance, power: 'removed' }));
    expect((await removed.refusal(beginOperation, transfer())).name).toBe('EnvironmentBeingRemoved');
  });
});

describe('a transfer that died', () => {
  const received = { ...started, wanted: { ...keyless, power: 'off', homeKeys: false }, owner: 'bob', transferFrom: 'alice' } as const;
  const marked = { ...started, transferTo: 'bob' };
  const { name: _name, ...nameless } = received;

  it('keeps everything else off both records', async () => {
    await using account = await recorded(marked, received);
    for (const owner of ['alice', 'bob'])
      for (const kind of ['start', 'stop', 'restart', 'rename', 'remove'] as const) {
        const error = await account.refusal(beginOperation, begin({ ...operationOf('other', kind), owner }, { owner }));
        expect([kind, error.name]).toEqual([kind, 'TransferNotFinished']);
        expect(error.data).toEqual({ repository: 'acme/api', from: 'alice', to: 'bob' });
      }
    expect(await both(account)).toEqual([marked, received]);
  });

  it.each([
    ['before the new record', undefined],
    ['before the name', nameless],
    ['after it', received],
  ])('%s is finished by the same transfer, also without naming the new owner', async (_, there) => {
    await using account = await recorded(marked, ...(there ? [there] : []));
    expect(await account.run(beginOperation, transfer('', later))).toMatchObject({ handOver: true, environment: { owner: 'bob' } });
    expect(await both(account)).toMatchObject([
      { transferTo: 'bob', lock: later },
      { transferFrom: 'alice', name: 'acme-api', lock: later },
    ]);
  });

  it('goes to nobody else, once its new owner has a record', async () => {
    await using account = await recorded(marked, received);
    expect((await account.refusal(beginOperation, transfer('carol', later))).name).toBe('TransferNotFinished');
    expect(await both(account)).toEqual([marked, received]);
  });

  it('may go to somebody else before', async () => {
    await using account = await recorded(marked);
    await account.run(beginOperation, transfer('carol', later));
    expect(await read(account, 'alice')).toMatchObject({ transferTo: 'carol' });
    expect(await read(account, 'bob')).toBeUndefined();
    expect(await read(account, 'carol')).toMatchObject({ transferFrom: 'alice', uid: 'uid-1' });
  });

  it('is still refused where it could not be, and taken back', async () => {
    await using account = await recorded(marked, nameless, {
      ...recordOf({ repository: 'acme/web' }),
      owner: 'bob',
      uid: 'uid-2',
      createdAt: '2025-01-01T00:00:00.000Z',
    });
    account.choose({ environmentsPerOwner: 1 });
    expect((await account.refusal(beginOperation, transfer('bob', later))).name).toBe('TooManyEnvironments');
    expect(await both(account)).toEqual([started, undefined]);
  });

  it('before its release is finished, although the former owner has a new environment', async () => {
    const another = { ...started, uid: 'uid-3' };
    await using account = await recorded(another, received);
    expect(await account.run(beginOperation, transfer('bob', later))).toMatchObject({
      handOver: false,
      environment: { uid: 'uid-1', owner: 'bob' },
    });
    expect(await read(account, 'alice')).toEqual(another);
    await finishTransfer(account.dynamodb, { environment: received, formerOwner: 'alice' }, later, {
      set: {},
      end: { endedAt: '2026-01-01T00:00:00.000Z' },
    });
    expect(await read(account, 'alice')).toEqual(another);
    expect(await read(account, 'bob')).not.toHaveProperty('transferFrom');
  });

  it('is stopped automatically where its instance still runs in vain', async () => {
    await using account = await recorded(marked, received);
    const stop = begin({ ...operationOf('stop', 'stop'), owner: 'auto-stop@recode' });
    const due = { uid: 'uid-1', stopAt: '2026-01-01T20:00:00.000Z' };
    const { caller: __, ...input } = stop.input;
    expect(await account.run(beginOperation, { ...stop, input: { ...input, due } })).toMatchObject({ environment: { owner: 'alice' } });
  });
});

describe('the end of a transfer', () => {
  const end = { endedAt: '2026-01-01T00:00:00.000Z' };

  it('hands the claims over, deletes the former record, and releases the new one', async () => {
    await using account = await recorded();
    const { environment } = await account.run(beginOperation, transfer());
    await finishTransfer(account.dynamodb, { environment, formerOwner: 'alice' }, operation, { set: {}, end });
    expect(await claims(account)).toEqual({ 'acme-api': 'bob/acme/api' });
    const [former, received] = await both(account);
    expect(former).toBeUndefined();
    for (const passing of ['lock', 'transferFrom']) expect(received).not.toHaveProperty(passing);
    expect(received?.lastOperations).toMatchObject([{ kind: 'transfer', owner: 'alice' }]);
  });

  it('counts the hours of the former owner up to it, and none of the new one', async () => {
    await using account = await recorded();
    account.choose({ hoursPerOwner: 100 });
    const now = account.aws.clock.now();
    const moment = { now, limit: 100 };
    await countRun(account.dynamodb, started, { launchedAt: new Date(now - 7_200_000).toISOString(), stopAt: undefined }, moment);
    const { environment } = await account.run(beginOperation, transfer());
    const document = { kind: 'transfer', environment, operation, formerOwner: 'alice', instance };
    expect(await account.run(finishOperation, document)).toMatchObject({ owner: 'bob', formerOwner: 'alice', status: 'transferred' });
    const hours = await readHours(account.dynamodb, 'alice');
    expect(hours?.environments['uid-1']).not.toHaveProperty('run');
    expect(await readHours(account.dynamodb, 'bob')).toBeUndefined();
    expect(await read(account, 'bob')).toMatchObject({ observed: { state: 'stopped', instanceId: 'i-1' } });
  });

  it('leaves a claim that is not the former owner’s', async () => {
    await using account = await recorded();
    const { environment } = await account.run(beginOperation, transfer());
    const claim = { environment: 'carol/acme/api', uid: 'uid-9' };
    await putItem(account.dynamodb, { kind: 'name', id: 'acme-api' }, claim, { when: 'attribute_exists(#kind)', values: {} });
    await finishTransfer(account.dynamodb, { environment, formerOwner: 'alice' }, operation, { set: {}, end });
    expect(await claims(account)).toEqual({ 'acme-api': 'carol/acme/api' });
  });

  it('that fails releases both records, whichever it is told of', async () => {
    for (const environment of ['alice', 'bob']) {
      await using account = await recorded();
      const begun = await account.run(beginOperation, transfer());
      await account.run(failOperation, {
        environment: { owner: environment, repository: 'acme/api' },
        operation: begun.operation,
        failure: { Error: 'AccountNotReady', Cause: 'None.' },
      });
      for (const each of await both(account)) {
        expect(each?.lock).toHaveProperty('quietUntil');
        expect(each?.lastError?.name).toBe('AccountNotReady');
      }
      settle(account);
      expect(await account.run(beginOperation, transfer('bob', later))).toMatchObject({ handOver: true });
    }
  });
});

describe('a start after a transfer', () => {
  const bobs = { ...started, owner: 'bob', wanted: { ...keyless, power: 'off' } } as const;
  const start = begin({ ...operationOf('bobs'), owner: 'bob' }, { owner: 'bob', request: { publicKey: publicKey(2) } });

  it('accepts the key of its owner as the first one', async () => {
    await using account = await recorded(started, bobs);
    expect((await account.run(beginOperation, start)).environment.request.publicKey).toBe(publicKey(2));
    expect((await read(account, 'bob'))?.wanted.publicKey).toBe(publicKey(2));
  });

  it('is refused with another key than one that was added meanwhile', async () => {
    await using account = await recorded(started, bobs);
    afterWrite(account, 'UpdateItemCommand', async () => {
      const there = await read(account, 'bob');
      const added = { ...there, wanted: { ...there?.wanted, publicKey: publicKey(3) } };
      await putItem(account.aws.clients.dynamodb, { kind: 'environment', id: 'bob/acme/api' }, added, {
        when: 'attribute_exists(#kind)',
        values: {},
      });
    });
    expect((await account.refusal(beginOperation, start)).name).toBe('PrivateKeyNotHere');
    expect(await read(account, 'bob')).toMatchObject({ wanted: { publicKey: publicKey(3) } });
    expect(await read(account, 'bob')).not.toHaveProperty('lock');
  });
});
