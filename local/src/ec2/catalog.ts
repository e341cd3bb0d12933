import * as v from 'valibot';
import catalog from './catalog/instance-types.json' with { type: 'json' };

const InstanceType = v.strictObject({
  name: v.string(),
  architectures: v.array(v.picklist(['i386', 'x86_64', 'arm64', 'x86_64_mac', 'arm64_mac'])),
  usageClasses: v.array(v.picklist(['on-demand', 'spot', 'capacity-block'])),
  rootDeviceTypes: v.array(v.picklist(['ebs', 'instance-store'])),
  virtualizationTypes: v.array(v.picklist(['hvm', 'paravirtual'])),
  bootModes: v.array(v.picklist(['legacy-bios', 'uefi'])),
  vcpus: v.number(),
  cores: v.number(),
  threadsPerCore: v.number(),
  memoryMiB: v.number(),
  currentGeneration: v.boolean(),
  bareMetal: v.boolean(),
  /** Null for bare metal. */
  hypervisor: v.nullable(v.picklist(['nitro', 'xen'])),
  burstable: v.boolean(),
  freeTier: v.boolean(),
  instanceStorage: v.boolean(),
  hibernation: v.boolean(),
  manufacturer: v.string(),
  encryption: v.picklist(['supported', 'unsupported']),
  nvme: v.picklist(['required', 'supported', 'unsupported']),
  maximumNetworkInterfaces: v.number(),
  /** Its index in the offerings. */
  offering: v.number(),
});
/** An instance type as AWS described it. See catalog/README.md for the source. */
export type InstanceType = v.InferOutput<typeof InstanceType>;

/** The letters of zones by region. */
const Zones = v.pipe(
  v.record(v.string(), v.string()),
  v.transform((letters) => new Map(Object.entries(letters))),
);
const { types, zones, offerings } = v.parse(
  v.object({ types: v.array(InstanceType), zones: Zones, offerings: v.array(Zones) }),
  // The entry of a type omits what most types have.
  { ...catalog, types: catalog.types.map((type) => ({ ...catalog.usual, ...type })) },
);
const byName = new Map(types.map((type) => [type.name, type]));

/** The letters of a region's zones; undefined if the catalog does not have the region. */
export function zoneLetters(region: string): string | undefined {
  return zones.get(region);
}

/** The instance types that a region offers. */
export function typesOf(region: string): InstanceType[] {
  return types.filter((type) => isOffered(type, region));
}

/** The instance type with this name; undefined if the region does not offer it. */
export function instanceTypeOf(region: string, name: string): InstanceType | undefined {
  const type = byName.get(name);
  return type && isOffered(type, region) ? type : undefined;
}

/** Whether any region has an instance type with this name. */
export function isInstanceType(name: string): boolean {
  return byName.has(name);
}

function isOffered({ offering }: InstanceType, region: string): boolean {
  return (offerings[offering]?.get(region) ?? '') !== '';
}

/** The names of a region's zones that offer a type. */
export function zonesWith({ offering }: InstanceType, region: string): string[] {
  return [...(offerings[offering]?.get(region) ?? '')].map((letter) => `${region}${letter}`);
}

/**
 * What to add to AWS's refusal of unknown instance types: that only this catalog does not have them, because AWS may have newer types and
 * more regions. Empty for types that other regions have.
 */
export function unknownHere(names: readonly string[], region: string): string {
  if (!zones.has(region)) return `The catalog of the embedded AWS does not have the region ${region}.`;
  const unknown = names.filter((name) => !byName.has(name));
  return unknown.length === 0 ? '' : `The catalog of the embedded AWS does not have ${unknown.join(' or ')}.`;
}
