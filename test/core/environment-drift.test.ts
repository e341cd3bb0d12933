import { describe, expect, it } from 'vitest';
import type { Environment } from '../../core/environment.ts';
import {
  deadLock,
  environmentFindings,
  orphanFinding,
  type Seen,
  type SeenInstance,
  type SeenVolume,
  servingOf,
} from '../../core/environment-drift.ts';
import type { Finding } from '../../core/finding.ts';
import { belongingTags } from '../../core/tags.ts';
import { operationOf, request } from '../functions/documents.ts';

const now = Date.parse('2026-01-02T00:00:00Z');
const yesterday = now - 86_400_000;
const context = { now, settings: { autoStop: { kind: 'never' }, longestRun: undefined } } as const;
const alices = { name: 'acme-api', owner: 'alice', repository: 'acme/api' };
const hostKey = 'ssh-ed25519 AAAA';

const record: Environment = {
  format: 2,
  uid: 'uid-1',
  ...alices,
  wanted: { ...request, power: 'on' },
  observed: {
    instanceId: 'i-1',
    instanceType: 't2.medium',
    architecture: 'x86_64',
    hostKey,
    state: 'running',
    publicIpAddress: '203.0.113.7',
    at: '2026-01-01T00:00:00.000Z',
  },
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
};
const tags = belongingTags(alices);
const instance: SeenInstance = {
  id: 'i-1',
  tags: [...tags, { Key: 'recode:ssh-host-key', Value: hostKey }],
  createdAt: yesterday,
  state: 'running',
  instanceType: 't2.medium',
  publicIpAddress: '203.0.113.7',
  groupIds: ['sg-1'],
  interfaceId: 'eni-1',
  rootVolumeId: 'vol-1',
  troubles: [],
};
const volume: SeenVolume = { id: 'vol-1', tags, createdAt: yesterday, size: 16, type: 'gp2', instanceId: 'i-1' };
const group = { id: 'sg-1', tags, name: 'recode-acme-api-security-group', blocks: ['0.0.0.0/0'], admitsOthers: false };
const all: Seen = {
  instances: [instance],
  volumes: [volume],
  interfaces: [{ id: 'eni-1', tags, createdAt: yesterday, instanceId: 'i-1' }],
  groups: [group],
  keyPairs: [{ id: 'key-1', tags, createdAt: yesterday, name: 'recode-acme-api-key-pair' }],
};

const find = (seen: Partial<Seen> = {}, environment: Partial<Environment> = {}, claimed = true) =>
  environmentFindings({ ...record, ...environment }, claimed, { ...all, ...seen }, context);
/** What is found, and what can be done about it. */
const shown = (findings: readonly Finding[]) =>
  findings.map(({ kind, subject, id, fix, deletable, advice }) => [kind, subject, id, fix ?? (deletable ? 'delete' : advice)]);

