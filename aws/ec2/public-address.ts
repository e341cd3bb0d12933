import { DescribeNetworkInterfacesCommand, type EC2Client, ModifyNetworkInterfaceAttributeCommand } from '@aws-sdk/client-ec2';
import { hasTags, managedBy } from '../../core/tags.ts';

/**
 * Has EC2 give a running instance a public address at once, on its first network interface. One that was made while the subnet gave none would
 * never get one. An interface that is not Recode's stays as it is, and so does one with an address: an Elastic IP address of the team's counts.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/working-with-ip-addresses.html
 */
export async function ensurePublicAddress(ec2: EC2Client, instanceId: string): Promise<void> {
  const { NetworkInterfaces = [] } = await ec2.send(
    new DescribeNetworkInterfacesCommand({
      Filters: [
        { Name: 'attachment.instance-id', Values: [instanceId] },
        { Name: 'attachment.device-index', Values: ['0'] },
      ],
    }),
  );
  const primary = NetworkInterfaces.find(({ TagSet }) => hasTags(TagSet, [managedBy]));
  if (!primary || primary.Association?.PublicIp) return;
  const { NetworkInterfaceId } = primary;
  await ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, AssociatePublicIpAddress: true }));
}
