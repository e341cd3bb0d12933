import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateInternetGatewayCommand,
  CreateRouteTableCommand,
  CreateVpcCommand,
  DeleteKeyPairCommand,
  ImportKeyPairCommand,
  ModifyNetworkInterfaceAttributeCommand,
  type ResourceType,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { ListExecutionsCommand } from '@aws-sdk/client-sfn';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { vi } from 'vitest';
import { stateMachineArn } from '../../core/executions.ts';
import { network, ssh, tableName } from '../../core/names.ts';
import { keyPairFrom } from '../../core/openssh-key.ts';
import { settleSeconds } from '../../core/operation.ts';
import { environmentTags, networkTags, type Tag } from '../../core/tags.ts';
import { inventory } from '../harness/inventory.ts';

/** What crashes and people leave behind, so that a workflow has to make the calls that it makes in a clean account never. */

const environment = { name: 'acme-api', owner: 'alice', repository: 'acme/api' };
const keys = {
  environment: { kind: 'environment', id: 'alice/acme/api' },
  network: { kind: 'network', id: 'network' },
} as const;

/** Leaves an item held by an execution that died long ago, as one does that was killed. */
export async function leaveLock(
  aws: TestAws,
  what: keyof typeof keys,
  { remove = [], ...changes }: Readonly<Record<string, unknown>> & { remove?: readonly string[] } = {},
): Promise<void> {
  const { sfn, dynamodb } = aws.clients;
  const { executions = [] } = await sfn.send(new ListExecutionsCommand({ stateMachineArn: stateMachineArn(aws, 'start') }));
  const dead = executions.find(({ status }) => status !== 'RUNNING');
  if (!dead?.executionArn || !dead.startDate) throw new Error('No execution has ended yet.');
  const { executionArn, startDate } = dead;
  const set = { lock: { executionArn, kind: 'start', owner: 'alice', startedAt: startDate.toISOString() }, ...changes };
  const names = Object.keys(set);
  const forget = remove.length > 0 ? ` REMOVE ${remove.map((name) => `#${name}`).join(', ')}` : '';
  await dynamodb.send(
    new UpdateItemCommand({
      TableName: tableName,
      Key: marshall(keys[what]),
      UpdateExpression: `SET ${names.map((name) => `#${name} = :${name}`).join(', ')}${forget}`,
      ExpressionAttributeNames: Object.fromEntries([...names, ...remove].map((name) => [`#${name}`, name])),
      ExpressionAttributeValues: marshall(Object.fromEntries(Object.entries(set).map(([name, value]) => [`:${name}`, value]))),
    }),
  );
  aws.clock.advance(settleSeconds * 1000);
}

/** Leaves a volume of the environment that did not go with its instance, because somebody told it to stay. */
export async function leaveVolume(aws: TestAws): Promise<void> {
  const { instances } = await inventory(aws);
  const { ImageId, RootDeviceName, SubnetId } = instances[0] ?? {};
  const { Instances = [] } = await aws.clients.ec2.send(
    new RunInstancesCommand({
      ImageId,
      InstanceType: 't2.medium',
      MinCount: 1,
      MaxCount: 1,
      SubnetId,
      BlockDeviceMappings: [
        { DeviceName: RootDeviceName, Ebs: { VolumeSize: 16, VolumeType: 'gp2', Encrypted: true, DeleteOnTermination: false } },
      ],
      TagSpecifications: tagged('volume', environmentTags(environment, 'volume')),
    }),
  );
  await terminate(aws, Instances[0]?.InstanceId);
}

/** Leaves the environment without its instance, in whose place somebody wants another one, and lets that one never answer. */
export async function silence(aws: TestAws): Promise<void> {
  const { instances } = await inventory(aws);
  await terminate(aws, instances[0]?.InstanceId);
  await aws.clients.dynamodb.send(
    new UpdateItemCommand({
      TableName: tableName,
      Key: marshall(keys.environment),
      UpdateExpression: 'SET wanted.replaces = :lost',
      ExpressionAttributeValues: marshall({ ':lost': instances[0]?.InstanceId }),
    }),
  );
  await aws.post('ec2', { launches: [{ outcome: 'never-answers' }] });
}

/** Makes a running environment one whose first start died in many ways: without an instance, with twins, no address, another key and another rule, and under a dead uninstall. */
export async function damage(aws: TestAws): Promise<void> {
  const { ec2 } = aws.clients;
  const { instances, vpcs, keyPairs, securityGroups, networkInterfaces } = await inventory(aws);
  await terminate(aws, instances[0]?.InstanceId);
  const { NetworkInterfaceId } = networkInterfaces[0] ?? {};
  await ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, AssociatePublicIpAddress: false }));
  await ec2.send(new CreateVpcCommand({ CidrBlock: network.vpc.cidr, TagSpecifications: tagged('vpc', networkTags(network.vpc.name)) }));
  await ec2.send(
    new CreateInternetGatewayCommand({
      TagSpecifications: tagged('internet-gateway', networkTags(network.internetGateway.name)),
    }),
  );
  await ec2.send(
    new CreateRouteTableCommand({
      VpcId: vpcs[0]?.VpcId,
      TagSpecifications: tagged('route-table', networkTags(network.routeTable.name)),
    }),
  );
  await ec2.send(new DeleteKeyPairCommand({ KeyPairId: keyPairs[0]?.KeyPairId }));
  await ec2.send(
    new ImportKeyPairCommand({
      KeyName: keyPairs[0]?.KeyName,
      PublicKeyMaterial: Buffer.from(keyPairFrom(Buffer.alloc(32, 2), 'another').publicKey),
      TagSpecifications: tagged('key-pair', environmentTags(environment, 'key-pair')),
    }),
  );
  const surplus = { IpProtocol: 'tcp', FromPort: ssh.port, ToPort: ssh.port, IpRanges: [{ CidrIp: '203.0.113.7/32' }] };
  await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: securityGroups[0]?.GroupId, IpPermissions: [surplus] }));
  await leaveLock(aws, 'environment', { remove: ['observed'] });
  await leaveLock(aws, 'network', { status: 'deleting', before: 'creating' });
}

async function terminate(aws: TestAws, instanceId = ''): Promise<void> {
  await aws.clients.ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
  await vi.waitFor(
    async () => {
      const { instances } = await inventory(aws);
      if (instances.some(({ InstanceId }) => InstanceId === instanceId)) throw new Error(`${instanceId} is still there.`);
    },
    { timeout: 20_000, interval: 10 },
  );
}

const tagged = (ResourceType: ResourceType, Tags: Tag[]) => [{ ResourceType, Tags }];
