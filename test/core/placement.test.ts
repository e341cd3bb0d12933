import { describe, expect, it } from 'vitest';
import { overlap } from '../../core/cidr.ts';
import { mostSubnets, publicSubnet } from '../../core/names.ts';
import { type KnownSubnet, type Need, nextPlacement, subnetToTry } from '../../core/placement.ts';
import { numbers } from './histories.ts';

const zones = ['a', 'b', 'c'];

const subnet = (number: number, fields: Partial<KnownSubnet> = {}): KnownSubnet => ({
  subnetId: `subnet-${number}`,
  cidr: publicSubnet(number).cidr,
  zone: 'a',
  free: 251,
  ours: true,
  isPublic: true,
  ...fields,
});
const full = { free: 0 };
const numbersTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);
const anywhere: Need = { offered: zones };

describe('publicSubnet', () => {
  it('gives the first subnet its own name, and the others numbers', () => {
    expect([1, 2, mostSubnets].map(publicSubnet)).toEqual([
      { name: 'recode-public-subnet', cidr: '10.0.0.0/24' },
      { name: 'recode-public-subnet-2', cidr: '10.0.1.0/24' },
      { name: 'recode-public-subnet-255', cidr: '10.0.254.0/24' },
    ]);
  });

  it('gives each its own block', () => {
    const blocks = numbersTo(mostSubnets).map((number) => publicSubnet(number).cidr);
    expect(new Set(blocks).size).toBe(mostSubnets);
    for (const block of blocks) expect(overlap(block, '10.0.0.0/16')).toBe(true);
  });
});

describe('the subnet that a new instance tries first', () => {
  it.each<[string, number | undefined, KnownSubnet[], Need]>([
    ['is the first one', 1, [subnet(2), subnet(1)], anywhere],
    ['has a free address', 3, [subnet(1, full), subnet(3), subnet(2, full)], anywhere],
    ['is in a zone that offers the type', 2, [subnet(1), subnet(2, { zone: 'b' })], { offered: ['b', 'c'] }],
    ['is in any zone if nobody has asked which offer the type', 1, [subnet(1)], { offered: [] }],
    ['is finished', 3, [subnet(1, full), subnet(2, { isPublic: false }), subnet(3)], anywhere],
    ['is Recode’s', 2, [subnet(1, { ours: false }), subnet(2)], anywhere],
    ['has a block of its own', 2, [subnet(1, { cidr: '10.0.0.0/25' }), subnet(2)], anywhere],
    ['is none without a subnet', undefined, [], anywhere],
    ['is none if all are full', undefined, [subnet(1, full), subnet(2, full)], anywhere],
    ['is none if no zone offers the type', undefined, [subnet(1)], { offered: ['b'] }],
  ])('%s', (_, number, subnets, need) => {
    expect(subnetToTry(subnets, need)?.subnetId).toBe(number && `subnet-${number}`);
  });
});

describe('where a new instance goes that the subnet it tried cannot take', () => {
  const use = (number: number) => ({ action: 'use', subnet: { subnetId: `subnet-${number}` } });
  const create = (number: number, zone: string) => ({ action: 'create', ...publicSubnet(number), zone });

  it.each<[string, object, KnownSubnet[], Need]>([
    ['to the next subnet with a free address', use(2), [subnet(1, full), subnet(2)], anywhere],
    ['not to one that EC2 has just found full', use(2), [subnet(1), subnet(2)], { ...anywhere, full: ['subnet-1'] }],
    ['to one that a crash left unfinished', use(2), [subnet(1, full), subnet(2, { isPublic: false })], anywhere],
    ['to a new one if all are full, in the zone with the fewest', create(2, 'b'), [subnet(1, full)], anywhere],
    ['to a new one in the only zone that offers the type', create(2, 'a'), [subnet(1, full)], { offered: ['a'] }],
    ['to a new one if no zone of the others offers the type', create(2, 'c'), [subnet(1)], { offered: ['c'] }],
    ['to a subnet in another zone', use(2), [subnet(1), subnet(2, { zone: 'b' })], { ...anywhere, withoutCapacity: ['a'] }],
    ['to a new one in another zone', create(3, 'c'), [subnet(1), subnet(2, { zone: 'b' })], { ...anywhere, withoutCapacity: ['a', 'b'] }],
    ['to a new one in the lowest free block', create(2, 'b'), [subnet(1, full), subnet(3, full)], anywhere],
    [
      'to a block that nobody else has',
      create(4, 'b'),
      [subnet(1, full), subnet(2, { ours: false, cidr: '10.0.0.0/23' }), subnet(3, { ours: false })],
      anywhere,
    ],
    ['nowhere if no zone is left', { action: 'no-zone' }, [subnet(1)], { ...anywhere, withoutCapacity: zones }],
    ['nowhere if the zones that offer the type are not available', { action: 'no-zone' }, [subnet(1, full)], { offered: ['z'] }],
    ['nowhere if no block is left', { action: 'no-block' }, numbersTo(255).map((number) => subnet(number, full)), anywhere],
    ['to the last block', create(255, 'b'), numbersTo(254).map((number) => subnet(number, full)), anywhere],
  ])('is %s', (_, expected, subnets, need) => {
    expect(nextPlacement(subnets, zones, need)).toMatchObject(expected);
  });

  // Each seed draws which zones offer the type, which lack capacity, and how many addresses a subnet has.
  it('leads from refusal to refusal to an end, whatever is refused', () => {
    for (const seed of numbersTo(50)) {
      const draw = numbers(seed);
      const some = (of: readonly string[]) => of.filter(() => draw() < 0.6);
      const need = { offered: some(zones), withoutCapacity: [] as string[], full: [] as string[] };
      const lacking = some(zones);
      const most = Math.floor(draw() * 260);
      const subnets: KnownSubnet[] = [];
      const taken: string[] = [];
      for (let attempt = 0; ; attempt += 1) {
        expect(attempt, `seed ${seed}`).toBeLessThan(2 * mostSubnets);
        const placement = nextPlacement(subnets, zones, need);
        if (placement.action === 'create') {
          expect(subnets.map(({ cidr }) => cidr)).not.toContain(placement.cidr);
          subnets.push(subnet(Number(placement.cidr.split('.')[2]) + 1, { zone: placement.zone }));
          continue;
        }
        if (placement.action !== 'use') {
          const left = zones.filter((zone) => (need.offered.length === 0 || need.offered.includes(zone)) && !lacking.includes(zone));
          if (placement.action === 'no-zone') expect(left, `seed ${seed}`).toEqual([]);
          else expect(subnets, `seed ${seed}`).toHaveLength(mostSubnets - 1);
          break;
        }
        const { subnetId, zone } = placement.subnet;
        expect(need.full).not.toContain(subnetId);
        expect(need.withoutCapacity).not.toContain(zone);
        expect(need.offered.length === 0 || need.offered.includes(zone)).toBe(true);
        if (taken.length < most) {
          taken.push(subnetId);
          need.full.push(subnetId);
        } else if (lacking.includes(zone)) need.withoutCapacity.push(zone);
        else break;
      }
    }
  });
});
