import { AwsFailure } from '../service.ts';

const largest = 16 * 1024;

/** The user data of an instance as its record has it: Base64. Throws `AwsFailure` if it is too large. */
export function storedUserData(bytes: Uint8Array): string {
  if (bytes.length > largest) throw new AwsFailure('InvalidParameterValue', `User data is limited to ${largest} bytes`);
  return Buffer.from(bytes).toString('base64');
}
