import {
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateNetworkInterfaceCommand,
  CreateRouteTableCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeSecurityGroupsCommand,
  type EC2Client,
  ModifySubnetAttributeCommand,
  type ResourceType,
  type Tag,
} from '@aws-sdk/client-ec2';

/** Resources made by hand, as an earlier attempt or somebody else would have left them. */

/** The tags that a resource of the region's network bears. */
export const networkTagsOf = (name: string): Tag[] => [
  { Key: 'Name', Value: name },
  { Key: 'recode:managed-by', Value: 'recode' },
];

/** The tags that a resource of the environment acme/api of alice bears. */
export const environmentTagsOf = (resource: string): Tag[] => [
  { Key: 'Name', Value: `recode-acme-api-${resource}` },
  { Key: 'recode:managed-by', Value: 'recode' },
  { Key: 'recode:environment', Value: 'acme-api' },
  { Key: 'recode:owner', Value: 'alice' },
  { Key: 'recode:repository', Value: 'acme/api' },
];

/** Tags as a creating call takes them; none for a resource of somebody else's. */
export const tagging = (ResourceType: ResourceType, Tags: Tag[]) => (Tags.length > 0 ? [{ ResourceType, Tags }] : []);

/** A VPC as CreateVpc leaves it; without tags it is somebody else's. */
export async function makeVpc(ec2: EC2Client, tags: Tag[] = networkTagsOf('recode-vpc'), cidr = '10.0.0.0/16'): Promise<string> {
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: cidr, TagSpecifications: tagging('vpc', tags) }));
  return idOf(Vpc?.VpcId);
}

export async function makeSubnet(
  ec2: EC2Client,
  vpcId: string,
  {
    tags = networkTagsOf('recode-public-subnet'),
    cidr = '10.0.0.0/24',
    zone = 'us-east-1b',
  }: { tags?: Tag[]; cidr?: string; zone?: string } = {},
): Promise<string> {
  const { Subnet } = await ec2.send(
    new CreateSubnetCommand({ VpcId: vpcId, CidrBlock: cidr, AvailabilityZone: zone, TagSpecifications: tagging('subnet', tags) }),
  );
  return idOf(Subnet?.SubnetId);
}

/** An internet gateway, attached where a VPC is given. */
export async function makeGateway(ec2: EC2Client, vpcId?: string, tags: Tag[] = networkTagsOf('recode-internet-gateway')): Promise<string> {
  const { InternetGateway } = await ec2.send(new CreateInternetGatewayCommand({ TagSpecifications: tagging('internet-gateway', tags) }));
  const id = idOf(InternetGateway?.InternetGatewayId);
  if (vpcId !== undefined) await ec2.send(new AttachInternetGatewayCommand({ InternetGatewayId: id, VpcId: vpcId }));
  return id;
}

/** A route table that no subnet uses. */
export async function makeRouteTable(ec2: EC2Client, VpcId: string, tags: Tag[] = networkTagsOf('recode-route-table')): Promise<string> {
  const { RouteTable } = await ec2.send(new CreateRouteTableCommand({ VpcId, TagSpecifications: tagging('route-table', tags) }));
  return idOf(RouteTable?.RouteTableId);
}

export async function makeGroup(
  ec2: EC2Client,
  VpcId: string,
  tags: Tag[] = environmentTagsOf('security-group'),
  GroupName = 'recode-acme-api-security-group',
): Promise<string> {
  const TagSpecifications = tagging('security-group', tags);
  const { GroupId } = await ec2.send(new CreateSecurityGroupCommand({ GroupName, Description: 'made by hand', VpcId, TagSpecifications }));
  return idOf(GroupId);
}

/** A network interface, in its VPC's default group where none is given. */
export async function makeInterface(
  ec2: EC2Client,
  SubnetId: string,
  Groups?: string[],
  tags: Tag[] = environmentTagsOf('network-interface'),
): Promise<string> {
  const TagSpecifications = tagging('network-interface', tags);
  const { NetworkInterface } = await ec2.send(new CreateNetworkInterfaceCommand({ SubnetId, Groups, TagSpecifications }));
  return idOf(NetworkInterface?.NetworkInterfaceId);
}

/** A whole network as a finished start leaves it, but for its route table. */
export async function makeNetwork(ec2: EC2Client): Promise<{ vpcId: string; subnetId: string; internetGatewayId: string }> {
  const vpcId = await makeVpc(ec2);
  const subnetId = await makeSubnet(ec2, vpcId);
  await ec2.send(new ModifySubnetAttributeCommand({ SubnetId: subnetId, MapPublicIpOnLaunch: { Value: true } }));
  return { vpcId, subnetId, internetGatewayId: await makeGateway(ec2, vpcId) };
}

/** An id that an answer bears. */
export function idOf(id: string | undefined): string {
  if (id === undefined) throw new Error('The answer bears no id.');
  return id;
}

/** The security groups besides the default ones that come with each VPC. */
export async function groupsOf(ec2: EC2Client) {
  const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({}));
  return SecurityGroups.filter((group) => group.GroupName !== 'default').map((group) => ({
    id: group.GroupId,
    name: group.GroupName,
    description: group.Description,
    vpcId: group.VpcId,
    ingress: group.IpPermissions?.map(({ IpProtocol, FromPort, ToPort, IpRanges }) => ({
      protocol: IpProtocol,
      from: FromPort,
      to: ToPort,
      blocks: IpRanges?.map(({ CidrIp }) => CidrIp),
    })),
    tags: group.Tags,
  }));
}
