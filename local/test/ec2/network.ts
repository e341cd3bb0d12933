import {
  AssociateRouteTableCommand,
  AttachInternetGatewayCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateInternetGatewayCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  type EC2Client,
  type Instance,
  ModifySubnetAttributeCommand,
  ModifyVpcAttributeCommand,
} from '@aws-sdk/client-ec2';
import { expect } from 'vitest';

/** A VPC with one public subnet, for launches. */
export interface PublicNetwork {
  readonly vpcId: string;
  readonly gatewayId: string;
  readonly routeTableId: string;
  readonly subnetId: string;
  readonly groupId: string;
}

/** Creates a public network in zone a (or another). Its security group allows everybody on one port. */
export async function makePublicNetwork(
  client: EC2Client,
  given: { zone?: string; cidr?: string; port?: number } = {},
): Promise<PublicNetwork> {
  const vpcId = known((await client.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }))).Vpc?.VpcId);
  await client.send(new ModifyVpcAttributeCommand({ VpcId: vpcId, EnableDnsHostnames: { Value: true } }));
  const gatewayId = known((await client.send(new CreateInternetGatewayCommand())).InternetGateway?.InternetGatewayId);
  await client.send(new AttachInternetGatewayCommand({ InternetGatewayId: gatewayId, VpcId: vpcId }));
  const zone = given.zone ?? 'us-east-1a';
  const subnet = await client.send(
    new CreateSubnetCommand({ VpcId: vpcId, CidrBlock: given.cidr ?? '10.0.0.0/24', AvailabilityZone: zone }),
  );
  const subnetId = known(subnet.Subnet?.SubnetId);
  await client.send(new ModifySubnetAttributeCommand({ SubnetId: subnetId, MapPublicIpOnLaunch: { Value: true } }));
  const table = await client.send(new CreateRouteTableCommand({ VpcId: vpcId }));
  const routeTableId = known(table.RouteTable?.RouteTableId);
  await client.send(new CreateRouteCommand({ RouteTableId: routeTableId, DestinationCidrBlock: '0.0.0.0/0', GatewayId: gatewayId }));
  await client.send(new AssociateRouteTableCommand({ RouteTableId: routeTableId, SubnetId: subnetId }));
  const group = await client.send(new CreateSecurityGroupCommand({ VpcId: vpcId, GroupName: 'web', Description: 'web' }));
  const groupId = known(group.GroupId);
  const port = given.port ?? 22;
  await client.send(
    new AuthorizeSecurityGroupIngressCommand({
      GroupId: groupId,
      IpPermissions: [{ IpProtocol: 'tcp', FromPort: port, ToPort: port, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
    }),
  );
  return { vpcId, gatewayId, routeTableId, subnetId, groupId };
}

/** The newest available image of an architecture. */
export async function imageFor(client: EC2Client, architecture: 'x86_64' | 'arm64' = 'x86_64'): Promise<string> {
  const { Images = [] } = await client.send(
    new DescribeImagesCommand({
      Owners: ['099720109477'],
      Filters: [
        { Name: 'architecture', Values: [architecture] },
        { Name: 'state', Values: ['available'] },
      ],
    }),
  );
  return known(Images.sort((a, b) => known(b.CreationDate).localeCompare(known(a.CreationDate)))[0]?.ImageId);
}

export async function instanceOf(client: EC2Client, id: string): Promise<Instance> {
  const { Reservations } = await client.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  return known(Reservations?.[0]?.Instances?.[0]);
}

/** Waits until an instance is in a state, and returns it. */
export async function reached(client: EC2Client, id: string, state: string): Promise<Instance> {
  await expect.poll(async () => (await instanceOf(client, id)).State?.Name, { timeout: 20_000, interval: 20 }).toBe(state);
  return instanceOf(client, id);
}

/** The value. Throws if it is undefined. */
export function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('The answer lacks a value that the test needs.');
  return value;
}
