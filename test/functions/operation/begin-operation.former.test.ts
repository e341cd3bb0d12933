import { describe, expect, it } from 'vitest';
import { putItem, updateItem } from '../../../aws/records/hold/table.ts';
import { networkKey } from '../../../aws/records/read/network.ts';
import { type Attributes, type Key, readAttributes } from '../../../aws/records/read/table.ts';
import { formerAttributes } from '../../../core/format-1.ts';
import { beginOperation } from '../../../functions/operation/begin-operation.ts';
import { type FormerItem, former, formerEnvironment, formerNetwork, replaceItem } from '../../harness/former.ts';
import { closeHolder, startHolder } from '../../harness/holders.ts';
import type { TestAccount } from '../account.ts';
import { operationOf } from '../documents.ts';
import { beforeWrite, begin, environmentKey, installed, settle } from '../installed.ts';

const kinds = ['start', 'stop', 'restart', 'remove'] as const;
type Kind = (typeof kinds)[number];
const powers = { start: 'on', stop: 'off', restart: 'on', remove: 'removed' };
const afterRecording = Date.parse('2026-11-30T00:00:00.000Z');
const everyFormer = Object.keys(former.environments);
const everyFormerNetwork = Object.keys(former.networks);
const ready = formerNetwork('ready');
const started = formerEnvironment('started');

describe.each(kinds)('a %s', (kind) => {
  it.each(everyFormer.filter((situation) => !refusalOf(kind, situation)))(
    'takes an environment that was recorded as: %s',
    async (situation) => {
      await using account = await withRecords(formerEnvironment(situation));
      const me = operationOf('me', kind);
      expect(await account.run(beginOperation, beginAs(kind))).toMatchObject({ operation: me, environment: { name: 'acme-api' } });
      expectCurrent(await read(account, environmentKey), { uid: started.uid, lock: me, wanted: { power: powers[kind] }, name: 'acme-api' });
    },
  );

  it.each(everyFormer.filter((situation) => refusalOf(kind, situation)))(
    'is refused an environment that was recorded as: %s',
    async (situation) => {
      await using account = await withRecords(formerEnvironment(situation));
      expect((await account.refusal(beginOperation, beginAs(kind))).name).toBe(refusalOf(kind, situation));
      expect(await read(account, environmentKey)).toEqual(formerEnvironment(situation));
    },
  );

  it('is refused while an execution runs that an older version began', async () => {
    await using account = await withRecords(started);
    const holder = { ...(await startHolder(account.sfn, 'bob')), kind: 'remove' };
    const held = { ...started, operation: holder };
    await replace(account, environmentKey, held);
    expect(await account.refusal(beginOperation, beginAs(kind))).toMatchObject({
      name: 'OperationInProgress',
      message: `A remove is running on the environment acme/api; bob started it at ${holder.startedAt}.`,
    });
    expect(await read(account, environmentKey)).toEqual(held);
  });

  it('takes over from a dead execution that an older version began, once its last Lambda must be dead', async () => {
    await using account = await withRecords(started);
    const holder = await startHolder(account.sfn, 'bob');
    const held = { ...started, operation: holder };
    await replace(account, environmentKey, held);
    await closeHolder(account.sfn, holder);
    expect((await account.refusal(beginOperation, beginAs(kind))).name).toBe('OperationSettling');
    expect(await read(account, environmentKey)).toEqual(held);
    settle(account);
    await account.run(beginOperation, beginAs(kind));
    expectCurrent(await read(account, environmentKey), { lock: operationOf('me', kind) });
  });

  it('waits for the quiet time that an older version recorded', async () => {
    await using account = await withRecords(started);
    const quiet = { ...formerEnvironment('starting, failed'), quietUntil: account.aws.clock.now() + 35_000 };
    await replace(account, environmentKey, quiet);
    expect((await account.refusal(beginOperation, beginAs(kind))).name).toBe('OperationSettling');
    expect(await read(account, environmentKey)).toEqual(quiet);
    settle(account);
    await account.run(beginOperation, beginAs(kind));
    expectCurrent(await read(account, environmentKey), { lock: operationOf('me', kind) });
  });

  it('goes on where an older version has taken the environment for the same execution', async () => {
    const me = operationOf('me', kind);
    await using account = await withRecords({ ...started, operation: me });
    expect(await account.run(beginOperation, beginAs(kind))).toMatchObject({ operation: me, environment: { name: 'acme-api' } });
    expectCurrent(await read(account, environmentKey), { lock: me, wanted: { power: powers[kind] } });
  });
});

