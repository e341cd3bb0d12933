import {
  DescribeInstanceTypeOfferingsCommand,
  DescribeInstanceTypesCommand,
  type DescribeInstanceTypesCommandInput,
  paginateDescribeInstanceTypes,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusal, startEc2, type TestEc2 } from './server.ts';

let ec2: TestEc2;
beforeAll(async () => {
  ec2 = await startEc2();
});
afterAll(() => ec2.stop());

const types = async (input: DescribeInstanceTypesCommandInput, region = 'us-east-1') =>
  (await ec2.clientOf(region).send(new DescribeInstanceTypesCommand(input))).InstanceTypes ?? [];

describe('DescribeInstanceTypes', () => {
  it('returns architectures, usage classes and root devices', async () => {
    const [t4g] = await types({ InstanceTypes: ['t4g.medium'] });
    expect(t4g).toMatchObject({
      ProcessorInfo: { SupportedArchitectures: ['arm64'] },
      SupportedUsageClasses: ['on-demand', 'spot'],
      SupportedRootDeviceTypes: ['ebs'],
      VCpuInfo: { DefaultVCpus: 2, DefaultCores: 2 },
      MemoryInfo: { SizeInMiB: 4096 },
      BareMetal: false,
      Hypervisor: 'nitro',
    });
    const [mac] = await types({ InstanceTypes: ['mac1.metal'] });
    expect(mac).toMatchObject({ BareMetal: true, ProcessorInfo: { SupportedArchitectures: ['x86_64_mac'] } });
    expect(mac?.Hypervisor).toBeUndefined();
    const [trainium] = await types({ InstanceTypes: ['trn2.48xlarge'] }, 'us-east-2');
    expect(trainium?.SupportedUsageClasses).toEqual(['capacity-block', 'on-demand', 'spot']);
    const [oldest] = await types({ InstanceTypes: ['m1.small'] });
    expect(oldest).toMatchObject({
      CurrentGeneration: false,
      SupportedRootDeviceTypes: ['ebs', 'instance-store'],
      SupportedVirtualizationTypes: ['hvm', 'paravirtual'],
      SupportedBootModes: ['legacy-bios'],
      ProcessorInfo: { SupportedArchitectures: ['i386', 'x86_64'] },
    });
  });

  it('refuses unknown types, and types that the region does not offer', async () => {
    expect(await refusal(types({ InstanceTypes: ['t2.medium', 't9.huge' as 't2.nano'] }))).toEqual({
      code: 'InvalidInstanceType',
      message: 'The following supplied instance types do not exist: [t9.huge]. The catalog of the embedded AWS does not have t9.huge.',
      status: 400,
    });
    expect(await refusal(types({ InstanceTypes: ['t2.medium'] }, 'eu-south-2'))).toMatchObject({
      code: 'InvalidInstanceType',
      message: 'The following supplied instance types do not exist: [t2.medium]',
    });
    expect(await refusal(types({ InstanceTypes: ['t3.medium'] }, 'mars-north-1'))).toMatchObject({
      code: 'InvalidInstanceType',
      message: expect.stringMatching(/The catalog of the embedded AWS does not have the region mars-north-1\.$/),
    });
    expect(await types({ InstanceTypes: ['t3.medium'] }, 'eu-south-2')).toHaveLength(1);
  });

  it('filters with wildcards', async () => {
    const found = await types({
      Filters: [
        { Name: 'instance-type', Values: ['t*'] },
        { Name: 'processor-info.supported-architecture', Values: ['arm64'] },
        { Name: 'burstable-performance-supported', Values: ['true'] },
      ],
    });
    expect(found.map(({ InstanceType }) => InstanceType).sort()).toEqual([
      't4g.2xlarge',
      't4g.large',
      't4g.medium',
      't4g.micro',
      't4g.nano',
      't4g.small',
      't4g.xlarge',
    ]);
  });

  it('refuses an unsupported filter, and one that AWS does not have', async () => {
    const filtered = (Name: string) => refusal(types({ Filters: [{ Name, Values: ['x'] }] }));
    expect(await filtered('nitro-tpm-support')).toMatchObject({ code: 'UnsupportedOperation' });
    expect(await filtered('color')).toMatchObject({ code: 'InvalidParameterValue', message: "The filter 'color' is invalid" });
  });

  it('has pages with every type once', async () => {
    const names: (string | undefined)[] = [];
    let pages = 0;
    for await (const page of paginateDescribeInstanceTypes({ client: ec2.client, pageSize: 100 }, {})) {
      pages++;
      names.push(...(page.InstanceTypes ?? []).map(({ InstanceType }) => InstanceType));
    }
    expect(pages).toBeGreaterThan(3);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toHaveLength((await types({})).length);
  });

  it('refuses pages of named types', async () => {
    expect(await refusal(types({ InstanceTypes: ['t3.nano'], MaxResults: 5 }))).toMatchObject({ code: 'InvalidParameterCombination' });
  });
});

describe('DescribeInstanceTypeOfferings', () => {
  const locations = async (type: string, LocationType: 'region' | 'availability-zone' | 'availability-zone-id', region = 'us-east-1') => {
    const input = { LocationType, Filters: [{ Name: 'instance-type', Values: [type] }] };
    const { InstanceTypeOfferings } = await ec2.clientOf(region).send(new DescribeInstanceTypeOfferingsCommand(input));
    return (InstanceTypeOfferings ?? []).map(({ Location }) => Location);
  };

  it('names the zones that offer a type', async () => {
    expect(await locations('t2.medium', 'availability-zone')).toEqual(['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => `us-east-1${letter}`));
    expect(await locations('t3.medium', 'availability-zone')).not.toContain('us-east-1e');
    expect(await locations('a1.xlarge', 'availability-zone')).toEqual(['us-east-1a', 'us-east-1b', 'us-east-1c']);
    expect(await locations('a1.xlarge', 'availability-zone-id')).toEqual(['use1-az1', 'use1-az2', 'use1-az3']);
    expect(await locations('t3.medium', 'availability-zone', 'eu-west-1')).toEqual(['eu-west-1a', 'eu-west-1b', 'eu-west-1c']);
  });

  it('returns the types that the region offers', async () => {
    expect(await locations('t2.medium', 'region')).toEqual(['us-east-1']);
    expect(await locations('t2.medium', 'region', 'eu-south-2')).toEqual([]);
  });

  it('filters by location', async () => {
    const { InstanceTypeOfferings = [] } = await ec2.client.send(
      new DescribeInstanceTypeOfferingsCommand({
        LocationType: 'availability-zone',
        Filters: [{ Name: 'location', Values: ['us-east-1e'] }],
      }),
    );
    expect(InstanceTypeOfferings.map(({ InstanceType }) => InstanceType)).toContain('t2.micro');
    expect(InstanceTypeOfferings.map(({ InstanceType }) => InstanceType)).not.toContain('m7g.large');
  });
});
