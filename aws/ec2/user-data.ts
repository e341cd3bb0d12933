import { DescribeInstanceAttributeCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { hostKeyIn, userData } from '../../core/user-data.ts';

/** Reads the user data of an instance, decoded. It holds the private half of the host key, so it never leaves the step that reads it. */
export async function readUserData(ec2: EC2Client, InstanceId: string): Promise<string> {
  const { UserData } = await ec2.send(new DescribeInstanceAttributeCommand({ InstanceId, Attribute: 'userData' }));
  return Buffer.from(UserData?.Value ?? '', 'base64').toString('utf8');
}

/** The user data with the host key of the present one that lets in these public keys. */
export const userDataFor = (present: string, publicKeys: readonly string[]): string =>
  userData({ publicKeys, hostKey: hostKeyIn(present) });
