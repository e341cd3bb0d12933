import {
  AssociateRouteTableCommand,
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateNetworkInterfaceCommand,
  CreateRouteTableCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeSecurityGroupsCommand,
  DescribeVolumesCommand,
  type EC2Client,
  ImportKeyPairCommand,
  type ResourceType,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { imageFor, known } from '../ec2/network.ts';

export const publicKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDeRyuDvMlkRJmYLg7LLpOzFRcHFqy9bhPg6PH7/hWYi';
export const rules = [{ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '10.0.0.0/8' }] }];
/** Tags of new resources, and how needs show them. */
export const tagged = (...types: ResourceType[]) => ({
  TagSpecifications: types.map((type) => ({ ResourceType: type, Tags: [{ Key: 'team', Value: 'blue' }] })),
});
export const RT = 'aws:requesttag/team=blue';
export const ST = 'aws:resourcetag/team=red';

/** One resource of each kind, each with the tag team=red. */
export async function makeResources(to: EC2Client) {
  const red = (type: ResourceType) => ({ TagSpecifications: [{ ResourceType: type, Tags: [{ Key: 'team', Value: 'red' }] }] });
  const vpcId = known((await to.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16', ...red('vpc') }))).Vpc?.VpcId);
  const gateway = await to.send(new CreateInternetGatewayCommand(red('internet-gateway')));
  const gatewayId = known(gateway.InternetGateway?.InternetGatewayId);
  await to.send(new AttachInternetGatewayCommand({ InternetGatewayId: gatewayId, VpcId: vpcId }));
  const subnet = await to.send(
    new CreateSubnetCommand({ VpcId: vpcId, CidrBlock: '10.0.0.0/24', AvailabilityZone: 'us-east-1a', ...red('subnet') }),
  );
  const subnetId = known(subnet.Subnet?.SubnetId);
  const routeTableId = known(
    (await to.send(new CreateRouteTableCommand({ VpcId: vpcId, ...red('route-table') }))).RouteTable?.RouteTableId,
  );
  const association = await to.send(new AssociateRouteTableCommand({ RouteTableId: routeTableId, SubnetId: subnetId }));
  const group = await to.send(
    new CreateSecurityGroupCommand({ GroupName: 'group', Description: 'group', VpcId: vpcId, ...red('security-group') }),
  );
  const groupId = known(group.GroupId);
  const card = await to.send(new CreateNetworkInterfaceCommand({ SubnetId: subnetId, Groups: [groupId], ...red('network-interface') }));
  const key = await to.send(new ImportKeyPairCommand({ KeyName: 'key', PublicKeyMaterial: Buffer.from(publicKey), ...red('key-pair') }));
  const { SecurityGroups = [] } = await to.send(
    new DescribeSecurityGroupsCommand({ Filters: [{ Name: 'group-name', Values: ['default'] }] }),
  );
  const imageId = await imageFor(to);
  const instanceId = await launch(to, imageId, subnetId, red('instance').TagSpecifications, red('volume').TagSpecifications);
  const { Volumes = [] } = await to.send(new DescribeVolumesCommand());
  return {
    vpcId,
    gatewayId,
    subnetId,
    routeTableId,
    associationId: known(association.AssociationId),
    groupId,
    defaultGroupId: known(SecurityGroups[0]?.GroupId),
    networkInterfaceId: known(card.NetworkInterface?.NetworkInterfaceId),
    keyPairId: known(key.KeyPairId),
    imageId,
    instanceId,
    volumeId: known(Volumes[0]?.VolumeId),
  };
}

type TagSpecifications = ReturnType<typeof tagged>['TagSpecifications'];

export async function launch(to: EC2Client, imageId: string, subnetId: string, ...tags: TagSpecifications[]): Promise<string> {
  const { Instances = [] } = await to.send(
    new RunInstancesCommand({
      ImageId: imageId,
      InstanceType: 't3.medium',
      MinCount: 1,
      MaxCount: 1,
      SubnetId: subnetId,
      TagSpecifications: tags.length > 0 ? tags.flat() : tagged('instance').TagSpecifications,
    }),
  );
  return known(Instances[0]?.InstanceId);
}
