import { DescribeTableCommand, ListTablesCommand, ListTagsOfResourceCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import {
  CreateRouteCommand,
  CreateTagsCommand,
  DescribeImagesCommand,
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
  type EC2Client,
  ImportKeyPairCommand,
  RunInstancesCommand,
  type Tag,
} from '@aws-sdk/client-ec2';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { expect, vi } from 'vitest';
import { tableName } from '../../core/names.ts';
import { environmentTagsOf, idOf, makeGateway, makeGroup, makeRouteTable, makeSubnet, makeVpc, tagging } from '../functions/resources.ts';
import { somePublicKey } from '../harness/workflows.ts';

/** Everything that an account holds, each in all that AWS tells of it, by its id. */
export type Snapshot = ReadonlyMap<string, unknown>;

/** Takes a snapshot of an account; Recode's own table is left out. */
export async function snapshot({ clients: { ec2, dynamodb } }: TestAws): Promise<Snapshot> {
  const all = new Map<string, unknown>();
  const add = <Item>(items: readonly Item[] | undefined, idOfItem: (item: Item) => string | undefined) => {
    for (const item of items ?? []) all.set(idOf(idOfItem(item)), item);
  };
  add((await ec2.send(new DescribeVpcsCommand({}))).Vpcs, ({ VpcId }) => VpcId);
  for (const VpcId of [...all.keys()]) {
    const support = await ec2.send(new DescribeVpcAttributeCommand({ VpcId, Attribute: 'enableDnsSupport' }));
    const hostnames = await ec2.send(new DescribeVpcAttributeCommand({ VpcId, Attribute: 'enableDnsHostnames' }));
    all.set(`${VpcId}'s attributes`, [support.EnableDnsSupport, hostnames.EnableDnsHostnames]);
  }
  add((await ec2.send(new DescribeSubnetsCommand({}))).Subnets, ({ SubnetId }) => SubnetId);
  add((await ec2.send(new DescribeInternetGatewaysCommand({}))).InternetGateways, ({ InternetGatewayId }) => InternetGatewayId);
  add((await ec2.send(new DescribeRouteTablesCommand({}))).RouteTables, ({ RouteTableId }) => RouteTableId);
  add((await ec2.send(new DescribeSecurityGroupsCommand({}))).SecurityGroups, ({ GroupId }) => GroupId);
  add((await ec2.send(new DescribeKeyPairsCommand({ IncludePublicKey: true }))).KeyPairs, ({ KeyPairId }) => KeyPairId);
  add((await ec2.send(new DescribeNetworkInterfacesCommand({}))).NetworkInterfaces, ({ NetworkInterfaceId }) => NetworkInterfaceId);
  add((await ec2.send(new DescribeVolumesCommand({}))).Volumes, ({ VolumeId }) => VolumeId);
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({}));
  // A terminated one is nothing any more, but shown for an hour.
  const instances = Reservations.flatMap(({ Instances = [] }) => Instances).filter(({ State }) => State?.Name !== 'terminated');
  add(instances, ({ InstanceId }) => InstanceId);
  for (const TableName of (await dynamodb.send(new ListTablesCommand({}))).TableNames ?? []) {
    if (TableName === tableName) continue;
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName }));
    const { Tags } = await dynamodb.send(new ListTagsOfResourceCommand({ ResourceArn: Table?.TableArn }));
    all.set(`the table ${TableName}`, { Table, Tags, items: (await dynamodb.send(new ScanCommand({ TableName }))).Items });
  }
  return all;
}

/** Checks that whatever an account held before is still there, in all that AWS tells of it. */
export async function expectUntouched(aws: TestAws, before: Snapshot, when: string): Promise<void> {
  const now = await snapshot(aws);
  for (const [id, was] of before) expect(now.get(id), `${id} ${when}`).toEqual(was);
}

/** The ids of a snapshot, for whoever judges the rest of the account. */
export const idsOf = (taken: Snapshot): ReadonlySet<string> => new Set(taken.keys());

const named = (name: string): Tag[] => [{ Key: 'Name', Value: name }];

