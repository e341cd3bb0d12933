import { AwsFailure } from '../service.ts';
import { zoneLetters } from './catalogue.ts';
import type { FilterTable } from './filters.ts';
import { filtered } from './filters.ts';
import type { Operations } from './operation.ts';

/** An availability zone. */
export interface Zone {
  /** Such as `us-east-1a`. */
  readonly name: string;
  /** Such as `use1-az1`: the same zone in every account. */
  readonly id: string;
  readonly region: string;
}

/** The availability zones of a region: those of the catalog of instance types, or three. */
export function zonesOf(region: string): Zone[] {
  const letters = zoneLetters(region) ?? 'abc';
  return [...letters].map((letter, index) => ({ name: `${region}${letter}`, id: `${zonePrefix(region)}-az${index + 1}`, region }));
}

const zoneFilters: FilterTable<Zone> = {
  honoured: {
    'group-name': ({ region }) => `${region}-zg-1`,
    'opt-in-status': () => 'opt-in-not-required',
    'region-name': ({ region }) => region,
    state: () => 'available',
    'zone-id': ({ id }) => id,
    'zone-name': ({ name }) => name,
    'zone-type': () => 'availability-zone',
  },
  unsupported: ['group-long-name', 'message', 'parent-zone-id', 'parent-zone-name'],
};

export const zoneOperations = {
  DescribeAvailabilityZones: {
    honours: { ZoneNames: true, ZoneIds: true, AllAvailabilityZones: [false], 'Filters.Name': true, 'Filters.Values': true },
    filters: zoneFilters,
    run({ ZoneNames, ZoneIds, Filters }, { region }) {
      const zones = zonesOf(region);
      const chosen = chosenBy(ZoneNames, zones, 'name').filter((zone) => chosenBy(ZoneIds, zones, 'id').includes(zone));
      return {
        AvailabilityZones: filtered(zoneFilters, chosen, Filters).map((zone) => ({
          OptInStatus: 'opt-in-not-required',
          Messages: [],
          RegionName: region,
          ZoneName: zone.name,
          ZoneId: zone.id,
          GroupName: `${region}-zg-1`,
          NetworkBorderGroup: region,
          ZoneType: 'availability-zone',
          State: 'available',
        })),
      };
    },
  },
} satisfies Operations;

function chosenBy(values: readonly string[] | undefined, zones: readonly Zone[], property: 'name' | 'id'): readonly Zone[] {
  if (values === undefined) return zones;
  const unknown = values.find((value) => !zones.some((zone) => zone[property] === value));
  if (unknown !== undefined)
    throw new AwsFailure('InvalidParameterValue', `Invalid availability zone${property === 'id' ? '-id' : ''}: [${unknown}]`);
  return zones.filter((zone) => values.includes(zone[property]));
}

/** `us-east-1` is `use1` in the ids of its zones, `ap-northeast-1` is `apne1`. */
function zonePrefix(region: string): string {
  const parts = region.split('-');
  const directions = parts.slice(1, -1).map((part) => part.replace(/^(north|south)(east|west)$/, '$1-$2'));
  const initials = directions.flatMap((part) => part.split('-')).map((part) => part.slice(0, 1));
  return `${parts[0]}${initials.join('')}${parts.at(-1)}`;
}
