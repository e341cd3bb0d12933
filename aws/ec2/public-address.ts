import { type EC2Client, ModifyNetworkInterfaceAttributeCommand, type NetworkInterface } from '@aws-sdk/client-ec2';

/**
 * Has EC2 give the instance of a network interface a public address: at its next launch or start, and at once where it runs. An interface
 * that was made while the subnet gave none would never get one.
 */
export async function ensurePublicAddress(ec2: EC2Client, { NetworkInterfaceId, Association }: NetworkInterface): Promise<void> {
  // It has one. Where that is an Elastic IP address of the team's, theirs is the one to keep.
  if (Association?.PublicIp) return;
  await ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, AssociatePublicIpAddress: true }));
}
