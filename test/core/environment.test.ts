import { describe, expect, it } from 'vitest';
import { environmentsStillExist, Observed, powerFor, refuseFrom, requestOf, statusOf, Wanted } from '../../core/environment.ts';
import { RecodeError } from '../../core/errors.ts';
import type { Lock } from '../../core/lock.ts';
import { type EnvironmentOperationKind, kindsWith, operationKinds } from '../../core/operations.ts';
import { type EnvironmentStatus, environmentStatuses } from '../../core/status.ts';

const request = {
  instanceType: 't2.medium',
  volumeSize: 16,
  volumeType: 'gp2',
  allowCidrs: ['0.0.0.0/0'],
  publicKey: 'ssh-ed25519 AAAA',
} as const;
const asked = { ...request, allowCidrs: [...request.allowCidrs] };
const at = '2026-11-01T12:00:00.000Z';

describe('statusOf', () => {
  const states = ['none', 'pending', 'running', 'stopping', 'stopped', 'gone'] as const;
  const locks = ['free', 'quiet', 'start', 'stop', 'restart', 'move', 'rename', 'transfer', 'remove', 'uninstall'] as const;
  type Locks = Readonly<Record<(typeof locks)[number], EnvironmentStatus>>;

  /** The same status under every lock, unless said otherwise. */
  const always = (status: EnvironmentStatus, others: Partial<Locks> = {}): Locks => ({
    ...(Object.fromEntries(locks.map((lock) => [lock, status])) as Locks),
    ...others,
  });
  const held = {
    start: 'starting',
    stop: 'stopping',
    restart: 'starting',
    move: 'starting',
    transfer: 'stopping',
    remove: 'removing',
  } as const;
  const alive = {
    none: always('creating', { remove: 'removing' }),
    pending: always('starting', held),
    running: always('started', held),
    stopping: always('stopping', held),
    stopped: always('stopped', held),
    gone: always('gone', held),
  };
  const removed = Object.fromEntries(states.map((state) => [state, always('removing')])) as typeof alive;
  const expected: Record<Wanted['power'], typeof alive> = { on: alive, off: alive, removed };

  const lockOf = (lock: (typeof locks)[number]): { lock?: Lock } => {
    if (lock === 'free') return {};
    if (lock === 'quiet') return { lock: { quietUntil: 1 } };
    return { lock: { executionArn: 'arn:one', kind: lock, owner: 'alice', startedAt: at } };
  };
  const observedOf = (state: (typeof states)[number]): { observed?: Observed } =>
    state === 'none' ? {} : { observed: { instanceId: 'i-1', instanceType: 't2.medium', architecture: 'x86_64', state, at } };

  const table = Wanted.entries.power.options.flatMap((power) =>
    states.flatMap((state) => locks.map((lock) => [power, state, lock, expected[power][state][lock]] as const)),
  );

  it.each(table)('is, wanted %s, observed %s and %s: %s', (power, state, lock, status) => {
    expect(statusOf({ wanted: { ...asked, power }, ...observedOf(state), ...lockOf(lock) })).toBe(status);
  });

  it('is each of the statuses', () => {
    expect(new Set(table.map(([, , , status]) => status))).toEqual(new Set(environmentStatuses));
  });

  it('knows every state and every operation', () => {
    expect(states.slice(1)).toEqual(Observed.entries.state.options);
    expect(locks.slice(2)).toEqual(operationKinds);
  });
});

describe('powerFor', () => {
  it('is what an operation leaves an environment in', () => {
    const kinds = kindsWith({ on: 'environment' });
    expect(Object.fromEntries(kinds.map((kind) => [kind, powerFor(kind)]))).toEqual({
      start: 'on',
      stop: 'off',
      restart: 'on',
      move: 'on',
      rename: undefined,
      transfer: 'off',
      remove: 'removed',
    });
  });
});

describe('requestOf', () => {
  it('is what is wanted of the instance, whether it runs or not', () => {
    expect(requestOf({ wanted: { ...asked, power: 'off', stopAt: at } })).toEqual(asked);
  });
});

describe('refuseFrom', () => {
  const outcomes = (kind: EnvironmentOperationKind) =>
    environmentStatuses.map((status) => outcome(() => refuseFrom(status, kind, 'acme/api')));
  const outcome = (call: () => void) => {
    try {
      call();
      return 'admitted';
    } catch (error) {
      return error instanceof RecodeError ? error.name : error;
    }
  };
  const all = (refused: Partial<Record<EnvironmentStatus, string>>) => environmentStatuses.map((status) => refused[status] ?? 'admitted');

  it('refuses a start of what is to be removed', () => {
    expect(outcomes('start')).toEqual(all({ removing: 'EnvironmentBeingRemoved' }));
  });

  it('refuses a stop of what has nothing to stop yet, and of what is to be removed', () => {
    expect(outcomes('stop')).toEqual(all({ creating: 'EnvironmentNotFinished', removing: 'EnvironmentBeingRemoved' }));
  });

  it('refuses no remove', () => {
    expect(outcomes('remove')).toEqual(all({}));
  });

  it('names the environment', () => {
    expect(() => refuseFrom('removing', 'start', 'acme/api')).toThrow('The removal of acme/api started, but did not finish.');
    expect(() => refuseFrom('creating', 'stop', 'acme/api')).toThrow('The environment acme/api is creating: its first start failed.');
  });
});

describe('environmentsStillExist', () => {
  const many = (count: number) => Array.from({ length: count }, (_, number) => ({ owner: 'alice', repository: `acme/${number}` }));

  it('names the environments with their owners', () => {
    expect(environmentsStillExist([...many(1), { owner: 'bob', repository: 'acme/api' }])).toMatchObject({
      name: 'EnvironmentsStillExist',
      message: 'Environments still exist in this region: acme/0 of alice, acme/api of bob.',
    });
  });

  it('names no more than a person reads, and counts the others', () => {
    expect(environmentsStillExist(many(20)).message).toMatch(/, acme\/19 of alice\.$/);
    expect(environmentsStillExist(many(22)).message).toMatch(/, acme\/19 of alice, 2 more\.$/);
  });
});