describe('a record that a Lambda of an older version changes while it is brought up to date', () => {
  it.each([
    ['its lock', { set: { operation: operationOf('old') } }],
    ['its status', { set: { status: 'stopped' }, remove: ['publicIpAddress'] }],
    ['its stop', { set: { stopAt: '2026-11-29T23:00:00.000Z' } }],
    ['the end of its stop', { set: {}, remove: ['stopAt'] }],
    ['who may reach SSH', { set: { 'request.allowCidrs': ['203.0.113.7/32'] } }],
    ['one more who may reach SSH', { set: { 'request.allowCidrs': ['0.0.0.0/0', '203.0.113.7/32'] } }],
    ['its quiet time', { set: { quietUntil: 1 } }],
  ] as const)('keeps %s, and the operation comes back', async (_, change) => {
    await using account = await withRecords(started);
    const before = { ...(await read(account, environmentKey)) };
    let changed: Attributes | undefined;
    // The first write finds no current format; the second one brings the record up to date.
    beforeWrite(account, 'UpdateItemCommand', async () =>
      beforeWrite(account, 'UpdateItemCommand', async () => {
        changed = await updateItem(account.aws.clients.dynamodb, environmentKey, {
          ...change,
          when: 'attribute_exists(#kind)',
          values: {},
        });
      }),
    );
    expect((await account.refusal(beginOperation, beginAs('stop'))).name).toBe('OperationSettling');
    expect(changed).not.toEqual(before);
    expect(await read(account, environmentKey)).toEqual(changed);
  });

  it('is brought up to date with as many blocks as a security group has room for', async () => {
    const allowCidrs = Array.from({ length: 60 }, (_, index) => `203.0.113.${100 + index}/32`);
    const full = { ...formerEnvironment('stopping, failed'), request: { ...Object(started.request), allowCidrs } };
    await using account = await withRecords(full);
    await account.run(beginOperation, beginAs('stop'));
    expectCurrent(await read(account, environmentKey), { wanted: { allowCidrs } });
  });
});

describe('the network that an older version recorded', () => {
  it.each(everyFormerNetwork)('is taken by an uninstall: %s', async (situation) => {
    await using account = await withRecords(undefined, formerNetwork(situation));
    const me = operationOf('me', 'uninstall');
    const { network } = await account.run(beginOperation, begin(me));
    const item = formerNetwork(situation);
    const before = item.before ?? item.status;
    expect(network).toMatchObject({ status: 'deleting', before, lock: me });
    expectCurrent(await read(account, networkKey), { status: 'deleting', before, lock: me, installation: item.installation });
  });

  it.each(everyFormerNetwork)('is entered by a start: %s', async (situation) => {
    await using account = await withRecords(undefined, formerNetwork(situation));
    const item = formerNetwork(situation);
    const { network } = await account.run(beginOperation, beginAs('start'));
    expect(network).toMatchObject({ format: 2, status: item.before ?? item.status, installation: item.installation });
  });

  it('is refused to an uninstall while a start runs that an older version began', async () => {
    await using account = await withRecords(undefined);
    const held = { ...formerNetwork('creating, held'), operation: await startHolder(account.sfn, 'bob') };
    await replace(account, networkKey, held);
    expect((await account.refusal(beginOperation, begin(operationOf('me', 'uninstall')))).name).toBe('OperationInProgress');
    expect(await read(account, networkKey)).toEqual(held);
  });

  it('is refused to a start while an uninstall runs that an older version began', async () => {
    await using account = await withRecords(undefined);
    const holder = { ...(await startHolder(account.sfn, 'bob')), kind: 'uninstall' };
    const held = { ...formerNetwork('deleting, complete'), operation: holder };
    await replace(account, networkKey, held);
    expect((await account.refusal(beginOperation, beginAs('start'))).name).toBe('UninstallInProgress');
    expect(await read(account, networkKey)).toEqual(held);
  });
});

/** How an operation is refused by what it finds in a situation; undefined if it is not. */
function refusalOf(kind: Kind, situation: string): string | undefined {
  if (situation.startsWith('removing') && kind !== 'remove') return 'EnvironmentBeingRemoved';
  return situation.startsWith('creating') && (kind === 'stop' || kind === 'restart') ? 'EnvironmentNotFinished' : undefined;
}

/** An account whose table an older version wrote, long enough ago that no execution of it runs. */
async function withRecords(environment: FormerItem | undefined, network = ready): Promise<TestAccount> {
  const account = await installed(null);
  account.aws.clock.advance(Math.max(0, afterRecording - account.aws.clock.now()));
  const { kind, id, ...claim } = former.name;
  await putItem(account.dynamodb, { kind: kind as Key['kind'], id: String(id) }, claim);
  await replace(account, networkKey, network);
  if (environment) await replace(account, environmentKey, environment);
  return account;
}

const replace = ({ aws }: TestAccount, key: Key, item: FormerItem) => replaceItem(aws.clients.dynamodb, key, item);
const read = ({ aws }: TestAccount, key: Key) => readAttributes(aws.clients.dynamodb, key);

/** The input of an operation that asks for the key that the environment was recorded with. */
function beginAs<K extends Kind>(kind: K) {
  const { publicKey } = started.request as { publicKey: string };
  return begin(operationOf('me', kind), { request: { publicKey } });
}

/** Whether an item has the current format, and nothing of the first one. */
function expectCurrent(item: Attributes | undefined, fields: object): void {
  expect(item).toMatchObject({ format: 2, ...fields });
  const left = formerAttributes.filter((name) => name in (item ?? {}));
  expect(left).toEqual(item?.kind === 'network' ? ['status'] : []);
}
