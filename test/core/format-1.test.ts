import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { type Environment, statusOf } from '../../core/environment.ts';
import { formerAttributes, RecordedEnvironment, RecordedNetwork } from '../../core/format-1.ts';
import { former, formerEnvironment, formerNetwork } from '../harness/former.ts';

const read = (situation: string) => v.parse(RecordedEnvironment, formerEnvironment(situation));

const instance = {
  instanceId: 'i-0bdd076dffbaf641b',
  instanceType: 't2.medium',
  architecture: 'x86_64',
  hostKey: expect.stringMatching(/^ssh-ed25519 \S+ recode-acme-api-instance$/),
};

interface Expected {
  /** The status that the item had, or that the operation holding it gives it. */
  readonly status: ReturnType<typeof statusOf>;
  readonly power: Environment['wanted']['power'];
  readonly stopAt?: string;
  readonly state?: string;
  readonly publicIpAddress?: string;
  readonly lock?: object;
}

const held = (kind: string) => ({
  executionArn: expect.stringContaining(`:execution:recode-${kind}:`),
  owner: 'alice',
  kind,
  startedAt: expect.any(String),
});
const evening = '2026-11-29T19:00:00.000Z';
const afterAnHour = '2026-11-29T03:50:00.430Z';
const address = '127.88.138.191';

const environments: Readonly<Record<string, Expected>> = {
  'creating, held, without a name': { status: 'creating', power: 'on', lock: held('start') },
  'creating, held': { status: 'creating', power: 'on', lock: held('start') },
  'creating, failed': { status: 'creating', power: 'on', lock: { quietUntil: 1_795_920_563_990 } },
  'creating, held again': { status: 'creating', power: 'on', lock: held('start') },
  'starting, held, from started': { status: 'starting', power: 'on', stopAt: evening, state: 'pending', lock: held('start') },
  'starting, held, from stopped': { status: 'starting', power: 'on', state: 'pending', lock: held('start') },
  'starting, failed': { status: 'starting', power: 'on', state: 'pending', lock: { quietUntil: 1_795_920_692_170 } },
  started: { status: 'started', power: 'on', stopAt: evening, state: 'running', publicIpAddress: address },
  // Taken by a stop, which had not written its status yet.
  'started, taken': {
    status: 'stopping',
    power: 'on',
    stopAt: afterAnHour,
    state: 'running',
    publicIpAddress: address,
    lock: held('stop'),
  },
  'stopping, held': { status: 'stopping', power: 'off', stopAt: afterAnHour, state: 'stopping', lock: held('stop') },
  'stopping, failed': {
    status: 'stopping',
    power: 'off',
    stopAt: afterAnHour,
    state: 'stopping',
    lock: { quietUntil: 1_795_920_642_290 },
  },
  stopped: { status: 'stopped', power: 'off', state: 'stopped' },
  // Taken by a start, likewise.
  'stopped, taken': { status: 'starting', power: 'off', state: 'stopped', lock: held('start') },
  'removing, held': {
    status: 'removing',
    power: 'removed',
    stopAt: '2026-11-29T03:51:46.750Z',
    state: 'running',
    lock: held('remove'),
  },
  'removing, failed': {
    status: 'removing',
    power: 'removed',
    stopAt: '2026-11-29T03:51:46.750Z',
    state: 'running',
    lock: { quietUntil: 1_795_920_760_930 },
  },
};

describe('an environment of the first format', () => {
  it('is expected here in every situation that was recorded', () => {
    expect(Object.keys(environments)).toEqual(Object.keys(former.environments));
  });

  it.each(Object.entries(environments))('%s: has what is wanted, what was observed, and its lock', (situation, expected) => {
    const { status, power, stopAt, state, publicIpAddress, lock } = expected;
    const { request, name, lastError, ...item } = formerEnvironment(situation);
    const environment = read(situation);
    expect(environment).toEqual({
      format: 2,
      uid: item.uid,
      owner: 'alice',
      repository: 'acme/api',
      ...(name !== undefined && { name }),
      wanted: { ...(request as object), power, ...(stopAt && { stopAt }) },
      ...(state && { observed: { ...instance, state, at: item.updatedAt, ...(publicIpAddress && { publicIpAddress }) } }),
      ...(lock && { lock }),
      ...(lastError !== undefined && { lastError }),
      createdAt: item.createdAt,
      updatedAt: item.updatedAt,
    });
    expect(statusOf(environment)).toBe(status);
  });

  it.each(Object.keys(environments).filter((situation) => !situation.includes('taken')))('%s: has the status that it had', (situation) => {
    expect(statusOf(read(situation))).toBe(formerEnvironment(situation).status);
  });

  it('is gone if its last operation found no instance', () => {
    const lastError = { name: 'InstanceGone', message: 'The instance is gone.', at: evening };
    const environment = v.parse(RecordedEnvironment, { ...formerEnvironment('starting, failed'), lastError });
    expect(statusOf(environment)).toBe('gone');
    expect(environment.observed).toEqual({ ...instance, state: 'gone', at: environment.updatedAt });
  });

  it('is refused if it is neither of the first format nor of the current one', () => {
    const item = formerEnvironment('started');
    expect(v.is(RecordedEnvironment, { ...item, instance: undefined })).toBe(false);
    expect(v.is(RecordedEnvironment, { ...item, status: 'unknown' })).toBe(false);
    expect(v.is(RecordedEnvironment, { ...item, format: 2 })).toBe(false);
    expect(v.is(RecordedEnvironment, { ...item, format: 3 })).toBe(false);
  });
});

describe('a network of the first format', () => {
  const installation = 'e54a4957-6bbf-433f-8bb9-1e8975fa7e30';
  const ids = {
    vpcId: 'vpc-0ed09bc8ae5c1dc2f',
    internetGatewayId: 'igw-056f3cc5d26966397',
    routeTableId: 'rtb-0a373dab96faaaa1c',
    subnets: [{ subnetId: 'subnet-0e083460fb50145ef' }],
  };
  const networks: Readonly<Record<string, object>> = {
    creating: { status: 'creating' },
    'creating, held': { status: 'creating', lock: held('start') },
    'creating, failed': { status: 'creating', lock: { quietUntil: 1_795_920_470_670 } },
    ready: { status: 'ready', ids },
    'deleting, complete': { status: 'deleting', before: 'ready', ids, lock: held('uninstall') },
    'deleting, incomplete': { status: 'deleting', before: 'creating', lock: held('uninstall') },
  };

  it('is expected here in every situation that was recorded', () => {
    expect(Object.keys(networks)).toEqual(Object.keys(former.networks));
  });

  it.each(Object.entries(networks))('%s: has its status, its ids and its lock', (situation, expected) => {
    expect(v.parse(RecordedNetwork, formerNetwork(situation))).toEqual({ format: 2, installation, ...expected });
  });
});

it('formerAttributes names every attribute of the first format that the current one does not have', () => {
  const items = [...Object.values(former.environments), ...Object.values(former.networks)];
  const attributes = new Set(items.flatMap((item) => Object.keys(item)));
  const records = [
    ...Object.values(former.environments).map((item) => v.parse(RecordedEnvironment, item)),
    ...Object.values(former.networks).map((item) => v.parse(RecordedNetwork, item)),
  ];
  const current = new Set([...records.flatMap((record) => Object.keys(record)), 'kind', 'id']);
  const gone = [...attributes].filter((name) => !current.has(name));
  // The status of an environment goes as well; that of a network stays.
  expect(new Set(formerAttributes)).toEqual(new Set([...gone, 'status']));
});
