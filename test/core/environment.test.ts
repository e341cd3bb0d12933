import { describe, expect, it } from 'vitest';
import { type Environment, refuseOtherRequest, statusDuring } from '../../core/environment.ts';

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

describe('statusDuring a start', () => {
  it('keeps what was never finished as creating, and calls every other one starting', () => {
    const statuses = environments.filter(({ status }) => status !== 'removing').map((environment) => statusDuring('start', environment));
    expect(statuses).toEqual(['creating', 'starting', 'starting', 'starting', 'starting']);
  });

  it('refuses one whose removal began', () => {
    expect(() => statusDuring('start', { ...common, status: 'removing' })).toThrow(
      expect.objectContaining({ name: 'EnvironmentBeingRemoved' }),
    );
  });
});

describe('refuseOtherRequest', () => {
  const { publicKey } = request;
  const existing = { ...request, allowCidrs: ['10.0.0.0/8', '203.0.113.7/32'] };

  it('takes what was not given, or is the same in another order', () => {
    refuseOtherRequest('acme/api', existing, { publicKey });
    refuseOtherRequest('acme/api', existing, { publicKey, instanceType: 't2.medium', allowCidrs: ['203.0.113.7/32', '10.0.0.0/8'] });
  });

  it.each([
    [{ instanceType: 'm4.large' }, '--instance-type t2.medium, not m4.large'],
    [{ volumeSize: 32 }, '--volume-size 16, not 32'],
    [{ volumeType: 'gp3' as const }, '--volume-type gp2, not gp3'],
    [{ allowCidrs: ['0.0.0.0/0'] }, '--allow-cidr 10.0.0.0/8, 203.0.113.7/32, not 0.0.0.0/0'],
  ])('names both values of %j', (given, expected) => {
    expect(() => refuseOtherRequest('acme/api', existing, { publicKey, ...given })).toThrow(expected);
  });

  it('refuses another key', () => {
    expect(() => refuseOtherRequest('acme/api', existing, { publicKey: 'ssh-ed25519 CCCC' })).toThrow(
      expect.objectContaining({ name: 'PrivateKeyNotHere' }),
    );
  });
});
