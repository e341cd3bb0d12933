import {
  type _InstanceType,
  DescribeInstanceTypeOfferingsCommand,
  DescribeInstanceTypesCommand,
  type EC2Client,
  type InstanceTypeInfo,
  type Subnet,
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
 * @param newNetwork whether no subnet is to be expected, so that the zones are asked for together with all else
 * @returns the type, and the subnets of Recode, which it has looked at: if the zone of one offers the type, the others need not be known
 * @throws RecodeError InstanceTypeNotAllowed, InstanceTypeNotFound, InstanceTypeNotSupported if it cannot work here
 */
export async function resolveInstanceType(
  ec2: EC2Client,
  wanted: string | undefined,
  settings: Settings,
  { newNetwork = false }: { readonly newNetwork?: boolean } = {},
): Promise<{ readonly instanceType: InstanceType; readonly subnets: readonly Subnet[] }> {
  const name = wanted ?? settings.instanceType;
  if (!isAllowed(name, settings))
    throw new RecodeError('InstanceTypeNotAllowed', `Your team allows ${settings.allowedInstanceTypes.join(', ')}, not ${name}.`);
  const asking = [offerOf(ec2, name), findSubnets(ec2), newNetwork ? findAvailabilityZones(ec2) : undefined] as const;
  const [anywhere, subnets, asked] = await Promise.all(asking);
  if (isThere(anywhere) && subnets.some(({ AvailabilityZone = '' }) => anywhere.zones.includes(AvailabilityZone)))
    return { instanceType: supported(name, anywhere), subnets };
  // Any availability zone can get a subnet.
  const zones = (asked ?? (await findAvailabilityZones(ec2))).flatMap(({ ZoneName }) => ZoneName ?? []);
  const offer = within(anywhere, zones);
  if (isThere(offer)) return { instanceType: supported(name, offer), subnets };
  const successor = wanted === undefined ? successorOf(name) : undefined;
  if (successor !== undefined && isAllowed(successor, settings)) {
    const later = within(await offerOf(ec2, successor), zones);
    if (isThere(later)) return { instanceType: supported(successor, later), subnets };
  }
  const advice = await suggestion(ec2, name, zones, settings);
  const region = await ec2.config.region();
  throw new RecodeError('InstanceTypeNotFound', [`${name} is not available in ${region}.`, ...advice, ...offer.refusal].join(' '));
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

const within = (offer: Offer, zones: readonly string[]): Offer => ({
  ...offer,
  zones: offer.zones.filter((zone) => zones.includes(zone)),
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
  const nitro = info.Hypervisor === 'nitro' || info.BareMetal === true;
  return { name, architecture, zones: [...zones], nitro, bootModes: info.SupportedBootModes ?? [] };
}

/** Suggests a type that the team allows and one of these zones has: of the same size if possible, otherwise a small one. */
export async function suggestion(ec2: EC2Client, name: string, zones: readonly string[], settings: Settings): Promise<string[]> {
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
        { Name: 'location', Values: [...zones] },
      ],
    }),
  );
  const found = near.find((type) => InstanceTypeOfferings.some(({ InstanceType }) => InstanceType === type));
  return found === undefined ? [] : [`Try ${found}.`];
}
