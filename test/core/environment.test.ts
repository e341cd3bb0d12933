import { describe, expect, it } from 'vitest';
import { type Environment, environmentsStillExist, refuseOtherRequest, statusDuring } from '../../core/environment.ts';
import { RecodeError } from '../../core/errors.ts';
import type { EnvironmentOperationKind } from '../../core/operations.ts';
import { environmentStatuses } from '../../core/status.ts';

const request = {
  instanceType: 't2.medium',
  volumeSize: 16,
  volumeType: 'gp2',
  allowCidrs: ['0.0.0.0/0'],
  publicKey: 'ssh-ed25519 AAAA',
} as const;
const instance = { instanceId: 'i-1', instanceType: 't2.medium', architecture: 'x86_64', hostKey: 'ssh-ed25519 BBBB' } as const;
const common = {
  uid: 'u',
  owner: 'alice',
  repository: 'acme/api',
  request: { ...request, allowCidrs: [...request.allowCidrs] },
  createdAt: '',
  updatedAt: '',
};
const environments: Environment[] = [
  { ...common, status: 'creating' },
  { ...common, status: 'starting', name: 'acme-api', instance },
  { ...common, status: 'started', name: 'acme-api', instance, publicIpAddress: '192.0.2.1' },
  { ...common, status: 'stopping', name: 'acme-api', instance },
  { ...common, status: 'stopped', name: 'acme-api', instance },
  { ...common, status: 'removing' },
];

describe('statusDuring', () => {
  const during = (kind: EnvironmentOperationKind) => environments.map((environment) => outcome(() => statusDuring(kind, environment)));
  const outcome = (call: () => string) => {
    try {
      return call();
    } catch (error) {
      return error instanceof RecodeError ? error.name : error;
    }
  };

  it('covers every status', () => {
    expect(environments.map(({ status }) => status)).toEqual(environmentStatuses);
  });

  it('of a start keeps what was never finished as creating, calls every other one starting, and refuses what is to be removed', () => {
    expect(during('start')).toEqual(['creating', 'starting', 'starting', 'starting', 'starting', 'EnvironmentBeingRemoved']);
  });

  it('of a stop refuses what has nothing to stop yet, and what is to be removed', () => {
    expect(during('stop')).toEqual(['EnvironmentNotFinished', 'stopping', 'stopping', 'stopping', 'stopping', 'EnvironmentBeingRemoved']);
  });

  it('of a remove takes every environment', () => {
    expect(during('remove')).toEqual(environments.map(() => 'removing'));
  });

  it('names the environment where it refuses', () => {
    expect(() => statusDuring('start', { ...common, status: 'removing' })).toThrow('The removal of acme/api started, but did not finish.');
    expect(() => statusDuring('stop', { ...common, status: 'creating' })).toThrow(
      'The environment acme/api is creating: its first start failed.',
    );
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

describe('refuseOtherRequest', () => {
  const { publicKey } = request;
  const existing = { ...request, allowCidrs: ['10.0.0.0/8', '203.0.113.7/32'] };

  it('takes what was not given, is the same, or may change', () => {
    refuseOtherRequest('acme/api', existing, { publicKey });
    refuseOtherRequest('acme/api', existing, { publicKey, instanceType: 't2.medium', volumeSize: 16, volumeType: 'gp2' });
    refuseOtherRequest('acme/api', existing, { publicKey, allowCidrs: ['192.0.2.0/24'], autoStop: { kind: 'never' } });
  });

  it.each([
    [{ instanceType: 'm4.large' }, '--instance-type t2.medium, not m4.large'],
    [{ volumeSize: 32 }, '--volume-size 16, not 32'],
    [{ volumeType: 'gp3' as const }, '--volume-type gp2, not gp3'],
  ])('names both values of %j', (given, expected) => {
    expect(() => refuseOtherRequest('acme/api', existing, { publicKey, ...given })).toThrow(expected);
  });

  it('refuses another key', () => {
    expect(() => refuseOtherRequest('acme/api', existing, { publicKey: 'ssh-ed25519 CCCC' })).toThrow(
      expect.objectContaining({ name: 'PrivateKeyNotHere' }),
    );
  });
});