describe('environmentFindings', () => {
  it('finds nothing where the record agrees with EC2', () => {
    expect(find()).toEqual([]);
  });

  it('looks at no environment that has no name yet, or is being removed', () => {
    const { name: _, ...nameless } = record;
    expect(environmentFindings(nameless, false, { ...all, instances: [] }, context)).toEqual([]);
    expect(find({ instances: [] }, { wanted: { ...record.wanted, power: 'removed' } }, false)).toEqual([]);
  });

  it('is about the environment that it was found at', () => {
    expect(find({}, {}, false)).toEqual([
      {
        kind: 'missing',
        subject: 'name',
        id: 'acme-api',
        owner: 'alice',
        repository: 'acme/api',
        problem: 'The environment has no claim on its name.',
        fix: 'claim',
      },
    ]);
  });

  it.each<[string, Partial<Seen>, Partial<Environment>, unknown[]]>([
    ['no instance', { instances: [], volumes: [], interfaces: [] }, {}, ['missing', 'instance', 'i-1', 'observe']],
    [
      'a terminated instance',
      { instances: [{ ...instance, state: 'terminated' }], volumes: [] },
      {},
      ['missing', 'instance', 'i-1', 'observe'],
    ],
    [
      'another state',
      { instances: [{ ...instance, state: 'stopped', publicIpAddress: undefined }] },
      {},
      ['stale', 'record', 'alice/acme/api', 'observe'],
    ],
    [
      'another address',
      { instances: [{ ...instance, publicIpAddress: '203.0.113.8' }] },
      {},
      ['stale', 'record', 'alice/acme/api', 'observe'],
    ],
    [
      'a time to stop that passed an hour ago',
      {},
      { wanted: { ...record.wanted, stopAt: new Date(now - 3_600_001).toISOString() } },
      ['stale', 'record', 'alice/acme/api', 'stop'],
    ],
    ['another type', { instances: [{ ...instance, instanceType: 't3.large' }] }, {}, ['differs', 'instance', 'i-1', 'adopt']],
    ['a larger volume', { volumes: [{ ...volume, size: 20 }] }, {}, ['differs', 'volume', 'vol-1', 'adopt']],
    [
      'a volume of a type that Recode does not have',
      { volumes: [{ ...volume, type: 'io2' }] },
      {},
      ['differs', 'volume', 'vol-1', 'by hand'],
    ],
    [
      'an unfinished change of the type',
      { instances: [{ ...instance, instanceType: 't3.large' }] },
      { changing: true },
      ['differs', 'instance', 'i-1', 'start'],
    ],
    [
      'an unfinished change of the volume',
      { volumes: [{ ...volume, size: 20 }] },
      { changing: true },
      ['differs', 'volume', 'vol-1', 'start'],
    ],
    ['no root volume', { volumes: [] }, {}, ['missing', 'volume', 'vol-1', 'by hand']],
    ['a block less', { groups: [{ ...group, blocks: [] }] }, {}, ['differs', 'security group', 'sg-1', 'allow-ssh']],
    [
      'a block more',
      { groups: [{ ...group, blocks: ['0.0.0.0/0', '203.0.113.0/24'] }] },
      {},
      ['differs', 'security group', 'sg-1', 'allow-ssh'],
    ],
    ['a rule that is no block', { groups: [{ ...group, admitsOthers: true }] }, {}, ['differs', 'security group', 'sg-1', 'allow-ssh']],
    ['an instance outside the group', { instances: [{ ...instance, groupIds: [] }] }, {}, ['differs', 'security group', 'sg-1', 'by hand']],
    ['no group', { groups: [] }, {}, ['missing', 'security group', 'recode-acme-api-security-group', 'by hand']],
    ['no key pair', { keyPairs: [] }, {}, ['missing', 'key pair', 'recode-acme-api-key-pair', 'import-key']],
    ['AWS plans something', { instances: [{ ...instance, troubles: ['It fails.'] }] }, {}, ['differs', 'instance', 'i-1', 'restart']],
    ['a second instance', { instances: [instance, { ...instance, id: 'i-2' }] }, {}, ['duplicate', 'instance', 'i-2', 'delete']],
    [
      'a volume that nothing uses',
      { volumes: [volume, { ...volume, id: 'vol-2', instanceId: undefined }] },
      {},
      ['orphan', 'volume', 'vol-2', 'delete'],
    ],
    [
      'a free interface',
      { interfaces: [...all.interfaces, { id: 'eni-2', tags, createdAt: yesterday, instanceId: undefined }] },
      {},
      ['duplicate', 'network interface', 'eni-2', 'delete'],
    ],
    [
      'a group of another name',
      { groups: [group, { ...group, id: 'sg-2', name: 'other' }] },
      {},
      ['duplicate', 'security group', 'sg-2', 'delete'],
    ],
    [
      'a key pair of another name',
      { keyPairs: [...all.keyPairs, { id: 'key-2', tags, name: 'other' }] },
      {},
      ['duplicate', 'key pair', 'key-2', 'delete'],
    ],
  ])('names %s, and says what to do', (_, seen, environment, expected) => {
    expect(shown(find(seen, environment))).toEqual([expected]);
  });

  it('names each resource that its instance uses and that has lost its tags, with what to add', () => {
    const untagged = {
      instances: [{ ...instance, tags: [] }],
      volumes: [{ ...volume, tags: [] }],
      interfaces: all.interfaces.map((each) => ({ ...each, tags: [] })),
      groups: [{ ...group, tags: tags.slice(1) }],
      keyPairs: all.keyPairs.map((each) => ({ ...each, tags: [] })),
    };
    const findings = find(untagged);
    expect(findings.map(({ kind, subject, advice }) => [kind, subject, advice])).toEqual(
      ['instance', 'volume', 'network interface', 'security group', 'key pair'].map((subject) => ['differs', subject, 'by hand']),
    );
    expect(findings[3]?.problem).toBe(
      'It has lost the tag recode:managed-by=recode. Add it in EC2: functions may tag only what they create.',
    );
    expect(findings[0]?.problem).toContain(`recode:ssh-host-key=${hostKey}`);
  });

  it('leaves alone what is young, or has only some of the tags, or belongs to somebody else', () => {
    const young = { createdAt: now - 60_000 };
    const bobs = belongingTags({ ...alices, owner: 'bob' });
    const volumes = [young, { tags: tags.slice(1) }, { tags: bobs }].map((more, index) => ({
      ...volume,
      instanceId: undefined,
      ...more,
      id: `vol-${index + 2}`,
    }));
    expect(find({ volumes: [volume, ...volumes], instances: [instance, { ...instance, ...young, id: 'i-2' }] })).toEqual([]);
    expect(
      find({ volumes: [volume, { ...volume, id: 'vol-2', instanceId: undefined }] }, { createdAt: new Date(now).toISOString() }),
    ).toEqual([]);
  });

  it('leaves one free interface to the next start of an environment without an instance', () => {
    const free = ['eni-1', 'eni-2'].map((id) => ({ id, tags, createdAt: yesterday, instanceId: undefined }));
    const { observed: _, ...unobserved } = record;
    const seen = { instances: [], volumes: [], interfaces: free, groups: [], keyPairs: [] };
    expect(shown(environmentFindings(unobserved, true, seen, context))).toEqual([['duplicate', 'network interface', 'eni-2', 'delete']]);
  });
});

