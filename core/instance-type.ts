import * as v from 'valibot';
import { RecodeError } from './errors.ts';

/** What could be the name of an instance type; which there are is EC2's to say. */
export const InstanceTypeName = v.pipe(
  v.string(),
  v.check((text) => isInstanceTypeName(text), 'the name of an instance type'),
);

/** Whether a text could be the name of an instance type, such as `t2.medium` or `u-3tb1.56xlarge`. */
export function isInstanceTypeName(text: string): boolean {
  return /^(?=.{1,64}$)[a-z0-9-]+\.[a-z0-9-]+$/.test(text);
}

/** An instance type that a start may use: a noun of the state document. */
export const InstanceType = v.object({
  name: v.string(),
  architecture: v.picklist(['x86_64', 'arm64']),
  /** Names of the zones that offer it, among which may be Local Zones. Empty if nobody has asked, because there is an instance. */
  zones: v.array(v.string()),
  /** Whether it is built on the Nitro System, whose instances need the driver of the Elastic Network Adapter. */
  nitro: v.optional(v.boolean(), false),
  bootModes: v.optional(v.array(v.string()), []),
});
export type InstanceType = v.InferOutput<typeof InstanceType>;

/** What EC2 says of an instance type, as far as it decides whether an environment can have it. */
export interface DescribedType {
  readonly name: string;
  readonly architectures: readonly string[];
  readonly usageClasses: readonly string[];
  readonly rootDeviceTypes: readonly string[];
  readonly virtualizationTypes: readonly string[];
}

type Architecture = InstanceType['architecture'];

/**
 * The architecture of the image that an instance of this type boots. A type is judged by what EC2 says of it, never by its name.
 *
 * @throws RecodeError InstanceTypeNotSupported when no environment can have the type
 */
export function architectureFor(type: DescribedType): Architecture {
  const architecture = architectures.find((known) => type.architectures.includes(known));
  const problems = [
    !type.usageClasses.includes('on-demand') && 'it is not sold on demand',
    !type.virtualizationTypes.includes('hvm') && 'it boots no HVM image',
    !type.rootDeviceTypes.includes('ebs') && 'it has no EBS root volume',
    architecture === undefined && `its architecture is ${type.architectures.join(', ')}, not amd64 or arm64`,
  ].filter((problem) => problem !== false);
  if (architecture === undefined || problems.length > 0)
    throw new RecodeError('InstanceTypeNotSupported', `${type.name} cannot hold an environment: ${problems.join('; ')}.`);
  return architecture;
}

const architectures: readonly Architecture[] = ['x86_64', 'arm64'];
