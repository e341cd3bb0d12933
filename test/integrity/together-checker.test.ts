import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectInvariants, violations } from '../harness/invariants.ts';
import { type Inventory, inventory } from '../harness/inventory.ts';
import { type Hold, overlaps, type Past, pastExecutions } from '../harness/lock-history.ts';
import { deployedAws } from '../harness/workflows.ts';
import { enter, outcomeOf } from './together-race.ts';

let aws: TestAws;
let found: Inventory;
let past: readonly Past[];
beforeAll(async () => {
  aws = await deployedAws();
  expect(await outcomeOf(aws, await enter(aws, { kind: 'start' }))).toBe('succeeded');
  found = await inventory(aws);
  past = await pastExecutions(aws);
});
afterAll(() => aws.stop());

type Item = Readonly<Record<string, unknown>>;

/** The account with its items changed, by their kind; undefined takes one away. */
const withItem = (kind: string, change: (item: Item) => Item | undefined): Inventory => ({
  ...found,
  items: (found.items ?? []).flatMap((item) => (item.kind === kind ? (change(item) ?? []) : item)),
});
const withObserved = (changes: Item) =>
  withItem('environment', (item) => ({ ...item, observed: { ...(item.observed as Item), ...changes } }));
const operation = () => ({ executionArn: past[0]?.executionArn, kind: 'start', owner: 'alice', startedAt: '2026-11-22T00:00:00.000Z' });
const retagged = (key: string, value: string) => ({
  ...found,
  volumes: found.volumes.map((volume) => ({
    ...volume,
    Tags: volume.Tags?.map((tag) => (tag.Key === key ? { ...tag, Value: value } : tag)),
  })),
});

const broken: readonly (readonly [string, () => Inventory, RegExp])[] = [
  ['a resource without the record of its environment', () => withItem('environment', () => undefined), /^The instance i-.* has no record/],
  ['a network without its record', () => withItem('network', () => undefined), /^The vpc vpc-.* has no record of a network/],
  ['a record without its resource', () => ({ ...found, keyPairs: [] }), /^The environment alice\/acme\/api \(started\) has no key pair/],
  ['a network that lacks a part', () => ({ ...found, subnets: [] }), /^The network has the subnet subnet-.* and in fact none/],
  ['a twin', () => ({ ...found, securityGroups: [...found.securityGroups, ...found.securityGroups] }), /more than one security group/],
  ['a twin in the network', () => ({ ...found, vpcs: [...found.vpcs, { ...found.vpcs[0], VpcId: 'vpc-2' }] }), /vpc-.* in fact .*, vpc-2/],
  ['a resource without our tag', () => retagged('recode:managed-by', ''), /^vol-.* does not bear our tag/],
  ['a resource of another owner', () => retagged('recode:owner', 'bob'), /^The volume vol-.* has no record of its environment/],
  [
    'a claim without its environment',
    () => withItem('environment', () => undefined),
    /^The name acme-api is claimed for alice\/acme\/api, which has no record/,
  ],
  ['a claim of an earlier environment', () => withItem('name', (item) => ({ ...item, uid: 'another' })), /an earlier environment/],
  ['an environment without its claim', () => withItem('name', () => undefined), /has not claimed its name acme-api/],
  ['another claim', () => withItem('name', (item) => ({ ...item, id: 'acme-web' })), /^The name acme-web is claimed .* called acme-api/],
  [
    'a name that its resources do not have',
    () => withItem('environment', (item) => ({ ...item, name: 'acme-web' })),
    /^The security group .*\(recode-acme-api-security-group\) has no record/,
  ],
  [
    'two of one name',
    () => ({ ...found, items: [...(found.items ?? []), ...(found.items ?? []).map((item) => ({ ...item, uid: 'another' }))] }),
    /^Two environments have the name acme-api/,
  ],
  ['one of two owners', () => ({ ...found, items: [...(found.items ?? []), ...(found.items ?? [])] }), /^Two owners have the environment/],
  ['a stopped one that runs', () => withObserved({ state: 'stopped' }), /\(stopped\) has an instance that is running/],
  ['another address', () => withObserved({ publicIpAddress: '203.0.113.7' }), /has the address 203\.0\.113\.7 by its record/],
  [
    'a lock that was left behind',
    () => withItem('environment', (item) => ({ ...item, lock: operation() })),
    /is still held by the start \w{8} of alice/,
  ],
  [
    'a network that is still held',
    () => withItem('network', (item) => ({ ...item, lock: operation() })),
    /^The network is still held by the start/,
  ],
  [
    'a network on its way out',
    () => withItem('network', (item) => ({ ...item, status: 'deleting', before: 'ready' })),
    /deleted by nobody/,
  ],
  ['an unfinished one that does not say why', () => withObserved({ state: 'stopping' }), /does not say why/],
];

