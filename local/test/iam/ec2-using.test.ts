import {
  AssociateRouteTableCommand,
  AttachInternetGatewayCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateInternetGatewayCommand,
  CreateRouteCommand,
  CreateTagsCommand,
  DeleteInternetGatewayCommand,
  DeleteKeyPairCommand,
  DeleteNetworkInterfaceCommand,
  DeleteRouteCommand,
  DeleteRouteTableCommand,
  DeleteSecurityGroupCommand,
  DeleteSnapshotCommand,
  DeleteSubnetCommand,
  DeleteTagsCommand,
  DeleteVolumeCommand,
  DeleteVpcCommand,
  DeregisterImageCommand,
  DescribeInstanceAttributeCommand,
  DescribeVpcAttributeCommand,
  DetachInternetGatewayCommand,
  DisassociateRouteTableCommand,
  type EC2Client,
  GetConsoleOutputCommand,
  ModifyInstanceAttributeCommand,
  ModifyNetworkInterfaceAttributeCommand,
  ModifySubnetAttributeCommand,
  ModifyVolumeCommand,
  ModifyVpcAttributeCommand,
  RevokeSecurityGroupIngressCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { reached } from '../ec2/network.ts';
import { type RecordedEc2, startRecordedEc2 } from './recorded.ts';
import { launch, makeResources, rules, ST, tagged } from './resources.ts';

let ec2: RecordedEc2;
let made: Awaited<ReturnType<typeof makeResources>>;
beforeAll(async () => {
  ec2 = await startRecordedEc2();
  made = await makeResources(ec2.client);
});
afterAll(() => ec2.stop());

type Expected = readonly [call: (client: EC2Client) => Promise<unknown>, needs: () => readonly string[]];

const using: readonly (readonly [action: string, ...call: Expected])[] = [
  [
    'ModifyVpcAttribute',
    (to) => to.send(new ModifyVpcAttributeCommand({ VpcId: made.vpcId, EnableDnsSupport: { Value: true } })),
    () => [`ec2:ModifyVpcAttribute vpc/${made.vpcId} ${ST}`],
  ],
  [
    'DescribeVpcAttribute',
    (to) => to.send(new DescribeVpcAttributeCommand({ VpcId: made.vpcId, Attribute: 'enableDnsSupport' })),
    () => [`ec2:DescribeVpcAttribute vpc/${made.vpcId} ${ST}`],
  ],
  ['DeleteVpc', (to) => to.send(new DeleteVpcCommand({ VpcId: made.vpcId })), () => [`ec2:DeleteVpc vpc/${made.vpcId} ${ST}`]],
  [
    'ModifySubnetAttribute',
    (to) => to.send(new ModifySubnetAttributeCommand({ SubnetId: made.subnetId, MapPublicIpOnLaunch: { Value: true } })),
    () => [`ec2:ModifySubnetAttribute subnet/${made.subnetId} ${ST}`],
  ],
  [
    'DeleteSubnet',
    (to) => to.send(new DeleteSubnetCommand({ SubnetId: made.subnetId })),
    () => [`ec2:DeleteSubnet subnet/${made.subnetId} ${ST}`],
  ],
  [
    'ModifyNetworkInterfaceAttribute',
    (to) =>
      to.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId: made.networkInterfaceId, AssociatePublicIpAddress: true })),
    () => [`ec2:ModifyNetworkInterfaceAttribute network-interface/${made.networkInterfaceId} ${ST}`],
  ],
  [
    'AttachInternetGateway',
    (to) => to.send(new AttachInternetGatewayCommand({ InternetGatewayId: made.gatewayId, VpcId: made.vpcId })),
    () => [`ec2:AttachInternetGateway internet-gateway/${made.gatewayId} ${ST}`, `ec2:AttachInternetGateway vpc/${made.vpcId} ${ST}`],
  ],
  [
    'DetachInternetGateway',
    (to) => to.send(new DetachInternetGatewayCommand({ InternetGatewayId: made.gatewayId, VpcId: made.vpcId })),
    () => [`ec2:DetachInternetGateway internet-gateway/${made.gatewayId} ${ST}`, `ec2:DetachInternetGateway vpc/${made.vpcId} ${ST}`],
  ],
  [
    'DeleteInternetGateway',
    (to) => to.send(new DeleteInternetGatewayCommand({ InternetGatewayId: made.gatewayId, DryRun: true })),
    () => [`ec2:DeleteInternetGateway internet-gateway/${made.gatewayId} ${ST}`],
  ],
  [
    'CreateRoute',
    (to) =>
      to.send(new CreateRouteCommand({ RouteTableId: made.routeTableId, DestinationCidrBlock: '0.0.0.0/0', GatewayId: made.gatewayId })),
    () => [`ec2:CreateRoute route-table/${made.routeTableId} ${ST}`],
  ],
  [
    'DeleteRoute',
    (to) => to.send(new DeleteRouteCommand({ RouteTableId: made.routeTableId, DestinationCidrBlock: '0.0.0.0/0' })),
    () => [`ec2:DeleteRoute route-table/${made.routeTableId} ${ST}`],
  ],
  [
    'AssociateRouteTable',
    (to) => to.send(new AssociateRouteTableCommand({ RouteTableId: made.routeTableId, SubnetId: made.subnetId })),
    () => [`ec2:AssociateRouteTable route-table/${made.routeTableId} ${ST}`, `ec2:AssociateRouteTable subnet/${made.subnetId} ${ST}`],
  ],
  [
    'DisassociateRouteTable',
    (to) => to.send(new DisassociateRouteTableCommand({ AssociationId: made.associationId, DryRun: true })),
    () => [`ec2:DisassociateRouteTable route-table/${made.routeTableId} ${ST}`, `ec2:DisassociateRouteTable subnet/${made.subnetId} ${ST}`],
  ],
  [
    'DeleteRouteTable',
    (to) => to.send(new DeleteRouteTableCommand({ RouteTableId: made.routeTableId, DryRun: true })),
    () => [`ec2:DeleteRouteTable route-table/${made.routeTableId} ${ST}`],
  ],
  [
    'AuthorizeSecurityGroupIngress',
    (to) => to.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: made.groupId, IpPermissions: rules })),
    () => [`ec2:AuthorizeSecurityGroupIngress security-group/${made.groupId} ${ST}`],
  ],
  [
    'RevokeSecurityGroupIngress',
    (to) => to.send(new RevokeSecurityGroupIngressCommand({ GroupId: made.groupId, IpPermissions: rules })),
    () => [`ec2:RevokeSecurityGroupIngress security-group/${made.groupId} ${ST}`],
  ],
  [
    'DeleteSecurityGroup',
    (to) => to.send(new DeleteSecurityGroupCommand({ GroupId: made.groupId })),
    () => [`ec2:DeleteSecurityGroup security-group/${made.groupId} ${ST}`],
  ],
  [
    'DeleteKeyPair',
    (to) => to.send(new DeleteKeyPairCommand({ KeyPairId: made.keyPairId, DryRun: true })),
    () => [`ec2:DeleteKeyPair key-pair/key ${ST}`],
  ],
  [
    'DeleteNetworkInterface',
    (to) => to.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: made.networkInterfaceId, DryRun: true })),
    () => [`ec2:DeleteNetworkInterface network-interface/${made.networkInterfaceId} ${ST}`],
  ],
  [
    'StartInstances',
    (to) => to.send(new StartInstancesCommand({ InstanceIds: [made.instanceId] })),
    () => [`ec2:StartInstances instance/${made.instanceId} ${ST}`],
  ],
  [
    'StopInstances',
    (to) => to.send(new StopInstancesCommand({ InstanceIds: [made.instanceId, 'i-00000000000000000'], DryRun: true })),
    () => [`ec2:StopInstances instance/${made.instanceId} ${ST}`, 'ec2:StopInstances instance/i-00000000000000000'],
  ],
  [
    'TerminateInstances',
    (to) => to.send(new TerminateInstancesCommand({ InstanceIds: [made.instanceId], DryRun: true })),
    () => [`ec2:TerminateInstances instance/${made.instanceId} ${ST}`],
  ],
  [
    'GetConsoleOutput',
    (to) => to.send(new GetConsoleOutputCommand({ InstanceId: made.instanceId })),
    () => [`ec2:GetConsoleOutput instance/${made.instanceId} ${ST}`],
  ],
  [
    'DescribeInstanceAttribute',
    (to) => to.send(new DescribeInstanceAttributeCommand({ InstanceId: made.instanceId, Attribute: 'userData' })),
    () => [`ec2:DescribeInstanceAttribute instance/${made.instanceId} ${ST}`],
  ],
  [
    'ModifyInstanceAttribute',
    (to) =>
      to.send(new ModifyInstanceAttributeCommand({ InstanceId: made.instanceId, UserData: { Value: Buffer.from('x') }, DryRun: true })),
    () => [`ec2:ModifyInstanceAttribute instance/${made.instanceId} ${ST}`],
  ],
  [
    'ModifyVolume',
    (to) => to.send(new ModifyVolumeCommand({ VolumeId: made.volumeId, Size: 100, DryRun: true })),
    () => [`ec2:ModifyVolume volume/${made.volumeId} ${ST}`],
  ],
  [
    'DeleteVolume',
    (to) => to.send(new DeleteVolumeCommand({ VolumeId: made.volumeId })),
    () => [`ec2:DeleteVolume volume/${made.volumeId} ${ST}`],
  ],
  [
    'DeregisterImage',
    (to) => to.send(new DeregisterImageCommand({ ImageId: 'ami-00000000000000000', DryRun: true })),
    () => ['ec2:DeregisterImage arn:aws:ec2:us-east-1::image/ami-00000000000000000'],
  ],
  [
    'DeleteSnapshot',
    (to) => to.send(new DeleteSnapshotCommand({ SnapshotId: 'snap-00000000000000000', DryRun: true })),
    () => ['ec2:DeleteSnapshot arn:aws:ec2:us-east-1::snapshot/snap-00000000000000000'],
  ],
  [
    'CreateTags',
    (to) =>
      to.send(new CreateTagsCommand({ Resources: [made.vpcId, made.keyPairId], Tags: [{ Key: 'team', Value: 'blue' }], DryRun: true })),
    () => [`ec2:CreateTags vpc/${made.vpcId} aws:requesttag/team=blue ${ST}`, `ec2:CreateTags key-pair/key aws:requesttag/team=blue ${ST}`],
  ],
  [
    'DeleteTags',
    (to) => to.send(new DeleteTagsCommand({ Resources: [made.subnetId], Tags: [{ Key: 'team' }], DryRun: true })),
    () => [`ec2:DeleteTags subnet/${made.subnetId} ${ST}`],
  ],
];
describe('a call that uses or changes resources', () => {
  it.each(using)('%s needs permission for each resource, with its tags', async (_, call, needs) => {
    expect(await ec2.needs(call)).toEqual(needs());
  });

  it('finds no tags on a missing resource', async () => {
    expect(await ec2.needs((to) => to.send(new DeleteVpcCommand({ VpcId: 'vpc-00000000000000000' })))).toEqual([
      'ec2:DeleteVpc vpc/vpc-00000000000000000',
    ]);
    expect(await ec2.needs((to) => to.send(new DeleteKeyPairCommand({ KeyName: 'none' })))).toEqual(['ec2:DeleteKeyPair key-pair/none']);
    expect(await ec2.needs((to) => to.send(new DisassociateRouteTableCommand({ AssociationId: 'rtbassoc-0' })))).toEqual([
      'ec2:DisassociateRouteTable route-table/*',
    ]);
    expect(await ec2.needs((to) => to.send(new CreateTagsCommand({ Resources: ['odd'], Tags: [{ Key: 'other', Value: '' }] })))).toEqual([
      'ec2:CreateTags *',
    ]);
  });

  it('finds no tags on a resource that is not visible yet', async () => {
    ec2.set({ invisibleMilliseconds: 60_000 });
    onTestFinished(() => ec2.set({ invisibleMilliseconds: 0 }));
    const { InternetGateway } = await ec2.client.send(new CreateInternetGatewayCommand(tagged('internet-gateway')));
    const id = InternetGateway?.InternetGatewayId;
    expect(await ec2.needs((to) => to.send(new DeleteInternetGatewayCommand({ InternetGatewayId: id })))).toEqual([
      `ec2:DeleteInternetGateway internet-gateway/${id}`,
    ]);
  });

  it('finds no tags on a terminated instance', async () => {
    const instanceId = await launch(ec2.client, made.imageId, made.subnetId);
    await ec2.client.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
    await reached(ec2.client, instanceId, 'terminated');
    expect(await ec2.needs((to) => to.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] })))).toEqual([
      `ec2:TerminateInstances instance/${instanceId}`,
    ]);
  });
});
