import {
  type _InstanceType,
  DescribeInstanceTypeOfferingsCommand,
  DescribeInstanceTypesCommand,
  type EC2Client,
  type InstanceTypeInfo,
} from '@aws-sdk/client-ec2';
import { dynamodb, ec2 } from '../../aws/clients.ts';
import { readEnvironment } from '../../aws/records/environment.ts';
import { ifInstalled } from '../../aws/records/table.ts';
import { findSubnets } from '../../aws/resources.ts';
import { settings } from '../../aws/settings.ts';
import { lambdaHandler, step } from '../../aws/step.ts';
import { type InstanceType, StartInput } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';

const architectures = ['x86_64', 'arm64'] as const;
// Where a type is missing, one of these of the same size is near: general purpose, newest last.
const nearFamilies = ['t3', 't3a', 't2', 'm5', 'm6i', 't4g', 'm6g', 'm7g'];

/** Decides which instance type the environment has, and refuses one that cannot hold an environment here before anything exists. */
export const resolveInstanceType = step({
  input: StartInput,
  uses: { dynamodb, ec2, settings },
  async run({ environment, request }, { dynamodb, ec2, settings }): Promise<InstanceType> {
    // Before the first start in a region there is no table, and so no record.
    const recorded = await ifInstalled(readEnvironment(dynamodb, environment));
    // An instance that exists has proved its type; whether the given options fit it is decided later.
    if (recorded && 'instance' in recorded && recorded.instance) {
      return { name: recorded.instance.instanceType, architecture: recorded.instance.architecture, zones: [] };
    }
    const name = request.instanceType ?? recorded?.request.instanceType ?? settings.instanceType;
    refuseForbidden(name, settings.allowedInstanceTypes);
    const [info, zones, [subnet]] = await Promise.all([describe(ec2, name), zonesOffering(ec2, name), findSubnets(ec2)]);
    const zone = subnet?.AvailabilityZone;
    if (!info || zones.length === 0 || (zone !== undefined && !zones.includes(zone))) {
      const place = zone === undefined || zones.length === 0 ? 'this region' : `the zone ${zone} of the subnet`;
      throw new RecodeError('InstanceTypeNotFound', `EC2 offers no ${name} in ${place}.${await suggestion(ec2, name, zone)}`);
    }
    return { name, architecture: supportedArchitecture(name, info), zones };
  },
});

export const handler = lambdaHandler(resolveInstanceType);

/** `t3.*` allows every size of a family. */
function refuseForbidden(name: string, allowed: readonly string[]): void {
  const [family = ''] = name.split('.');
  if (allowed.length === 0 || allowed.includes(name) || allowed.includes(`${family}.*`)) return;
  throw new RecodeError('InstanceTypeNotAllowed', `Your team allows ${allowed.join(', ')}, not ${name}.`);
}

async function describe(ec2: EC2Client, name: string): Promise<InstanceTypeInfo | undefined> {
  const { InstanceTypes = [] } = await ec2.send(new DescribeInstanceTypesCommand({ Filters: [{ Name: 'instance-type', Values: [name] }] }));
  return InstanceTypes[0];
}

async function zonesOffering(ec2: EC2Client, name: string): Promise<string[]> {
  const { InstanceTypeOfferings = [] } = await ec2.send(
    new DescribeInstanceTypeOfferingsCommand({ LocationType: 'availability-zone', Filters: [{ Name: 'instance-type', Values: [name] }] }),
  );
  return InstanceTypeOfferings.flatMap(({ Location }) => Location ?? []).sort();
}

/** A type is judged by what EC2 says of it, never by its name. */
function supportedArchitecture(name: string, info: InstanceTypeInfo): 'x86_64' | 'arm64' {
  const offered = info.ProcessorInfo?.SupportedArchitectures ?? [];
  const architecture = architectures.find((known) => offered.includes(known));
  const problems = [
    !info.SupportedUsageClasses?.includes('on-demand') && 'it is not sold on demand',
    !info.SupportedVirtualizationTypes?.includes('hvm') && 'it boots no HVM image',
    !info.SupportedRootDeviceTypes?.includes('ebs') && 'it has no EBS root volume',
    architecture === undefined && `its architecture is ${offered.join(', ')}, not amd64 or arm64`,
  ].filter((problem) => problem !== false);
  if (architecture === undefined || problems.length > 0) {
    throw new RecodeError('InstanceTypeNotSupported', `${name} cannot hold an environment: ${problems.join('; ')}.`);
  }
  return architecture;
}

async function suggestion(ec2: EC2Client, name: string, zone: string | undefined): Promise<string> {
  const size = name.split('.')[1] ?? 'medium';
  const near = [...nearFamilies.map((family) => `${family}.${size}`), 't3.medium'] as _InstanceType[];
  const { InstanceTypeOfferings = [] } = await ec2.send(
    new DescribeInstanceTypeOfferingsCommand({
      LocationType: zone === undefined ? 'region' : 'availability-zone',
      Filters: [{ Name: 'instance-type', Values: near }, ...(zone === undefined ? [] : [{ Name: 'location', Values: [zone] }])],
    }),
  );
  const found = near.find((type) => type !== name && InstanceTypeOfferings.some(({ InstanceType }) => InstanceType === type));
  return found === undefined ? '' : ` It offers ${found}.`;
}
