import { overlap } from './cidr.ts';
import { mostSubnets, publicSubnet } from './names.ts';

/** A subnet of the VPC, as EC2 shows it. */
export interface KnownSubnet {
  readonly subnetId: string;
  readonly cidr: string;
  readonly zone: string;
  /** How many addresses are free. EC2 reserves five of each subnet, and a stopped instance keeps its own. */
  readonly free: number;
  /** Whether it has Recode's tag. */
  readonly ours: boolean;
  /** Whether it gives its instances public addresses, which is the last thing that a new subnet gets. */
  readonly isPublic: boolean;
}

/** What a new instance needs of its subnet. */
export interface Need {
  /** The zones that offer its type. Empty if that is not known: EC2 refuses the launch then. */
  readonly offered: readonly string[];
  /** The zones in which EC2 had no capacity for it. */
  readonly withoutCapacity?: readonly string[];
  /** The IDs of the subnets in which EC2 had no free address, whatever number it shows. */
  readonly full?: readonly string[];
}

/** Where a new instance can go. */
export type Placement =
  | { readonly action: 'use'; readonly subnet: KnownSubnet }
  | { readonly action: 'create'; readonly name: string; readonly cidr: string; readonly zone: string }
  /** No zone is left that offers the type and may have capacity. */
  | { readonly action: 'no-zone' }
  /** The VPC has no block left for another subnet. */
  | { readonly action: 'no-block' };

/** The finished subnet that a new instance tries first: of those that fit, the one with the lowest number. Undefined if none fits. */
export function subnetToTry(subnets: readonly KnownSubnet[], need: Need): KnownSubnet | undefined {
  return numbered(subnets).find(({ subnet }) => subnet.isPublic && fits(subnet, need))?.subnet;
}

/**
 * Where a new instance goes that cannot go to the subnet it tried: to the existing subnet with the lowest number that fits, or to a new one. A
 * new one takes the first free block, in the zone that has the fewest of Recode's subnets.
 *
 * @param subnets all subnets of the VPC: a block may be someone else's
 * @param zones the availability zones that are available now
 */
export function nextPlacement(subnets: readonly KnownSubnet[], zones: readonly string[], need: Need): Placement {
  const own = numbered(subnets);
  const fitting = own.find(({ subnet }) => fits(subnet, need));
  if (fitting) return { action: 'use', subnet: fitting.subnet };
  const inZone = (zone: string) => own.filter(({ subnet }) => subnet.zone === zone).length;
  const [zone] = zones.filter((zone) => mayHost(zone, need)).sort((one, other) => inZone(one) - inZone(other) || one.localeCompare(other));
  if (zone === undefined) return { action: 'no-zone' };
  const others = subnets.map(({ cidr }) => cidr).filter((cidr) => !numberOf.has(cidr));
  const taken = new Set(subnets.map(({ cidr }) => cidr));
  const block = blocks.slice(1).find(({ cidr }) => !taken.has(cidr) && !others.some((other) => overlap(other, cidr)));
  return block ? { action: 'create', ...block, zone } : { action: 'no-block' };
}

const blocks = Array.from({ length: mostSubnets }, (_, index) => publicSubnet(index + 1));
const numberOf = new Map(blocks.map(({ cidr }, index) => [cidr, index + 1]));

/** Recode's subnets by their numbers. One that somebody else gave our tag has none, and is not used. */
function numbered(subnets: readonly KnownSubnet[]): { readonly number: number; readonly subnet: KnownSubnet }[] {
  return subnets
    .map((subnet) => ({ subnet, number: numberOf.get(subnet.cidr) ?? 0 }))
    .filter(({ subnet, number }) => subnet.ours && number > 0)
    .sort((one, other) => one.number - other.number);
}

const fits = (subnet: KnownSubnet, need: Need): boolean =>
  subnet.free > 0 && !need.full?.includes(subnet.subnetId) && mayHost(subnet.zone, need);

const mayHost = (zone: string, { offered, withoutCapacity = [] }: Need): boolean =>
  (offered.length === 0 || offered.includes(zone)) && !withoutCapacity.includes(zone);
