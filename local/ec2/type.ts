import type { InstanceTypeInfo, _InstanceType as InstanceTypeName, InstanceTypeOffering, LocationType } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { AwsFailure } from '../service.ts';
import catalogue from './catalogue/instance-types.json' with { type: 'json' };
import { type FilterTable, filtered } from './filters.ts';
import type { Operations } from './operation.ts';
import { paginated, usualPageSize } from './pagination.ts';
import { zonesOf } from './zone.ts';

const InstanceType = v.strictObject({
  name: v.string(),
  architectures: v.array(v.picklist(['i386', 'x86_64', 'arm64', 'x86_64_mac', 'arm64_mac'])),
  usageClasses: v.array(v.picklist(['on-demand', 'spot', 'capacity-block'])),
  rootDeviceTypes: v.array(v.picklist(['ebs', 'instance-store'])),
  virtualizationTypes: v.array(v.picklist(['hvm', 'paravirtual'])),
  vcpus: v.number(),
  threadsPerCore: v.number(),
  memoryMiB: v.number(),
  currentGeneration: v.boolean(),
  bareMetal: v.boolean(),
  /** Bare metal has none. */
  hypervisor: v.optional(v.picklist(['nitro', 'xen'])),
  burstable: v.boolean(),
  freeTier: v.boolean(),
  instanceStorage: v.boolean(),
  manufacturer: v.string(),
  /** The letters of the zones of us-east-1 that offer it; elsewhere every zone does. */
  zonesOfUsEast1: v.string(),
  /** The regions that lack it. */
  absentIn: v.array(v.string()),
});
/** An instance type of the catalogue: a choice of AWS's, with their true properties. */
export type InstanceType = v.InferOutput<typeof InstanceType>;

const instanceTypes: readonly InstanceType[] = v.parse(v.array(InstanceType), catalogue);

/** The instance type of this name that the region has; undefined where it has none. */
export function instanceTypeOf(region: string, name: string): InstanceType | undefined {
  return typesOf(region).find((type) => type.name === name);
}

/** Whether the catalogue has this name at all, whatever the region. */
export function isInstanceType(name: string): boolean {
  return instanceTypes.some((type) => type.name === name);
}

/** The names of the zones of a region that offer a type. */
export function zonesWith(type: InstanceType, region: string): string[] {
  if (type.absentIn.includes(region)) return [];
  const zones = zonesOf(region).map(({ name }) => name);
  return region === 'us-east-1' ? zones.filter((zone) => type.zonesOfUsEast1.includes(zone.slice(-1))) : zones;
}

const typeFilters: FilterTable<InstanceType> = {
  honoured: {
    'bare-metal': ({ bareMetal }) => bareMetal,
    'burstable-performance-supported': ({ burstable }) => burstable,
    'current-generation': ({ currentGeneration }) => currentGeneration,
    'free-tier-eligible': ({ freeTier }) => freeTier,
    hypervisor: ({ hypervisor }) => hypervisor,
    'instance-storage-supported': ({ instanceStorage }) => instanceStorage,
    'instance-type': ({ name }) => name,
    'memory-info.size-in-mib': ({ memoryMiB }) => memoryMiB,
    'processor-info.supported-architecture': ({ architectures }) => architectures,
    'supported-root-device-type': ({ rootDeviceTypes }) => rootDeviceTypes,
    'supported-usage-class': ({ usageClasses }) => usageClasses,
    'supported-virtualization-type': ({ virtualizationTypes }) => virtualizationTypes,
    'vcpu-info.default-cores': ({ vcpus, threadsPerCore }) => vcpus / threadsPerCore,
    'vcpu-info.default-threads-per-core': ({ threadsPerCore }) => threadsPerCore,
    'vcpu-info.default-vcpus': ({ vcpus }) => vcpus,
  },
  unsupported: [
    'auto-recovery-supported',
    'dedicated-hosts-supported',
    'ebs-info.attachment-limit-type',
    'ebs-info.ebs-optimized-info.baseline-bandwidth-in-mbps',
    'ebs-info.ebs-optimized-info.baseline-iops',
    'ebs-info.ebs-optimized-info.baseline-throughput-in-mbps',
    'ebs-info.ebs-optimized-info.maximum-bandwidth-in-mbps',
    'ebs-info.ebs-optimized-info.maximum-iops',
    'ebs-info.ebs-optimized-info.maximum-throughput-in-mbps',
    'ebs-info.ebs-optimized-support',
    'ebs-info.encryption-support',
    'ebs-info.maximum-ebs-attachments',
    'ebs-info.nvme-support',
    'hibernation-supported',
    'instance-storage-info.disk.count',
    'instance-storage-info.disk.size-in-gb',
    'instance-storage-info.disk.type',
    'instance-storage-info.encryption-support',
    'instance-storage-info.nvme-support',
    'instance-storage-info.total-size-in-gb',
    'network-info.bandwidth-weightings',
    'network-info.efa-info.maximum-efa-interfaces',
    'network-info.efa-supported',
    'network-info.ena-support',
    'network-info.encryption-in-transit-supported',
    'network-info.flexible-ena-queues-support',
    'network-info.ipv4-addresses-per-interface',
    'network-info.ipv6-addresses-per-interface',
    'network-info.ipv6-supported',
    'network-info.maximum-network-cards',
    'network-info.maximum-network-interfaces',
    'network-info.network-performance',
    'nitro-enclaves-support',
    'nitro-tpm-info.supported-versions',
    'nitro-tpm-support',
    'processor-info.supported-features',
    'processor-info.sustained-clock-speed-in-ghz',
    'reboot-migration-support',
    'supported-boot-mode',
    'vcpu-info.valid-cores',
    'vcpu-info.valid-threads-per-core',
  ],
};

