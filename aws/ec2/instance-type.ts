import {
  type _InstanceType,
  DescribeInstanceTypeOfferingsCommand,
  DescribeInstanceTypesCommand,
  type EC2Client,
  type InstanceTypeInfo,
} from '@aws-sdk/client-ec2';
import { RecodeError } from '../../core/errors.ts';
import { architectureFor, type InstanceType } from '../../core/instance-type.ts';
import type { Settings } from '../../core/settings.ts';
import { meaningOf, translate } from '../errors.ts';
import { findAvailabilityZones, findSubnets } from './resources.ts';

// The suggestions for a missing type, in the same size: general purpose, newest last.
const nearFamilies = ['t3', 't3a', 't2', 'm5', 'm6i', 't4g', 'm6g', 'm7g'];
// What replaces a missing default: the same sizes and architecture, one generation later.
const successors: Readonly<Record<string, string>> = { t2: 't3' };

/**
 * Decides which instance type a new instance has: the wanted one, or else the team's default. Looks only.
 *
 * @throws RecodeError InstanceTypeNotAllowed, InstanceTypeNotFound, InstanceTypeNotSupported if it cannot work here
 */
export async function resolveInstanceType(ec2: EC2Client, wanted: string | undefined, settings: Settings): Promise<InstanceType> {
  const name = wanted ?? settings.instanceType;
  if (!isAllowed(name, settings))
    throw new RecodeError('InstanceTypeNotAllowed', `Your team allows ${settings.allowedInstanceTypes.join(', ')}, not ${name}.`);
  const [anywhere, [subnet]] = await Promise.all([offerOf(ec2, name), findSubnets(ec2)]);
  const zone = subnet?.AvailabilityZone;
  // Without a subnet, any availability zone can get one.
  const places = zone === undefined ? (await findAvailabilityZones(ec2)).flatMap(({ ZoneName }) => ZoneName ?? []) : [zone];
  const offer = within(anywhere, places);
  if (isThere(offer)) return supported(name, offer);
  const successor = wanted === undefined ? successorOf(name) : undefined;
  if (successor !== undefined && isAllowed(successor, settings)) {
    const later = within(await offerOf(ec2, successor), places);
    if (isThere(later)) return supported(successor, later);
  }
  const region = await ec2.config.region();
  const place = zone === undefined || anywhere.zones.length === 0 ? region : `${zone}, the zone of the subnet`;
  const advice = await suggestion(ec2, name, places, settings);
  throw new RecodeError('InstanceTypeNotFound', [`${name} is not available in ${place}.`, ...advice, ...offer.refusal].join(' '));
}

/** What EC2 says of a type in this region. */
interface Offer {
  /** Undefined if the region does not have the type. */
  readonly info: InstanceTypeInfo | undefined;
  readonly zones: readonly string[];
  /** AWS's message about a type that it does not have. */
  readonly refusal: readonly string[];
}

async function offerOf(ec2: EC2Client, name: string): Promise<Offer> {
  const [{ info, refusal = [] }, zones] = await Promise.all([describe(ec2, name), zonesOffering(ec2, name)]);
  return { info, zones, refusal };
}

const within = (offer: Offer, places: readonly string[]): Offer => ({
  ...offer,
  zones: offer.zones.filter((zone) => places.includes(zone)),
});

function isThere(offer: Offer): offer is Offer & { readonly info: InstanceTypeInfo } {
  return offer.info !== undefined && offer.zones.length > 0;
}

/** `t3.*` allows every size of a family. */
function isAllowed(name: string, { allowedInstanceTypes: allowed }: Settings): boolean {
  const [family = ''] = name.split('.');
  return allowed.length === 0 || allowed.includes(name) || allowed.includes(`${family}.*`);
}

function successorOf(name: string): string | undefined {
  const [family = '', size] = name.split('.');
  const successor = successors[family];
  return successor && `${successor}.${size}`;
}

async function describe(ec2: EC2Client, name: string): Promise<Pick<Partial<Offer>, 'info' | 'refusal'>> {
  try {
    const { InstanceTypes = [] } = await ec2.send(new DescribeInstanceTypesCommand({ InstanceTypes: [name as _InstanceType] }));
    return { info: InstanceTypes[0] };
  } catch (error) {
    if (meaningOf(error) !== 'instance-type') throw error;
    return { refusal: [translate(error).message] };
  }
}

async function zonesOffering(ec2: EC2Client, name: string): Promise<string[]> {
  const { InstanceTypeOfferings = [] } = await ec2.send(
    new DescribeInstanceTypeOfferingsCommand({ LocationType: 'availability-zone', Filters: [{ Name: 'instance-type', Values: [name] }] }),
  );
  return InstanceTypeOfferings.flatMap(({ Location }) => Location ?? []).sort();
}

function supported(name: string, { info, zones }: Offer & { readonly info: InstanceTypeInfo }): InstanceType {
  const architecture = architectureFor({
    name,
    architectures: info.ProcessorInfo?.SupportedArchitectures ?? [],
    usageClasses: info.SupportedUsageClasses ?? [],
    rootDeviceTypes: info.SupportedRootDeviceTypes ?? [],
    virtualizationTypes: info.SupportedVirtualizationTypes ?? [],
  });
  return { name, architecture, zones: [...zones] };
}

/** Suggests a type that the team allows and one of these zones has: of the same size if possible, otherwise a small one. */
async function suggestion(ec2: EC2Client, name: string, places: readonly string[], settings: Settings): Promise<string[]> {
  const size = name.split('.')[1] ?? 'medium';
  const sizes = [size, 'medium', 'large'].flatMap((each) => nearFamilies.map((family) => `${family}.${each}`));
  const allowed = settings.allowedInstanceTypes.filter((type) => !type.endsWith('*'));
  const near = [...sizes, ...allowed].filter((type) => type !== name && isAllowed(type, settings)) as _InstanceType[];
  if (near.length === 0) return [];
  const { InstanceTypeOfferings = [] } = await ec2.send(
    new DescribeInstanceTypeOfferingsCommand({
      LocationType: 'availability-zone',
      Filters: [
        { Name: 'instance-type', Values: near },
        { Name: 'location', Values: [...places] },
      ],
    }),
  );
  const found = near.find((type) => InstanceTypeOfferings.some(({ InstanceType }) => InstanceType === type));
  return found === undefined ? [] : [`Try ${found}.`];
}
