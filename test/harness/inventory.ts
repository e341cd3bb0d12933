import { ListTablesCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import {
  DescribeInstancesCommand,
  DescribeInternetGatewaysCommand,
  DescribeKeyPairsCommand,
  DescribeNetworkInterfacesCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVolumesCommand,
  DescribeVpcAttributeCommand,
  DescribeVpcsCommand,
} from '@aws-sdk/client-ec2';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import * as v from 'valibot';
import { expect } from 'vitest';
import { unless } from '../../aws/errors.ts';
import { Environment, statusOf } from '../../core/environment.ts';
import { candidateNames, tableName } from '../../core/names.ts';
import type { EnvironmentStatus } from '../../core/status.ts';

/** Everything that an account holds in a region, as its owner sees it, without what AWS creates (main route tables, default groups). */
export type Inventory = Awaited<ReturnType<typeof inventory>>;

export async function inventory({ clients: { ec2, dynamodb } }: TestAws) {
  const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({}));
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
  const { InternetGateways = [] } = await ec2.send(new DescribeInternetGatewaysCommand({}));
  const { RouteTables = [] } = await ec2.send(new DescribeRouteTablesCommand({}));
  const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({}));
  const { KeyPairs = [] } = await ec2.send(new DescribeKeyPairsCommand({}));
  const { NetworkInterfaces = [] } = await ec2.send(new DescribeNetworkInterfacesCommand({}));
  const { Volumes = [] } = await ec2.send(new DescribeVolumesCommand({}));
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({}));
  const scanned = await unless('no-table', dynamodb.send(new ScanCommand({ TableName: tableName })));
  return {
    vpcs: Vpcs,
    subnets: Subnets,
    internetGateways: InternetGateways,
    routeTables: RouteTables.filter(({ Associations = [] }) => !Associations.some(({ Main }) => Main)),
    securityGroups: SecurityGroups.filter(({ GroupName }) => GroupName !== 'default'),
    keyPairs: KeyPairs,
    networkInterfaces: NetworkInterfaces,
    volumes: Volumes,
    instances: Reservations.flatMap(({ Instances = [] }) => Instances).filter(({ State }) => State?.Name !== 'terminated'),
    items: scanned?.Items?.map((item) => unmarshall(item)),
  };
}

/** The status of the only environment; undefined where there is none. */
export async function statusNow(aws: TestAws): Promise<EnvironmentStatus | undefined> {
  const item = (await inventory(aws)).items?.find(({ kind }) => kind === 'environment');
  return item && statusOf(v.parse(Environment, item));
}

/**
 * Checks that the account holds one complete network, with one subnet or more, `count` environments and nothing else. Each environment has
 * exactly one of each resource, completely configured, and a record that agrees with it and that no operation holds. Returns what it found.
 */
export async function expectConverged(aws: TestAws, count: number, status: 'started' | 'stopped' = 'started'): Promise<Inventory> {
  const found = await inventory(aws);
  await expectOneNetwork(aws, found);
  const environments = (found.items ?? []).filter(({ kind }) => kind === 'environment');
  expect(environments, 'environments').toHaveLength(count);
  for (const kind of ['securityGroups', 'keyPairs', 'networkInterfaces', 'instances', 'volumes'] as const)
    expect(found[kind], kind).toHaveLength(count);
  expect(
    found.items?.filter(({ kind }) => kind === 'name'),
    'names',
  ).toHaveLength(count);
  for (const item of environments) {
    for (const passing of ['lock', 'lastError', 'changing']) expect(item).not.toHaveProperty(passing);
    const environment = v.parse(Environment, item);
    expect([statusOf(environment), environment.name]).toEqual([status, expect.any(String)]);
    expect(environment.wanted.power).toBe(status === 'started' ? 'on' : 'off');
    expect(environment.observed?.publicIpAddress !== undefined, 'an address').toBe(status === 'started');
    if (status === 'stopped') expect(item.wanted, 'a time to stop at').not.toHaveProperty('stopAt');
    expectEnvironment(found, environment);
  }
  return found;
}

/** Checks that the account is empty, as before the first start. */
export async function expectNothing(aws: TestAws): Promise<void> {
  const { items, ...resources } = await inventory(aws);
  for (const [kind, found] of Object.entries(resources)) expect(found, kind).toEqual([]);
  const { TableNames } = await aws.clients.dynamodb.send(new ListTablesCommand({}));
  expect(TableNames).toEqual([]);
}

