// What a command-line tool on a laptop does: the same EC2 calls, one after another, with the SDK's waiters at their default
// delays, and its whole state in one item of a table. Measured beside Recode, on the same embedded AWS.
import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  waitUntilTableExists,
  waitUntilTableNotExists,
} from '@aws-sdk/client-dynamodb';
import {
  AssociateRouteTableCommand,
  AttachInternetGatewayCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateInternetGatewayCommand,
  CreateNetworkInterfaceCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DeleteInternetGatewayCommand,
  DeleteKeyPairCommand,
  DeleteNetworkInterfaceCommand,
  DeleteRouteTableCommand,
  DeleteSecurityGroupCommand,
  DeleteSubnetCommand,
  DeleteVpcCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeInstanceTypesCommand,
  DetachInternetGatewayCommand,
  DisassociateRouteTableCommand,
  EC2Client,
  ImportKeyPairCommand,
  ModifySubnetAttributeCommand,
  ModifyVpcAttributeCommand,
  RunInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
  waitUntilInstanceRunning,
  waitUntilInstanceStopped,
  waitUntilInstanceTerminated,
  waitUntilInternetGatewayExists,
  waitUntilKeyPairExists,
  waitUntilNetworkInterfaceAvailable,
  waitUntilSecurityGroupExists,
  waitUntilSubnetAvailable,
  waitUntilVpcAvailable,
} from '@aws-sdk/client-ec2';

const TableName = 'waiter-way';
const sshPort = 2200;
const sshEverySeconds = 5;
const maxWaitTime = 600;

/**
 * @typedef {{ vpcId?: string | undefined, subnetId?: string | undefined, gatewayId?: string | undefined, routeTableId?: string | undefined, associationId?: string | undefined }} Network
 * @typedef {{ groupId?: string | undefined, interfaceId?: string | undefined, instanceId?: string | undefined }} Environment
 * @typedef {{ network?: Network, environments: Record<string, Environment> }} State
 */

/**
 * The operations. Each resolves when it has ended.
 *
 * @param {{ endpoint: string, region: string, publicKey: string, userData: string }} access
 */
