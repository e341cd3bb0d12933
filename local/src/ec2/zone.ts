import { AwsFailure } from '../service.ts';
import { type InstanceType, instanceTypeOf, zoneLetters, zonesWith } from './catalog.ts';
import type { FilterTable } from './filters.ts';
import { filtered } from './filters.ts';
import type { Operations, Region } from './operation.ts';

/** An availability zone, a Local Zone or a Wavelength Zone. */
export interface Zone {
  /** For example `us-east-1a`. */
  readonly name: string;
  /** For example `use1-az1`, which is the same zone in every account. */
  readonly id: string;
  readonly region: string;
  /** Only for a Local or Wavelength Zone, which an account has to opt in to. */
  readonly optional?: OptionalZone;
}

interface OptionalZone {
  readonly type: 'local-zone' | 'wavelength-zone';
  readonly group: string;
  readonly border: string;
  /** The instance types of the catalog that it offers. */
  readonly types: readonly string[];
}

const localTypes = ['t3.medium', 't3.large', 't3.xlarge', 't3.2xlarge', 'c5.large', 'c5.xlarge', 'm5.large', 'm5.xlarge', 'r5.large'];
const lax = { type: 'local-zone', group: 'us-west-2-lax-1', border: 'us-west-2-lax-1', types: localTypes } as const;
const wavelengthTypes = ['t3.medium', 't3.xlarge', 'r5.2xlarge', 'g4dn.2xlarge'];
// Some of https://docs.aws.amazon.com/local-zones/latest/ug/available-local-zones.html and
// https://docs.aws.amazon.com/wavelength/latest/developerguide/available-wavelength-zones.html
const optionalZones: readonly Zone[] = [
  { name: 'us-west-2-lax-1a', id: 'usw2-lax1-az1', region: 'us-west-2', optional: lax },
  { name: 'us-west-2-lax-1b', id: 'usw2-lax1-az2', region: 'us-west-2', optional: lax },
  {
    name: 'us-east-1-bos-1a',
    id: 'use1-bos1-az1',
    region: 'us-east-1',
    optional: { type: 'local-zone', group: 'us-east-1-bos-1', border: 'us-east-1-bos-1', types: localTypes },
  },
  {
    name: 'us-east-1-wl1-bos-wlz-1',
    id: 'use1-wl1-bos-wlz1',
    region: 'us-east-1',
    optional: { type: 'wavelength-zone', group: 'us-east-1-wl1', border: 'us-east-1-wl1-bos-wlz-1', types: wavelengthTypes },
  },
];

/** All zones that the account may use in a region: its availability zones, and the zones that it has opted in to. */
export function usableZones({ region, settings }: Pick<Region, 'region' | 'settings'>): Zone[] {
  const opted = optionalZones.filter((zone) => zone.region === region && settings.zoneGroups.includes(zone.optional?.group ?? ''));
  return [...zonesOf(region), ...opted];
}

/** The zones that offer an instance type and that the account may use. */
export function zonesOffering(type: InstanceType, region: Pick<Region, 'region' | 'settings'>): Zone[] {
  const usual = zonesWith(type, region.region);
  return usableZones(region).filter(({ name, optional }) => optional?.types.includes(type.name) ?? usual.includes(name));
}

/** Refuses a zone that does not offer an instance type. */
export function refuseOtherZones(type: InstanceType, zone: string, region: Pick<Region, 'region' | 'settings'>): void {
  const zones = zonesOffering(type, region).map(({ name }) => name);
  if (zones.includes(zone)) return;
  throw new AwsFailure(
    'Unsupported',
    `Your requested instance type (${type.name}) is not supported in your requested Availability Zone (${zone}). Please retry your request by not specifying an Availability Zone or choosing ${zones.join(', ')}.`,
  );
}

interface Wanted {
  readonly instanceType: string;
  readonly availabilityZone: string;
}

/** How the settings say that a zone has no capacity for an instance; undefined if it has some. */
function lackOf({ instanceType, availabilityZone }: Wanted, { settings }: Pick<Region, 'settings'>) {
  return settings.withoutCapacity.find((one) => one.zone === availabilityZone && (one.instanceType ?? instanceType) === instanceType);
}

/**
 * Why a launch or a start ends that EC2 accepts in a zone without capacity; undefined if it does not.
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html
 */