async function expectOneNetwork(aws: TestAws, found: Inventory): Promise<void> {
  const { vpcs, internetGateways, routeTables, items } = found;
  const subnets = found.subnets.toSorted((one, other) => (one.CidrBlock ?? '').localeCompare(other.CidrBlock ?? ''));
  expect([vpcs.length, internetGateways.length, routeTables.length]).toEqual([1, 1, 1]);
  const [vpc, subnet, gateway, table] = [vpcs[0], subnets[0], internetGateways[0], routeTables[0]];
  const named = (name: string) =>
    expect.arrayContaining([
      { Key: 'Name', Value: name },
      { Key: 'recode:managed-by', Value: 'recode' },
    ]);
  expect(vpc).toMatchObject({ CidrBlock: '10.0.0.0/16', Tags: named('recode-vpc') });
  for (const Attribute of ['enableDnsSupport', 'enableDnsHostnames'] as const) {
    const { EnableDnsSupport, EnableDnsHostnames } = await aws.clients.ec2.send(
      new DescribeVpcAttributeCommand({ VpcId: vpc?.VpcId, Attribute }),
    );
    expect((EnableDnsSupport ?? EnableDnsHostnames)?.Value, Attribute).toBe(true);
  }
  expect(subnets.length).toBeGreaterThan(0);
  for (const [index, each] of subnets.entries()) {
    expect(each).toMatchObject({
      VpcId: vpc?.VpcId,
      CidrBlock: `10.0.${index}.0/24`,
      MapPublicIpOnLaunch: true,
      Tags: named(index === 0 ? 'recode-public-subnet' : `recode-public-subnet-${index + 1}`),
    });
  }
  expect(gateway).toMatchObject({ Attachments: [{ VpcId: vpc?.VpcId }], Tags: named('recode-internet-gateway') });
  expect(table).toMatchObject({ VpcId: vpc?.VpcId, Tags: named('recode-route-table') });
  expect(table?.Associations?.map(({ SubnetId }) => SubnetId).sort()).toEqual(subnets.map(({ SubnetId }) => SubnetId).sort());
  expect(table?.Routes).toContainEqual(
    expect.objectContaining({ DestinationCidrBlock: '0.0.0.0/0', GatewayId: gateway?.InternetGatewayId }),
  );
  const network = items?.filter(({ kind }) => kind === 'network');
  expect(network).toEqual([
    {
      kind: 'network',
      id: 'network',
      format: 2,
      status: 'ready',
      installation: expect.any(String),
      ids: {
        vpcId: vpc?.VpcId,
        subnets: [{ subnetId: subnet?.SubnetId }],
        internetGatewayId: gateway?.InternetGatewayId,
        routeTableId: table?.RouteTableId,
      },
    },
  ]);
}

function expectEnvironment(found: Inventory, environment: Environment): void {
  const { name = '', owner, repository, wanted, observed } = environment;
  const tags = (resource: string) =>
    expect.arrayContaining([
      { Key: 'Name', Value: `recode-${name}-${resource}` },
      { Key: 'recode:managed-by', Value: 'recode' },
      { Key: 'recode:environment', Value: name },
      { Key: 'recode:owner', Value: owner },
      { Key: 'recode:repository', Value: repository },
    ]);
  const group = found.securityGroups.find(({ GroupName }) => GroupName === `recode-${name}-security-group`);
  expect(group).toMatchObject({
    Tags: tags('security-group'),
    IpPermissions: [{ IpProtocol: 'tcp', FromPort: 2200, ToPort: 2200, IpRanges: wanted.allowCidrs.map((CidrIp) => ({ CidrIp })) }],
  });
  const key = found.keyPairs.find(({ KeyName }) => KeyName === `recode-${name}-key-pair`);
  expect(key).toMatchObject({ Tags: tags('key-pair') });
  const instance = found.instances.find(({ InstanceId }) => InstanceId === observed?.instanceId);
  const [device] = instance?.NetworkInterfaces ?? [];
  const networkInterface = found.networkInterfaces.find(({ NetworkInterfaceId }) => NetworkInterfaceId === device?.NetworkInterfaceId);
  expect(networkInterface).toMatchObject({
    TagSet: tags('network-interface'),
    Description: `recode-${name}-network-interface`,
    Groups: [{ GroupId: group?.GroupId }],
    SubnetId: instance?.SubnetId,
  });
  expect(instance).toMatchObject({
    Tags: expect.arrayContaining([{ Key: 'recode:ssh-host-key', Value: observed?.hostKey }]),
    State: { Name: observed?.state },
    InstanceType: wanted.instanceType,
    // EC2 keeps the name of the key pair that it was launched with.
    KeyName: candidateNames(environment).includes(name) ? key?.KeyName : expect.stringMatching(/^recode-.+-key-pair$/),
    MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 2 },
  });
  expect(instance?.Tags).toEqual(tags('instance'));
  expect(instance?.PublicIpAddress).toBe(observed?.publicIpAddress);
  const volume = found.volumes.find(({ Attachments = [] }) => Attachments.some(({ InstanceId }) => InstanceId === instance?.InstanceId));
  expect(volume).toMatchObject({ Size: wanted.volumeSize, VolumeType: wanted.volumeType, Encrypted: true, Tags: tags('volume') });
  expect(volume?.Attachments).toMatchObject([{ DeleteOnTermination: true }]);
  expect(found.items).toContainEqual({ kind: 'name', id: name, environment: `${owner}/${repository.toLowerCase()}`, uid: environment.uid });
}
