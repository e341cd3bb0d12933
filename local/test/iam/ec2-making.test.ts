import {
  AuthorizeSecurityGroupIngressCommand,
  CreateImageCommand,
  CreateInternetGatewayCommand,
  CreateNetworkInterfaceCommand,
  CreateRouteTableCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  type EC2Client,
  ImportKeyPairCommand,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RecordedEc2, startRecordedEc2 } from './recorded.ts';
import { makeResources, publicKey, RT, rules, ST, tagged } from './resources.ts';

let ec2: RecordedEc2;
let made: Awaited<ReturnType<typeof makeResources>>;
beforeAll(async () => {
  ec2 = await startRecordedEc2();
  made = await makeResources(ec2.client);
});
afterAll(() => ec2.stop());

type Expected = readonly [call: (client: EC2Client) => Promise<unknown>, needs: () => readonly string[]];

const creating: readonly (readonly [action: string, ...call: Expected])[] = [
  [
    'CreateVpc',
    (to) => to.send(new CreateVpcCommand({ CidrBlock: '10.1.0.0/16', ...tagged('vpc') })),
    () => [`ec2:CreateVpc vpc/* ${RT}`, `ec2:CreateTags vpc/* ${RT} ec2:createaction=CreateVpc`],
  ],
  [
    'CreateSubnet',
    (to) => to.send(new CreateSubnetCommand({ VpcId: made.vpcId, CidrBlock: '10.0.9.0/24', ...tagged('subnet') })),
    () => [
      `ec2:CreateSubnet subnet/* ${RT}`,
      `ec2:CreateTags subnet/* ${RT} ec2:createaction=CreateSubnet`,
      `ec2:CreateSubnet vpc/${made.vpcId} ${ST}`,
    ],
  ],
  [
    'CreateInternetGateway',
    (to) => to.send(new CreateInternetGatewayCommand(tagged('internet-gateway'))),
    () => [
      `ec2:CreateInternetGateway internet-gateway/* ${RT}`,
      `ec2:CreateTags internet-gateway/* ${RT} ec2:createaction=CreateInternetGateway`,
    ],
  ],
  [
    'CreateRouteTable',
    (to) => to.send(new CreateRouteTableCommand({ VpcId: made.vpcId, ...tagged('route-table') })),
    () => [
      `ec2:CreateRouteTable route-table/* ${RT}`,
      `ec2:CreateTags route-table/* ${RT} ec2:createaction=CreateRouteTable`,
      `ec2:CreateRouteTable vpc/${made.vpcId} ${ST}`,
    ],
  ],
  [
    'CreateImage',
    (to) => to.send(new CreateImageCommand({ InstanceId: made.instanceId, Name: 'copy', ...tagged('image', 'snapshot'), DryRun: true })),
    () => [
      `ec2:CreateImage arn:aws:ec2:us-east-1::image/* ${RT}`,
      `ec2:CreateTags arn:aws:ec2:us-east-1::image/* ${RT} ec2:createaction=CreateImage`,
      `ec2:CreateImage instance/${made.instanceId} aws:resourcetag/team=red`,
      `ec2:CreateImage arn:aws:ec2:us-east-1::snapshot/* ${RT}`,
      `ec2:CreateTags arn:aws:ec2:us-east-1::snapshot/* ${RT} ec2:createaction=CreateImage`,
    ],
  ],
  [
    'CreateSecurityGroup',
    (to) => to.send(new CreateSecurityGroupCommand({ GroupName: 'g', Description: 'g', VpcId: made.vpcId, ...tagged('security-group') })),
    () => [
      `ec2:CreateSecurityGroup security-group/* ${RT}`,
      `ec2:CreateTags security-group/* ${RT} ec2:createaction=CreateSecurityGroup`,
      `ec2:CreateSecurityGroup vpc/${made.vpcId} ${ST}`,
    ],
  ],
  [
    'ImportKeyPair',
    (to) => to.send(new ImportKeyPairCommand({ KeyName: 'new', PublicKeyMaterial: Buffer.from(publicKey), ...tagged('key-pair') })),
    () => [`ec2:ImportKeyPair key-pair/new ${RT}`, `ec2:CreateTags key-pair/new ${RT} ec2:createaction=ImportKeyPair`],
  ],
  [
    'CreateNetworkInterface',
    (to) => to.send(new CreateNetworkInterfaceCommand({ SubnetId: made.subnetId, Groups: [made.groupId], ...tagged('network-interface') })),
    () => [
      `ec2:CreateNetworkInterface network-interface/* ${RT}`,
      `ec2:CreateTags network-interface/* ${RT} ec2:createaction=CreateNetworkInterface`,
      `ec2:CreateNetworkInterface subnet/${made.subnetId} ${ST}`,
      `ec2:CreateNetworkInterface security-group/${made.groupId} ${ST}`,
    ],
  ],
  [
    'RunInstances',
    (to) =>
      to.send(
        new RunInstancesCommand({
          DryRun: true,
          ImageId: made.imageId,
          MinCount: 1,
          MaxCount: 1,
          KeyName: 'key',
          NetworkInterfaces: [{ DeviceIndex: 0, NetworkInterfaceId: made.networkInterfaceId }],
          ...tagged('instance', 'volume'),
        }),
      ),
    () => [
      `ec2:RunInstances instance/* ${RT}`,
      `ec2:CreateTags instance/* ${RT} ec2:createaction=RunInstances`,
      `ec2:RunInstances volume/* ${RT}`,
      `ec2:CreateTags volume/* ${RT} ec2:createaction=RunInstances`,
      // Its tags do not count.
      `ec2:RunInstances network-interface/${made.networkInterfaceId}`,
      `ec2:RunInstances subnet/${made.subnetId} ${ST}`,
      `ec2:RunInstances security-group/${made.groupId} ${ST}`,
      `ec2:RunInstances key-pair/key ${ST}`,
      `ec2:RunInstances arn:aws:ec2:us-east-1::image/${made.imageId}`,
      `ec2:RunInstances arn:aws:ec2:us-east-1::snapshot/${made.imageId.replace('ami', 'snap')}`,
    ],
  ],
];
describe('a call that creates a resource', () => {
  it.each(creating)('%s needs permission to create it, to tag it, and to use other resources', async (_, call, needs) => {
    expect(await ec2.needs(call)).toEqual(needs());
  });

  it('needs no permission to tag without tags', async () => {
    expect(await ec2.needs((to) => to.send(new CreateInternetGatewayCommand()))).toEqual(['ec2:CreateInternetGateway internet-gateway/*']);
  });

  it('needs permission for security group rules only if it tags them', async () => {
    const call = new AuthorizeSecurityGroupIngressCommand({
      GroupId: made.groupId,
      IpPermissions: rules,
      DryRun: true,
      ...tagged('security-group-rule'),
    });
    expect(await ec2.needs((to) => to.send(call))).toEqual([
      `ec2:AuthorizeSecurityGroupIngress security-group/${made.groupId} ${ST}`,
      `ec2:AuthorizeSecurityGroupIngress security-group-rule/* ${RT}`,
      `ec2:CreateTags security-group-rule/* ${RT} ec2:createaction=AuthorizeSecurityGroupIngress`,
    ]);
  });

  it('needs the default security group for a launch with a new interface', async () => {
    const launch = new RunInstancesCommand({ DryRun: true, ImageId: 'ami-0', MinCount: 1, MaxCount: 1, SubnetId: made.subnetId });
    expect(await ec2.needs((to) => to.send(launch))).toEqual([
      'ec2:RunInstances instance/*',
      'ec2:RunInstances volume/*',
      'ec2:RunInstances network-interface/*',
      `ec2:RunInstances subnet/${made.subnetId} ${ST}`,
      `ec2:RunInstances security-group/${made.defaultGroupId}`,
      'ec2:RunInstances arn:aws:ec2:us-east-1::image/ami-0',
    ]);
  });
});