describe('the checker of invariants', () => {
  it('finds nothing in an account where all is well', async () => {
    await expectInvariants(aws);
    expect(violations(found, past)).toEqual([]);
  });

  it.each(broken)('finds %s, and says with whom', (_title, breakIt, sentence) => {
    expect(violations(breakIt(), past)).toContainEqual(expect.stringMatching(sentence));
  });

  it('leaves alone what is somebody else’s', () => {
    const theirs = new Set(found.volumes.flatMap(({ VolumeId }) => VolumeId ?? []));
    expect(violations(retagged('recode:managed-by', ''), past, theirs)).not.toContainEqual(expect.stringContaining('our tag'));
  });
});

describe('the checker of locks', () => {
  const hold = (who: string, from: number, to: number, rest: Partial<Hold> = {}): Past => {
    const holds = [{ what: 'alice/acme/api', who, from, to, quiet: 0, ...rest }];
    return { executionArn: who, kind: 'start', status: 'SUCCEEDED', holds };
  };

  it('sees who took what another held', () => {
    expect(overlaps([hold('stop 1', 0, 10_000), hold('remove 2', 5_000, 20_000)])).toEqual([
      'remove 2 took alice/acme/api from stop 1 (alice/acme/api) while it held it.',
    ]);
    expect(overlaps([hold('stop 1', 0, 10_000), hold('remove 2', 10_000, 20_000)])).toEqual([]);
    expect(overlaps([hold('stop 1', 0, 10_000), hold('remove 2', 5_000, 20_000, { what: 'bob/acme/api' })])).toEqual([]);
  });

  it('sees who came while the last Lambda of the one before could still be at work', () => {
    const killed = hold('stop 1', 0, 10_000, { quiet: 35_000 });
    expect(overlaps([killed, hold('remove 2', 30_000, 50_000)])).toEqual([
      'remove 2 took alice/acme/api from stop 1 (alice/acme/api) 20 s after it closed.',
    ]);
    expect(overlaps([killed, hold('remove 2', 45_000, 50_000)])).toEqual([]);
  });

  it('sees an environment that is held while the network is deleted', () => {
    const uninstall = hold('uninstall 1', 0, 10_000, { what: 'everything' });
    expect(overlaps([uninstall, hold('start 2', 5_000, 6_000)])).toEqual([
      'start 2 took alice/acme/api from uninstall 1 (everything) while it held it.',
    ]);
    expect(overlaps([uninstall, hold('start 2', 5_000, 6_000, { what: 'the network' })])).toEqual([]);
  });

  it('reads from the histories of executions what they held', async () => {
    expect(past.map(({ kind, status, holds }) => ({ kind, status, whats: holds.map(({ what }) => what) }))).toEqual([
      { kind: 'start', status: 'SUCCEEDED', whats: ['alice/acme/api', 'the network'] },
    ]);
    for (const { from, to } of past[0]?.holds ?? []) expect(to).toBeGreaterThan(from);
  });
});
