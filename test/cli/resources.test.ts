import { describe, expect, it } from 'vitest';
import { resourceRows, resourcesOf } from '../../cli/resources.ts';
import type { Environment } from '../../core/environment.ts';

const creating: Environment = {
  format: 2,
  uid: 'one',
  owner: 'alice',
  repository: 'acme/api',
  name: 'acme-api',
  wanted: {
    ...{ instanceType: 't2.medium', volumeSize: 16, volumeType: 'gp2', allowCidrs: ['0.0.0.0/0'], publicKey: 'ssh-ed25519 AAAA' },
    power: 'on',
  },
  createdAt: '2026-11-01T12:00:00Z',
  updatedAt: '2026-11-01T12:00:00Z',
};
const observed = {
  instanceId: 'i-1',
  instanceType: 't2.medium',
  architecture: 'x86_64',
  state: 'stopped',
  at: '2026-11-01T12:00:00Z',
} as const;

describe('resourcesOf', () => {
  it('names all resources of an environment, with the id of its instance', () => {
    expect(resourcesOf({ ...creating, observed })).toEqual([
      { kind: 'instance', name: 'recode-acme-api-instance', id: 'i-1' },
      { kind: 'volume', name: 'recode-acme-api-volume', id: null },
      { kind: 'network-interface', name: 'recode-acme-api-network-interface', id: null },
      { kind: 'key-pair', name: 'recode-acme-api-key-pair', id: null },
      { kind: 'security-group', name: 'recode-acme-api-security-group', id: null },
    ]);
  });

  it('finds nothing of an environment that has no name yet', () => {
    const { name, ...nameless } = creating;
    expect(resourcesOf(nameless)).toEqual([]);
  });
});

describe('resourceRows', () => {
  it('says in parentheses what is recorded', () => {
    const rows = resourceRows(creating);
    expect(rows.slice(0, 2)).toEqual([
      ['instance', 'recode-acme-api-instance'],
      ['volume', 'recode-acme-api-volume (16 GiB, gp2)'],
    ]);
  });
});