describe('servingOf', () => {
  it('is the one that runs, and the first of those', () => {
    const stopped = { ...instance, id: 'i-0', state: 'stopped' } as const;
    expect(servingOf([stopped, instance, { ...instance, id: 'i-2' }])?.id).toBe('i-1');
    expect(servingOf([stopped])?.id).toBe('i-0');
    expect(servingOf([{ ...instance, state: 'terminated' }])).toBeUndefined();
  });
});

describe('orphanFinding', () => {
  const tagged = { ...volume, subject: 'volume' } as const;
  it('names what has no record, and stops an instance that runs', () => {
    expect(orphanFinding(tagged, undefined, now)).toMatchObject({ kind: 'orphan', owner: 'alice', deletable: true });
    expect(orphanFinding({ ...instance, subject: 'instance' }, undefined, now)).toMatchObject({ fix: 'stop', deletable: true });
    expect(orphanFinding({ ...instance, state: 'stopped', subject: 'instance' }, undefined, now)).not.toHaveProperty('fix');
  });
  it('names what has another name than its environment', () => {
    const found = orphanFinding(tagged, { ...record, name: 'other' }, now);
    expect(found).toMatchObject({ deletable: true, problem: 'The environment is called other, not acme-api.' });
  });
  it('leaves to a person what does not say whose it is', () => {
    expect(orphanFinding({ ...tagged, tags: tags.slice(0, 1) }, undefined, now)).toMatchObject({ advice: 'by hand' });
    expect(orphanFinding({ ...tagged, tags: tags.slice(0, 1) }, undefined, now)).not.toHaveProperty('deletable');
  });
  it('is nothing that is young, or that its environment has, may still use, or an operation works on', () => {
    const { name: _, ...nameless } = record;
    expect(orphanFinding({ ...tagged, createdAt: now - 1 }, undefined, now)).toBeUndefined();
    expect(orphanFinding(tagged, record, now)).toBeUndefined();
    // A start that failed before it claimed a name, after the table was lost: its repetition adopts what has its tags.
    expect(orphanFinding(tagged, nameless, now)).toBeUndefined();
    expect(orphanFinding(tagged, { ...record, name: 'other', lock: operationOf('one') }, now)).toBeUndefined();
    expect(orphanFinding({ ...tagged, id: 'i-1' }, { ...record, name: 'other' }, now)).toBeUndefined();
  });
});

it('deadLock names the operation that has ended', () => {
  expect(deadLock({ ...record, lock: operationOf('dead', 'stop') })).toEqual({
    kind: 'stale',
    subject: 'lock',
    id: 'alice/acme/api',
    owner: 'alice',
    repository: 'acme/api',
    problem: 'The stop that locked it has ended without releasing the lock.',
    fix: 'release',
  });
});