export function endWithoutCapacity(wanted: Wanted, call: Pick<Region, 'settings'>): string | undefined {
  if (!lackOf(wanted, call)?.accepts) return undefined;
  return 'Server.InsufficientInstanceCapacity: There was insufficient capacity available to satisfy the launch request.';
}

/**
 * Refuses to run an instance in a zone that has no capacity for its type, as the settings say: `InsufficientInstanceCapacity`, a server error.
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
 */
export function refuseWithoutCapacity({ instanceType, availabilityZone }: Wanted, call: Pick<Region, 'region' | 'settings'>): void {
  const lacks = (zone: string) => {
    const lack = lackOf({ instanceType, availabilityZone: zone }, call);
    return lack !== undefined && !lack.accepts;
  };
  if (!lacks(availabilityZone)) return;
  const type = instanceTypeOf(call.region, instanceType);
  const others = (type ? zonesOffering(type, call) : []).map(({ name }) => name).filter((zone) => !lacks(zone));
  const elsewhere =
    others.length === 0
      ? ''
      : ` You can currently get ${instanceType} capacity by not specifying an Availability Zone in your request or choosing ${others.join(', ')}.`;
  throw new AwsFailure(
    'InsufficientInstanceCapacity',
    `We currently do not have sufficient ${instanceType} capacity in the Availability Zone you requested (${availabilityZone}). Our system will be working on provisioning additional capacity.${elsewhere}`,
    500,
  );
}

/** The availability zones of a region in the catalog, or three for a region that it does not have. */
export function zonesOf(region: string): Zone[] {
  const letters = zoneLetters(region) ?? 'abc';
  return [...letters].map((letter, index) => ({ name: `${region}${letter}`, id: `${zonePrefix(region)}-az${index + 1}`, region }));
}

const zoneFilters: FilterTable<Zone> = {
  honored: {
    'group-name': groupOf,
    'opt-in-status': optInStatusOf,
    'region-name': ({ region }) => region,
    state: () => 'available',
    'zone-id': ({ id }) => id,
    'zone-name': ({ name }) => name,
    'zone-type': typeOf,
  },
  unsupported: ['group-long-name', 'message', 'parent-zone-id', 'parent-zone-name'],
};

export const zoneOperations = {
  DescribeAvailabilityZones: {
    honors: { ZoneNames: true, ZoneIds: true, AllAvailabilityZones: [false], 'Filters.Name': true, 'Filters.Values': true },
    filters: zoneFilters,
    run({ ZoneNames, ZoneIds, Filters }, call) {
      const { region } = call;
      const zones = usableZones(call);
      const chosen = chosenBy(ZoneNames, zones, 'name').filter((zone) => chosenBy(ZoneIds, zones, 'id').includes(zone));
      return {
        AvailabilityZones: filtered(zoneFilters, chosen, Filters).map((zone) => ({
          OptInStatus: optInStatusOf(zone),
          Messages: [],
          RegionName: region,
          ZoneName: zone.name,
          ZoneId: zone.id,
          GroupName: groupOf(zone),
          NetworkBorderGroup: zone.optional?.border ?? region,
          ZoneType: typeOf(zone),
          State: 'available',
        })),
      };
    },
  },
} satisfies Operations;

function groupOf({ region, optional }: Zone): string {
  return optional?.group ?? `${region}-zg-1`;
}

function typeOf({ optional }: Zone): string {
  return optional?.type ?? 'availability-zone';
}

function optInStatusOf({ optional }: Zone): 'opted-in' | 'opt-in-not-required' {
  return optional ? 'opted-in' : 'opt-in-not-required';
}

function chosenBy(values: readonly string[] | undefined, zones: readonly Zone[], property: 'name' | 'id'): readonly Zone[] {
  if (values === undefined) return zones;
  const unknown = values.find((value) => !zones.some((zone) => zone[property] === value));
  if (unknown !== undefined)
    throw new AwsFailure('InvalidParameterValue', `Invalid availability zone${property === 'id' ? '-id' : ''}: [${unknown}]`);
  return zones.filter((zone) => values.includes(zone[property]));
}

/** The prefix of a region's zone IDs: `use1` for `us-east-1`, `apne1` for `ap-northeast-1`. */
function zonePrefix(region: string): string {
  const parts = region.split('-');
  const directions = parts.slice(1, -1).map((part) => part.replace(/^(north|south)(east|west)$/, '$1-$2'));
  const initials = directions.flatMap((part) => part.split('-')).map((part) => part.slice(0, 1));
  return `${parts[0]}${initials.join('')}${parts.at(-1)}`;
}