interface Offering {
  readonly type: string;
  readonly location: string;
}

const offeringFilters: FilterTable<Offering> = {
  honoured: { 'instance-type': ({ type }) => type, location: ({ location }) => location },
  unsupported: [],
};

export const instanceTypeOperations = {
  DescribeInstanceTypes: {
    honours: { InstanceTypes: true, 'Filters.Name': true, 'Filters.Values': true, MaxResults: true, NextToken: true },
    filters: typeFilters,
    run(input, call) {
      if (input.InstanceTypes && input.MaxResults !== undefined)
        throw new AwsFailure('InvalidParameterCombination', 'The parameter instanceTypes cannot be used with the parameter maxResults');
      const chosen = filtered(typeFilters, namedTypes(input.InstanceTypes, call.region), input.Filters);
      const { page, NextToken } = paginated(call, input, chosen, ({ name }) => name, { ...usualPageSize, maximum: 100 });
      return { InstanceTypes: page.map(described), NextToken };
    },
  },

  DescribeInstanceTypeOfferings: {
    honours: {
      LocationType: ['region', 'availability-zone', 'availability-zone-id'],
      'Filters.Name': true,
      'Filters.Values': true,
      MaxResults: true,
      NextToken: true,
    },
    filters: offeringFilters,
    run(input, call) {
      const locationType = input.LocationType ?? 'region';
      const offerings = typesOf(call.region).flatMap((type) =>
        locationsOf(type, call.region, locationType).map((location) => ({ type: type.name, location })),
      );
      const chosen = filtered(offeringFilters, offerings, input.Filters);
      const { page, NextToken } = paginated(call, input, chosen, ({ type, location }) => `${type} ${location}`);
      return {
        InstanceTypeOfferings: page.map(
          ({ type, location }): InstanceTypeOffering => ({
            InstanceType: type as InstanceTypeName,
            LocationType: locationType,
            Location: location,
          }),
        ),
        NextToken,
      };
    },
  },
} satisfies Operations;

function typesOf(region: string): InstanceType[] {
  return instanceTypes.filter(({ absentIn }) => !absentIn.includes(region));
}

function namedTypes(names: readonly string[] | undefined, region: string): InstanceType[] {
  const types = typesOf(region);
  if (names === undefined) return types;
  const unknown = names.filter((name) => !types.some((type) => type.name === name));
  if (unknown.length > 0)
    throw new AwsFailure('InvalidInstanceType', `The following supplied instance types do not exist: [${unknown.join(', ')}]`);
  return types.filter(({ name }) => names.includes(name));
}

function locationsOf(type: InstanceType, region: string, locationType: LocationType): string[] {
  if (locationType === 'region') return [region];
  const zones = zonesWith(type, region);
  if (locationType === 'availability-zone') return zones;
  return zonesOf(region)
    .filter(({ name }) => zones.includes(name))
    .map(({ id }) => id);
}

function described(type: InstanceType): InstanceTypeInfo {
  return {
    InstanceType: type.name as InstanceTypeName,
    CurrentGeneration: type.currentGeneration,
    FreeTierEligible: type.freeTier,
    SupportedUsageClasses: type.usageClasses,
    SupportedRootDeviceTypes: type.rootDeviceTypes,
    SupportedVirtualizationTypes: type.virtualizationTypes,
    BareMetal: type.bareMetal,
    Hypervisor: type.hypervisor,
    ProcessorInfo: { SupportedArchitectures: type.architectures, Manufacturer: type.manufacturer },
    VCpuInfo: { DefaultVCpus: type.vcpus, DefaultCores: type.vcpus / type.threadsPerCore, DefaultThreadsPerCore: type.threadsPerCore },
    MemoryInfo: { SizeInMiB: type.memoryMiB },
    InstanceStorageSupported: type.instanceStorage,
    BurstablePerformanceSupported: type.burstable,
  };
}