/** The tags of an environment's resource, with another owner or repository, or another name. */
export function tagsOfAnother(resource: string, other: Readonly<Record<string, string>>): Tag[] {
  return environmentTagsOf(resource).map(({ Key = '', Value }) => ({ Key, Value: other[Key] ?? Value }));
}

/**
 * Fills an account with what other people have: everything that Recode makes, too, as near to it as can be without being Recode's own:
 * by name but without the tag, by tag but without the name, of another owner, of another repository.
 */
export async function fillAccount({ clients: { ec2 } }: TestAws): Promise<void> {
  const likeOurs = await makeVpc(ec2, []);
  const subnetId = await makeSubnet(ec2, likeOurs, { tags: named('recode-public-subnet') });
  await makeRouteTable(ec2, likeOurs, named('recode-route-table'));
  await makeGroup(ec2, likeOurs, named('recode-acme-api-security-group'));
  await makeGateway(ec2, undefined, named('recode-internet-gateway'));

  const namedLikeOurs = await makeVpc(ec2, named('recode-vpc'), '10.1.0.0/16');
  await makeSubnet(ec2, namedLikeOurs, { tags: [], cidr: '10.1.0.0/24' });
  const gatewayId = await makeGateway(ec2, namedLikeOurs, []);
  const { RouteTables = [] } = await ec2.send(new DescribeRouteTablesCommand({ Filters: [{ Name: 'vpc-id', Values: [namedLikeOurs] }] }));
  await ec2.send(
    new CreateRouteCommand({ RouteTableId: RouteTables[0]?.RouteTableId, DestinationCidrBlock: '0.0.0.0/0', GatewayId: gatewayId }),
  );

  await makeVpc(ec2, [{ Key: 'recode:managed-by', Value: 'somebody' }, ...named('recode-vpc')], '10.2.0.0/16');

  const teammates = { 'recode:owner': 'bob' };
  const otherRepository = { 'recode:repository': 'acme/web' };
  for (const other of [teammates, otherRepository]) {
    await launchByHand(ec2, subnetId, tagsOfAnother('instance', other), tagsOfAnother('volume', other));
  }
  await launchByHand(ec2, subnetId, [], []);
  await importKeyPair(ec2, 'recode-acme-api-key', []);
  await importKeyPair(ec2, 'recode-acme-api-bob-key-pair', tagsOfAnother('key-pair', teammates));
  await vi.waitFor(
    async () => {
      const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({}));
      const states = Reservations.flatMap(({ Instances = [] }) => Instances).map(({ State }) => State?.Name);
      expect(states).toEqual(states.map(() => 'running'));
    },
    { timeout: 10_000, interval: 50 },
  );
}

/** Imports a key pair as somebody with the console would. Returns its id. */
export async function importKeyPair(ec2: EC2Client, KeyName: string, tags: Tag[]): Promise<string> {
  const TagSpecifications = tagging('key-pair', tags);
  const { KeyPairId } = await ec2.send(
    new ImportKeyPairCommand({ KeyName, PublicKeyMaterial: Buffer.from(somePublicKey), TagSpecifications }),
  );
  return idOf(KeyPairId);
}

/** Launches an instance whose interface, too, bears the given tags. */
async function launchByHand(ec2: EC2Client, SubnetId: string, tags: Tag[], volumeTags: Tag[]): Promise<void> {
  const { Images = [] } = await ec2.send(
    new DescribeImagesCommand({
      Filters: [
        { Name: 'architecture', Values: ['x86_64'] },
        { Name: 'state', Values: ['available'] },
      ],
    }),
  );
  const { Instances = [] } = await ec2.send(
    new RunInstancesCommand({
      ImageId: Images[0]?.ImageId,
      InstanceType: 't3.micro',
      MinCount: 1,
      MaxCount: 1,
      SubnetId,
      TagSpecifications: [...tagging('instance', tags), ...tagging('volume', volumeTags)],
    }),
  );
  const [{ NetworkInterfaceId = '' } = {}] = Instances[0]?.NetworkInterfaces ?? [];
  if (tags.length > 0) await ec2.send(new CreateTagsCommand({ Resources: [NetworkInterfaceId], Tags: tags }));
}
