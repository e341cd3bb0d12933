import type { InstanceTypeInfo, _InstanceType as InstanceTypeName, InstanceTypeOffering, LocationType } from '@aws-sdk/client-ec2';
import { AwsFailure } from '../service.ts';
import { type InstanceType, typesOf, unknownHere } from './catalog.ts';
import { type FilterTable, filtered } from './filters.ts';
import type { Call, Operations } from './operation.ts';
import { paginated, usualPageSize } from './pagination.ts';
import { zonesOffering } from './zone.ts';

const typeFilters: FilterTable<InstanceType> = {
  honored: {
    'bare-metal': ({ bareMetal }) => bareMetal,
    'burstable-performance-supported': ({ burstable }) => burstable,
    'current-generation': ({ currentGeneration }) => currentGeneration,
    'ebs-info.encryption-support': ({ encryption }) => encryption,
    'ebs-info.nvme-support': ({ nvme }) => nvme,
    'free-tier-eligible': ({ freeTier }) => freeTier,
    'hibernation-supported': ({ hibernation }) => hibernation,
    hypervisor: ({ hypervisor }) => hypervisor ?? undefined,
    'instance-storage-supported': ({ instanceStorage }) => instanceStorage,
    'instance-type': ({ name }) => name,
    'memory-info.size-in-mib': ({ memoryMiB }) => memoryMiB,
    'network-info.maximum-network-interfaces': ({ maximumNetworkInterfaces }) => maximumNetworkInterfaces,
    'processor-info.supported-architecture': ({ architectures }) => architectures,
    'supported-boot-mode': ({ bootModes }) => bootModes,
    'supported-root-device-type': ({ rootDeviceTypes }) => rootDeviceTypes,
    'supported-usage-class': ({ usageClasses }) => usageClasses,
    'supported-virtualization-type': ({ virtualizationTypes }) => virtualizationTypes,
    'vcpu-info.default-cores': ({ cores }) => cores,
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
    'ebs-info.maximum-ebs-attachments',
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
    'network-info.network-performance',
    'nitro-enclaves-support',
    'nitro-tpm-info.supported-versions',
    'nitro-tpm-support',
    'processor-info.supported-features',
    'processor-info.sustained-clock-speed-in-ghz',
    'reboot-migration-support',
    'vcpu-info.valid-cores',
    'vcpu-info.valid-threads-per-core',
  ],
};

interface Offering {
  readonly type: string;
  readonly location: string;
}

const offeringFilters: FilterTable<Offering> = {
  honored: { 'instance-type': ({ type }) => type, location: ({ location }) => location },
  unsupported: [],
};
const namesOfTypes: FilterTable<InstanceType> = { honored: { 'instance-type': ({ name }) => name }, unsupported: [] };

export const instanceTypeOperations = {
  DescribeInstanceTypes: {
    honors: { InstanceTypes: true, 'Filters.Name': true, 'Filters.Values': true, MaxResults: true, NextToken: true },
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
    honors: {
      LocationType: ['region', 'availability-zone', 'availability-zone-id'],
      'Filters.Name': true,
      'Filters.Values': true,
      MaxResults: true,
      NextToken: true,
    },
    filters: offeringFilters,
    run(input, call) {
      const locationType = input.LocationType ?? 'region';
      // A region has thousands of offerings, and most calls ask for those of one type.
      const ofTypes = input.Filters?.filter(({ Name }) => Name === 'instance-type');
      const offerings = filtered(namesOfTypes, typesOf(call.region), ofTypes).flatMap((type) =>
        locationsOf(type, call, locationType).map((location) => ({ type: type.name, location })),
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

/** Refuses an instance type for an image, or an instance, of another architecture. */
export function refuseOtherArchitecture({ architectures }: InstanceType, architecture: InstanceType['architectures'][number]): void {
  if (architectures.includes(architecture)) return;
  throw new AwsFailure(
    'InvalidParameterValue',
    `The architecture '${architectures.join(',')}' of the specified instance type does not match the architecture '${architecture}' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again. You can use 'describe-instance-types' or 'describe-images' to discover the architecture of the instance type or AMI.`,
  );
}

function namedTypes(names: readonly string[] | undefined, region: string): InstanceType[] {
  const types = typesOf(region);
  if (names === undefined) return types;
  const unknown = names.filter((name) => !types.some((type) => type.name === name));
  if (unknown.length > 0) {
    const refusal = `The following supplied instance types do not exist: [${unknown.join(', ')}]`;
    throw new AwsFailure('InvalidInstanceType', [refusal, unknownHere(unknown, region)].filter((text) => text !== '').join('. '));
  }
  return types.filter(({ name }) => names.includes(name));
}

function locationsOf(type: InstanceType, call: Call, locationType: LocationType): string[] {
  if (locationType === 'region') return [call.region];
  const zones = zonesOffering(type, call);
  return zones.map(({ name, id }) => (locationType === 'availability-zone' ? name : id));
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
    Hypervisor: type.hypervisor ?? undefined,
    ProcessorInfo: { SupportedArchitectures: type.architectures, Manufacturer: type.manufacturer },
    VCpuInfo: { DefaultVCpus: type.vcpus, DefaultCores: type.cores, DefaultThreadsPerCore: type.threadsPerCore },
    MemoryInfo: { SizeInMiB: type.memoryMiB },
    InstanceStorageSupported: type.instanceStorage,
    BurstablePerformanceSupported: type.burstable,
    HibernationSupported: type.hibernation,
    SupportedBootModes: type.bootModes,
    EbsInfo: { EncryptionSupport: type.encryption, NvmeSupport: type.nvme },
    NetworkInfo: { MaximumNetworkInterfaces: type.maximumNetworkInterfaces },
  };
}