export function waiterWay({ endpoint, region, publicKey, userData }) {
  const credentials = { accessKeyId: 'laptop', secretAccessKey: 'test' };
  const ec2 = new EC2Client({ endpoint, region, credentials });
  const dynamodb = new DynamoDBClient({ endpoint, region, credentials });
  const waiting = { client: ec2, maxWaitTime };

  /** @returns {Promise<State>} */
  const read = async () => {
    const { Item } = await dynamodb.send(new GetItemCommand({ TableName, Key: { id: { S: 'state' } }, ConsistentRead: true }));
    return JSON.parse(Item?.state?.S ?? '{"environments":{}}');
  };
  const write = (/** @type {State} */ state) =>
    dynamodb.send(new PutItemCommand({ TableName, Item: { id: { S: 'state' }, state: { S: JSON.stringify(state) } } }));

  const makeTable = async () => {
    await dynamodb.send(
      new CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      }),
    );
    await waitUntilTableExists({ client: dynamodb, maxWaitTime }, { TableName });
  };

  /** @returns {Promise<Network>} */
  const makeNetwork = async () => {
    const vpcId = (await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }))).Vpc?.VpcId;
    await waitUntilVpcAvailable(waiting, { VpcIds: [vpcId ?? ''] });
    await ec2.send(new ModifyVpcAttributeCommand({ VpcId: vpcId, EnableDnsHostnames: { Value: true } }));
    const gatewayId = (await ec2.send(new CreateInternetGatewayCommand({}))).InternetGateway?.InternetGatewayId;
    await waitUntilInternetGatewayExists(waiting, { InternetGatewayIds: [gatewayId ?? ''] });
    await ec2.send(new AttachInternetGatewayCommand({ VpcId: vpcId, InternetGatewayId: gatewayId }));
    const subnetId = (await ec2.send(new CreateSubnetCommand({ VpcId: vpcId, CidrBlock: '10.0.0.0/24' }))).Subnet?.SubnetId;
    await waitUntilSubnetAvailable(waiting, { SubnetIds: [subnetId ?? ''] });
    await ec2.send(new ModifySubnetAttributeCommand({ SubnetId: subnetId, MapPublicIpOnLaunch: { Value: true } }));
    const routeTableId = (await ec2.send(new CreateRouteTableCommand({ VpcId: vpcId }))).RouteTable?.RouteTableId;
    await ec2.send(new CreateRouteCommand({ RouteTableId: routeTableId, DestinationCidrBlock: '0.0.0.0/0', GatewayId: gatewayId }));
    const associated = await ec2.send(new AssociateRouteTableCommand({ RouteTableId: routeTableId, SubnetId: subnetId }));
    return { vpcId, subnetId, gatewayId, routeTableId, associationId: associated.AssociationId };
  };

  const sshAnswers = async (/** @type {string | undefined} */ instanceId) => {
    const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [instanceId ?? ''] }));
    const host = Reservations?.[0]?.Instances?.[0]?.PublicIpAddress ?? '';
    while (!(await hasBanner(host))) await sleep(sshEverySeconds * 1000);
  };

  return {
    async firstStart(/** @type {string} */ name) {
      await makeTable();
      const state = await read();
      state.network = await makeNetwork();
      await write(state);
      await this.start(name);
    },

    async start(/** @type {string} */ name) {
      const state = await read();
      const { vpcId, subnetId } = state.network ?? {};
      await ec2.send(new DescribeInstanceTypesCommand({ InstanceTypes: ['t2.medium'] }));
      const { Images = [] } = await ec2.send(
        new DescribeImagesCommand({
          Owners: ['099720109477'],
          Filters: [{ Name: 'name', Values: ['ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*'] }],
        }),
      );
      const groupId = (await ec2.send(new CreateSecurityGroupCommand({ GroupName: name, Description: name, VpcId: vpcId }))).GroupId;
      await waitUntilSecurityGroupExists(waiting, { GroupIds: [groupId ?? ''] });
      const IpPermissions = [{ IpProtocol: 'tcp', FromPort: sshPort, ToPort: sshPort, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }];
      await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: groupId, IpPermissions }));
      await ec2.send(new ImportKeyPairCommand({ KeyName: name, PublicKeyMaterial: Buffer.from(publicKey) }));
      await waitUntilKeyPairExists(waiting, { KeyNames: [name] });
      const created = await ec2.send(new CreateNetworkInterfaceCommand({ SubnetId: subnetId, Groups: [groupId ?? ''] }));
      const interfaceId = created.NetworkInterface?.NetworkInterfaceId;
      await waitUntilNetworkInterfaceAvailable(waiting, { NetworkInterfaceIds: [interfaceId ?? ''] });
      const { Instances = [] } = await ec2.send(
        new RunInstancesCommand({
          MinCount: 1,
          MaxCount: 1,
          ImageId: Images[0]?.ImageId,
          InstanceType: 't2.medium',
          KeyName: name,
          NetworkInterfaces: [{ DeviceIndex: 0, NetworkInterfaceId: interfaceId }],
          UserData: Buffer.from(userData).toString('base64'),
        }),
      );
      const instanceId = Instances[0]?.InstanceId;
      await waitUntilInstanceRunning(waiting, { InstanceIds: [instanceId ?? ''] });
      await sshAnswers(instanceId);
      state.environments[name] = { groupId, interfaceId, instanceId };
      await write(state);
    },

    async stop(/** @type {string} */ name) {
      const state = await read();
      const ids = { InstanceIds: [state.environments[name]?.instanceId ?? ''] };
      await ec2.send(new StopInstancesCommand(ids));
      await waitUntilInstanceStopped(waiting, ids);
      await write(state);
    },

    async restart(/** @type {string} */ name) {
      const state = await read();
      const instanceId = state.environments[name]?.instanceId;
      await ec2.send(new StartInstancesCommand({ InstanceIds: [instanceId ?? ''] }));
      await waitUntilInstanceRunning(waiting, { InstanceIds: [instanceId ?? ''] });
      await sshAnswers(instanceId);
      await write(state);
    },

    async remove(/** @type {string} */ name) {
      const state = await read();
      const { groupId, interfaceId, instanceId } = state.environments[name] ?? {};
      await ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId ?? ''] }));
      await waitUntilInstanceTerminated(waiting, { InstanceIds: [instanceId ?? ''] });
      await ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: interfaceId }));
      await ec2.send(new DeleteKeyPairCommand({ KeyName: name }));
      await ec2.send(new DeleteSecurityGroupCommand({ GroupId: groupId }));
      delete state.environments[name];
      await write(state);
    },

    async uninstall() {
      const { network = {} } = await read();
      await ec2.send(new DisassociateRouteTableCommand({ AssociationId: network.associationId }));
      await ec2.send(new DeleteRouteTableCommand({ RouteTableId: network.routeTableId }));
      await ec2.send(new DetachInternetGatewayCommand({ InternetGatewayId: network.gatewayId, VpcId: network.vpcId }));
      await ec2.send(new DeleteInternetGatewayCommand({ InternetGatewayId: network.gatewayId }));
      await ec2.send(new DeleteSubnetCommand({ SubnetId: network.subnetId }));
      await ec2.send(new DeleteVpcCommand({ VpcId: network.vpcId }));
      await dynamodb.send(new DeleteTableCommand({ TableName }));
      await waitUntilTableNotExists({ client: dynamodb, maxWaitTime }, { TableName });
    },

    close() {
      ec2.destroy();
      dynamodb.destroy();
    },
  };
}

/**
 * Whether an SSH server answers.
 *
 * @param {string} host
 * @returns {Promise<boolean>}
 */
function hasBanner(host) {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port: sshPort });
    const end = (/** @type {boolean} */ answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(3_000, () => end(false));
    socket.once('data', (data) => end(data.toString('latin1').startsWith('SSH-2.0-')));
    socket.once('error', () => end(false));
  });
}
