import { DescribeInstanceAttributeCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { hasHomeKeys, hostKeyIn, type InstanceSettings, userData } from '../../core/user-data.ts';

/** Reads the user data of an instance, decoded. It holds the private half of the host key, so it never leaves the step that reads it. */
export async function readUserData(ec2: EC2Client, InstanceId: string): Promise<string> {
  const { UserData } = await ec2.send(new DescribeInstanceAttributeCommand({ InstanceId, Attribute: 'userData' }));
  return Buffer.from(UserData?.Value ?? '', 'base64').toString('utf8');
}

/** The user data that an instance is to have: with the host key of the present one, and keys in home folders as there, or not any more. */
export const userDataFor = (present: string, { homeKeys = true, ...settings }: InstanceSettings): string =>
  userData({ ...settings, hostKey: hostKeyIn(present), homeKeys: homeKeys && hasHomeKeys(present) });
