import { describe, expect, it } from 'vitest';
import type { Finding } from '../../core/finding.ts';
import { deadNetworkLock, networkFindings, repairable, type SeenNetwork } from '../../core/network-drift.ts';
import { managedBy } from '../../core/tags.ts';
import { operationOf, readyNetwork } from '../functions/documents.ts';

const now = Date.parse('2026-01-02T00:00:00Z');
const ours = [managedBy];
const vpc = { id: 'vpc-1', tags: ours, hasNames: true };
const gateway = { id: 'igw-1', tags: ours, vpcId: 'vpc-1' };
const subnet = { id: 'subnet-1', tags: ours, vpcId: 'vpc-1', isPublic: true };
const table = { id: 'rtb-1', tags: ours, vpcId: 'vpc-1', subnetIds: ['subnet-1'], isMain: false, target: 'igw-1', isBlackhole: false };
const all: SeenNetwork = { vpcs: [vpc], gateways: [gateway], subnets: [subnet], tables: [table] };

const find = (seen: Partial<SeenNetwork> = {}) => networkFindings(readyNetwork({}), { ...all, ...seen }, now);
const shown = (findings: readonly Finding[]) =>
  findings.map(({ kind, subject, id, fix, deletable, advice }) => [kind, subject, id, fix ?? (deletable ? 'delete' : advice)]);

