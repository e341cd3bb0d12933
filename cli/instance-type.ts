import { RecodeError } from '../core/errors.ts';
import { isInstanceTypeName } from '../core/instance-type.ts';

/**
 * Reads the name of an instance type. Which there are is EC2's to say.
 *
 * @param source what it was given for, such as `--instance-type`
 * @throws RecodeError InstanceTypeNotValid
 */
export function parseInstanceType(text: string, source: string): string {
  if (isInstanceTypeName(text)) return text;
  throw new RecodeError(
    'InstanceTypeNotValid',
    `Invalid ${source} '${text}'. Use the name of an EC2 instance type, for example t3.medium.`,
  );
}