describe('networkFindings', () => {
  it('finds nothing where the record agrees with EC2', () => {
    expect(find()).toEqual([]);
  });

  it('looks at no network that a start still completes, or an uninstall deletes', () => {
    for (const status of ['creating', 'deleting'] as const) {
      expect(
        networkFindings({ format: 2, installation: 'one', status } as never, { vpcs: [], gateways: [], subnets: [], tables: [] }, now),
      ).toEqual([]);
    }
  });

  const foreign = { tags: [] };
  it.each<[string, Partial<SeenNetwork>, unknown[][]]>([
    ['no VPC', { vpcs: [] }, [['missing', 'VPC', 'vpc-1', 'reopen']]],
    ['no subnet', { subnets: [] }, [['missing', 'subnet', 'subnet-1', 'reopen']]],
    ['a VPC without names', { vpcs: [{ ...vpc, hasNames: false }] }, [['differs', 'VPC', 'vpc-1', 'repair']]],
    [
      'no gateway',
      { gateways: [], tables: [{ ...table, isBlackhole: true }] },
      [
        ['missing', 'internet gateway', 'igw-1', 'repair'],
        ['differs', 'route table', 'rtb-1', 'repair'],
      ],
    ],
    ['a detached gateway', { gateways: [{ ...gateway, vpcId: undefined }] }, [['differs', 'internet gateway', 'igw-1', 'repair']]],
    ['a gateway of another VPC', { gateways: [{ ...gateway, vpcId: 'vpc-9' }] }, [['differs', 'internet gateway', 'igw-1', 'by hand']]],
    [
      "somebody's gateway in its place",
      {
        gateways: [
          { ...gateway, vpcId: undefined },
          { ...gateway, ...foreign, id: 'igw-9' },
        ],
      },
      [
        ['differs', 'VPC', 'vpc-1', 'by hand'],
        ['differs', 'route table', 'rtb-1', 'by hand'],
      ],
    ],
    [
      'no route table',
      { tables: [] },
      [
        ['missing', 'route table', 'rtb-1', 'repair'],
        ['differs', 'subnet', 'subnet-1', 'repair'],
      ],
    ],
    ['no route', { tables: [{ ...table, target: undefined }] }, [['differs', 'route table', 'rtb-1', 'repair']]],
    ['a route elsewhere', { tables: [{ ...table, target: 'nat-9' }] }, [['differs', 'route table', 'rtb-1', 'by hand']]],
    [
      "a subnet of somebody's table",
      {
        tables: [
          { ...table, subnetIds: [] },
          { ...table, ...foreign, id: 'rtb-9' },
        ],
      },
      [['differs', 'subnet', 'subnet-1', 'by hand']],
    ],
    ['a subnet without a table', { tables: [{ ...table, subnetIds: [] }] }, [['differs', 'subnet', 'subnet-1', 'repair']]],
    ['a subnet without addresses', { subnets: [{ ...subnet, isPublic: false }] }, [['differs', 'subnet', 'subnet-1', 'repair']]],
    ['a second VPC', { vpcs: [vpc, { ...vpc, id: 'vpc-2' }] }, [['duplicate', 'VPC', 'vpc-2', 'delete']]],
    [
      'a second gateway',
      { gateways: [gateway, { ...gateway, id: 'igw-2', vpcId: undefined }] },
      [['duplicate', 'internet gateway', 'igw-2', 'delete']],
    ],
    [
      'a subnet of a second VPC',
      { subnets: [subnet, { ...subnet, id: 'subnet-2', vpcId: 'vpc-2' }] },
      [['duplicate', 'subnet', 'subnet-2', 'delete']],
    ],
    ['a second table', { tables: [table, { ...table, id: 'rtb-2', subnetIds: [] }] }, [['duplicate', 'route table', 'rtb-2', 'delete']]],
  ])('names %s, and says what to do', (_, seen, expected) => {
    expect(shown(find(seen))).toEqual(expected);
  });

  it("leaves alone further subnets, tables in use, and other people's resources", () => {
    const others = {
      vpcs: [vpc, { ...vpc, ...foreign, id: 'vpc-9' }],
      gateways: [gateway, { ...gateway, ...foreign, id: 'igw-9', vpcId: 'vpc-9' }],
      subnets: [subnet, { ...subnet, id: 'subnet-2' }, { ...subnet, ...foreign, id: 'subnet-9', isPublic: false }],
      tables: [
        { ...table, subnetIds: ['subnet-1', 'subnet-2'] },
        { ...table, ...foreign, id: 'rtb-9', subnetIds: ['subnet-9'], target: undefined },
      ],
    };
    expect(find(others)).toEqual([]);
  });

  it.each([
    ['the VPC', { vpcs: [{ ...vpc, ...foreign }] }, 'VPC'],
    ['the first subnet', { subnets: [{ ...subnet, ...foreign }] }, 'subnet'],
  ])('offers no repair while %s has lost its tag, which a start would not find', (_, seen, subject) => {
    const findings = find({ ...seen, tables: [{ ...table, target: undefined }] });
    expect(shown(findings)).toEqual([
      ['differs', subject, expect.any(String), 'by hand'],
      ['differs', 'route table', 'rtb-1', 'by hand'],
    ]);
    expect(findings[0]?.problem).toContain('recode:managed-by=recode. Add it in EC2');
  });

  it('finds the parts of a network without a record, which a repair or the next start records', () => {
    expect(networkFindings(undefined, all, now).map(({ kind, fix }) => [kind, fix])).toEqual(Array(4).fill(['orphan', 'repair']));
    expect(shown(networkFindings(undefined, { ...all, vpcs: [] }, now)).map(([, , , what]) => what)).toEqual(Array(3).fill('start'));
  });
});

describe('repairable', () => {
  it('is what is on record, or has the tags, if both are there and ours', () => {
    const both = { vpcId: 'vpc-1', subnetId: 'subnet-1' };
    expect(repairable(readyNetwork({}), all)).toEqual(both);
    expect(repairable(undefined, all)).toEqual(both);
    expect(repairable(undefined, { ...all, vpcs: [] })).toBeUndefined();
    expect(repairable(readyNetwork({ subnetId: 'subnet-7' }), all)).toBeUndefined();
  });
});

it('deadNetworkLock names the operation that has ended', () => {
  expect(deadNetworkLock(operationOf('dead', 'uninstall'))).toMatchObject({ subject: 'lock', id: 'network', fix: 'release' });
});
