import { connect } from 'node:net';
import {
  DeleteRouteCommand,
  DescribeInstanceAttributeCommand,
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  DetachInternetGatewayCommand,
  GetConsoleOutputCommand,
  ModifyInstanceAttributeCommand,
  RevokeSecurityGroupIngressCommand,
  RunInstancesCommand,
  type RunInstancesCommandInput,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../instance-host/openssh.ts';
import { imageFor, instanceOf, known, makePublicNetwork, type PublicNetwork, reached as reachedIn } from './network.ts';
import { refusal, startEc2, type TestEc2 } from './server.ts';

let ec2: TestEc2;
let network: PublicNetwork;
let port: number;
beforeEach(async () => {
  ec2 = await startEc2();
  // Transitions end when a test advances the clock, not while a slow machine looks at their states.
  ec2.clock.setRate(0.001);
  port = await freePort();
  network = await makePublicNetwork(ec2.client, { port });
});
afterEach(() => ec2.stop());

/** Launches an instance whose sshd listens on the port that the network allows. */
const launch = async (input: Partial<RunInstancesCommandInput> = {}) => {
  const config = `#cloud-config\nbootcmd: ["printf 'Port ${port}' > /etc/ssh/sshd_config.d/p.conf"]\n`;
  const { Instances } = await ec2.client.send(
    new RunInstancesCommand({
      ImageId: await imageFor(ec2.client),
      InstanceType: 't3.micro',
      MinCount: 1,
      MaxCount: 1,
      SubnetId: network.subnetId,
      SecurityGroupIds: [network.groupId],
      UserData: Buffer.from(config).toString('base64'),
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'Name', Value: 'box' }] }],
      ...input,
    }),
  );
  return known(Instances?.[0]?.InstanceId);
};
const start = (...InstanceIds: string[]) => ec2.client.send(new StartInstancesCommand({ InstanceIds }));
const stop = (...InstanceIds: string[]) => ec2.client.send(new StopInstancesCommand({ InstanceIds }));
const terminate = (...InstanceIds: string[]) => ec2.client.send(new TerminateInstancesCommand({ InstanceIds }));
/** The default duration of a transition. */
const transition = 150;
/** Lets the duration of a transition pass, and waits until the instance is in a state. */
const reached = (id: string, state: string) => {
  ec2.clock.advance(transition);
  return reachedIn(ec2.client, id, state);
};
const stateOf = async (id: string) => (await instanceOf(ec2.client, id)).State?.Name;
const consoleOf = async (InstanceId: string) => {
  const { Output = '' } = await ec2.client.send(new GetConsoleOutputCommand({ InstanceId }));
  return Buffer.from(Output, 'base64').toString();
};

/** The greeting of the instance to a client; empty if none arrives for a while. */
const banner = (address: string | undefined) =>
  new Promise<string>((resolve) => {
    const socket = connect({ host: known(address), port, timeout: 300 });
    const end = (heard: string) => {
      socket.destroy();
      resolve(heard);
    };
    socket.once('data', (data) => end(data.toString()));
    socket.once('timeout', () => end(''));
    socket.once('error', (error: NodeJS.ErrnoException) => end(String(error.code)));
  });
const answers = (address: string | undefined) => {
  ec2.clock.advance(transition);
  return expect.poll(() => banner(address), { timeout: 10_000, interval: 20 }).toMatch(/^SSH-2.0-/);
};

// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html: "some instance attributes, such as user data, can only be
// modified if the instance is in a 'stopped' state"
describe('the user data of an instance', () => {
  const modify = (InstanceId: string, text: string | Uint8Array) =>
    ec2.client.send(new ModifyInstanceAttributeCommand({ InstanceId, UserData: { Value: Buffer.from(text) } }));
  const userDataOf = async (InstanceId: string) => {
    const { UserData } = await ec2.client.send(new DescribeInstanceAttributeCommand({ InstanceId, Attribute: 'userData' }));
    return Buffer.from(UserData?.Value ?? '', 'base64').toString();
  };

  it('can be changed only while it is stopped, and is what the next boot reads', async () => {
    const id = await launch();
    await reached(id, 'running');
    const wrongState = { code: 'IncorrectInstanceState', message: expect.stringContaining("not in the 'stopped' state") };
    expect(await refusal(modify(id, '#cloud-config\n'))).toMatchObject(wrongState);
    await stop(id);
    await reached(id, 'stopped');
    const changed = `#cloud-config\nbootcmd: ["printf 'Port ${port}' > /etc/ssh/sshd_config.d/p.conf", "echo changed"]\n`;
    await modify(id, changed);
    expect(await userDataOf(id)).toBe(changed);
    await start(id);
    const { PublicIpAddress } = await reached(id, 'running');
    await answers(PublicIpAddress);
    expect(await consoleOf(id)).toMatch(/\nchanged\n/);
  });

  it('has up to 16 KB', async () => {
    const id = await launch();
    await reached(id, 'running');
    await stop(id);
    await reached(id, 'stopped');
    await modify(id, Buffer.alloc(16_384));
    expect(await refusal(modify(id, Buffer.alloc(16_385)))).toMatchObject({ code: 'InvalidParameterValue' });
    expect(await userDataOf(id)).toHaveLength(16_384);
  });

  it('cannot be changed without a value, or of an instance that does not exist', async () => {
    const none = ec2.client.send(new ModifyInstanceAttributeCommand({ InstanceId: await launch() }));
    expect(await refusal(none)).toMatchObject({ code: 'InvalidParameterCombination' });
    expect(await refusal(modify('i-00000000000000000', ''))).toMatchObject({ code: 'InvalidInstanceID.NotFound' });
  });
});

describe('the type of an instance', () => {
  const modify = (InstanceId: string, Value: string) =>
    ec2.client.send(new ModifyInstanceAttributeCommand({ InstanceId, InstanceType: { Value } }));
  const typeOf = async (InstanceId: string) => {
    const { InstanceType } = await ec2.client.send(new DescribeInstanceAttributeCommand({ InstanceId, Attribute: 'instanceType' }));
    return InstanceType?.Value;
  };
  const stopped = async () => {
    const id = await launch();
    await reached(id, 'running');
    await stop(id);
    await reached(id, 'stopped');
    return id;
  };

  it('can be changed only while it is stopped, and is that of the next run', async () => {
    const id = await launch();
    await reached(id, 'running');
    expect(await refusal(modify(id, 'm5.large'))).toMatchObject({ code: 'IncorrectInstanceState' });
    await stop(id);
    await reached(id, 'stopped');
    await modify(id, 'm5.large');
    expect(await typeOf(id)).toBe('m5.large');
    await start(id);
    expect(await reached(id, 'running')).toMatchObject({ InstanceType: 'm5.large', Architecture: 'x86_64' });
  });

  it('cannot become one that does not exist, or of another architecture', async () => {
    const id = await stopped();
    const before = await typeOf(id);
    expect(await refusal(modify(id, 't9.huge'))).toMatchObject({ code: 'InvalidInstanceAttributeValue' });
    expect(await refusal(modify(id, 'm6g.large'))).toMatchObject({ code: 'InvalidParameterValue' });
    expect(await typeOf(id)).toBe(before);
  });

  it('cannot be changed together with another attribute', async () => {
    const both = { InstanceId: await stopped(), InstanceType: { Value: 'm5.large' }, UserData: { Value: Buffer.from('x') } };
    expect(await refusal(ec2.client.send(new ModifyInstanceAttributeCommand(both)))).toMatchObject({ code: 'InvalidParameterCombination' });
  });

  it('keeps it from starting where its zone does not offer the type, or has no capacity for it', async () => {
    const id = await stopped();
    // Of us-east-1, only a, b and f offer it.
    await modify(id, 'm5.large');
    ec2.ec2.admin('POST', { withoutCapacity: [{ zone: 'us-east-1a', instanceType: 'm5.large' }] });
    expect(await refusal(start(id))).toMatchObject({ code: 'InsufficientInstanceCapacity' });
    await modify(id, 't3.micro');
    await start(id);
    expect(await reached(id, 'running')).toMatchObject({ InstanceType: 't3.micro' });
  });

  it('has a start that EC2 accepts without capacity end as it began', async () => {
    const id = await stopped();
    ec2.ec2.admin('POST', { withoutCapacity: [{ zone: 'us-east-1a', accepts: true }] });
    await start(id);
    expect(await stateOf(id)).toBe('pending');
    expect(await reached(id, 'stopped')).toMatchObject({ StateReason: { Code: 'Server.InsufficientInstanceCapacity' } });
  });
});

describe('the life of an instance', () => {
  it('goes from pending to running with a public address, and then answers on SSH', async () => {
    const id = await launch();
    expect(await stateOf(id)).toBe('pending');
    const running = await reached(id, 'running');
    expect(running).toMatchObject({
      PublicIpAddress: expect.stringMatching(/^127\./),
      PublicDnsName: expect.stringMatching(/^ec2-127-.*\.compute-1\.amazonaws\.com$/),
    });
    await answers(running.PublicIpAddress);
    expect(await consoleOf(id)).toMatch(/BEGIN SSH HOST KEY KEYS.*login:/s);
    const { InstanceStatuses } = await ec2.client.send(new DescribeInstanceStatusCommand({ InstanceIds: [id] }));
    expect(InstanceStatuses?.[0]?.InstanceStatus?.Status).toBe('ok');
  });

  it('loses its public address and its SSH server when it stops, and starts with another address', async () => {
    const id = await launch();
    const { PublicIpAddress: first } = await reached(id, 'running');
    await answers(first);
    const stopping = await stop(id);
    expect(stopping.StoppingInstances?.[0]).toMatchObject({ PreviousState: { Name: 'running' }, CurrentState: { Name: 'stopping' } });
    const stopped = await reached(id, 'stopped');
    expect(stopped).toMatchObject({
      StateReason: { Code: 'Client.UserInitiatedShutdown' },
      StateTransitionReason: expect.stringMatching(/^User initiated \(.* GMT\)$/),
    });
    expect(stopped.PublicIpAddress).toBeUndefined();
    expect(stopped.PrivateIpAddress).toBe('10.0.0.4');
    await expect.poll(() => banner(first)).toBe('ECONNREFUSED');
    const hostKey = /BEGIN SSH HOST KEY KEYS-----\n(.*)\n/.exec(await consoleOf(id))?.[1];
    expect((await start(id)).StartingInstances?.[0]).toMatchObject({
      PreviousState: { Name: 'stopped' },
      CurrentState: { Name: 'pending' },
    });
    const again = await reached(id, 'running');
    expect(again.PublicIpAddress).not.toBe(first);
    expect(again.StateReason).toBeUndefined();
    await answers(again.PublicIpAddress);
    const keys = [...(await consoleOf(id)).matchAll(/BEGIN SSH HOST KEY KEYS-----\n(.*)\n/g)].map(([, key]) => key);
    expect(keys).toEqual([hostKey, hostKey]);
  });

  it('stops its SSH server and starts again even if nobody sees it stopping', async () => {
    const id = await launch();
    const { PublicIpAddress: first } = await reached(id, 'running');
    await answers(first);
    ec2.clock.setRate(1_000_000);
    await stop(id);
    expect(await stateOf(id)).toBe('stopped');
    await expect.poll(() => banner(first)).toBe('ECONNREFUSED');
    await start(id);
    await answers((await reached(id, 'running')).PublicIpAddress);
  });

  it('is shown for an hour after its termination, without tags and network', async () => {
    const id = await launch();
    await reached(id, 'running');
    await terminate(id);
    expect(await stateOf(id)).toBe('shutting-down');
    const ended = await reached(id, 'terminated');
    expect(ended).toMatchObject({
      Tags: [],
      NetworkInterfaces: [],
      BlockDeviceMappings: [],
      StateReason: { Code: 'Client.UserInitiatedShutdown' },
    });
    expect(ended.SubnetId).toBeUndefined();
    expect((await ec2.client.send(new DescribeNetworkInterfacesCommand({}))).NetworkInterfaces).toEqual([]);
    await terminate(id);
    ec2.clock.advance(59 * 60 * 1000);
    expect(await stateOf(id)).toBe('terminated');
    ec2.clock.advance(60 * 1000);
    expect(await refusal(stateOf(id))).toMatchObject({
      code: 'InvalidInstanceID.NotFound',
      message: `The instance ID '${id}' does not exist`,
    });
  });

  it('takes as long as on AWS with calibrated latency', async () => {
    ec2.ec2.admin('POST', { latency: 'calibrated' });
    ec2.clock.setRate(100);
    const id = await launch();
    // Each call takes time, too.
    ec2.clock.setRate(5);
    expect(await stateOf(id)).toBe('pending');
    ec2.clock.advance(5000);
    const { PublicIpAddress } = await reached(id, 'running');
    expect(await banner(PublicIpAddress)).toBe('ECONNREFUSED');
    ec2.clock.advance(23_000);
    await answers(PublicIpAddress);
    await stop(id);
    ec2.clock.advance(12_000);
    expect(await stateOf(id)).toBe('stopping');
    ec2.clock.advance(8000);
    expect(await stateOf(id)).toBe('stopped');
  });
});

describe('the state of an instance', () => {
  it('does not allow a stop while pending, or a start or stop while ending', async () => {
    const id = await launch();
    expect(await refusal(stop(id))).toMatchObject({ code: 'IncorrectInstanceState' });
    await reached(id, 'running');
    await stop(id);
    expect(await refusal(start(id))).toEqual({
      code: 'IncorrectInstanceState',
      message: `The instance '${id}' is not in a state from which it can be started.`,
      status: 400,
    });
    await terminate(id);
    expect(await refusal(start(id))).toMatchObject({ code: 'IncorrectInstanceState' });
    expect(await refusal(stop(id))).toMatchObject({ code: 'IncorrectInstanceState' });
  });

  it('does not change by a start while running, or a stop while stopped', async () => {
    const id = await launch();
    const { LaunchTime } = await reached(id, 'running');
    expect((await start(id)).StartingInstances?.[0]?.CurrentState?.Name).toBe('running');
    expect((await instanceOf(ec2.client, id)).LaunchTime).toEqual(LaunchTime);
    await stop(id);
    await reached(id, 'stopped');
    expect((await stop(id)).StoppingInstances?.[0]?.CurrentState?.Name).toBe('stopped');
  });

  it('does not change for any instance if the call is refused for one', async () => {
    const [running, ended] = [await launch(), await launch()];
    await reached(running, 'running');
    await terminate(ended);
    expect(await refusal(stop(running, ended))).toMatchObject({ code: 'IncorrectInstanceState' });
    expect(await stateOf(running)).toBe('running');
    expect(await refusal(stop(running, 'i-00000000000000000'))).toMatchObject({ code: 'InvalidInstanceID.NotFound' });
    expect(await refusal(stop('nonsense'))).toMatchObject({ code: 'InvalidInstanceID.Malformed' });
  });
});

describe('a test can plan', () => {
  it('the console as it is now, of instance types on the Nitro hypervisor alone', async () => {
    const latest = async (InstanceType: 't3.micro' | 't2.micro') => {
      const InstanceId = await launch({ InstanceType });
      return ec2.client.send(new GetConsoleOutputCommand({ InstanceId, Latest: true }));
    };
    expect(await latest('t3.micro')).not.toHaveProperty('Output');
    await expect(latest('t2.micro')).rejects.toMatchObject({ name: 'UnsupportedOperation' });
  });

  it('an instance that never answers, with the reason on its console', async () => {
    ec2.ec2.admin('POST', { launches: [{ outcome: 'never-answers', reason: 'no bootable device' }] });
    const id = await launch();
    const { PublicIpAddress } = await reached(id, 'running');
    ec2.clock.advance(transition);
    await expect.poll(() => consoleOf(id)).toBe('no bootable device\n');
    expect(await banner(PublicIpAddress)).toBe('ECONNREFUSED');
  });

  it.each([
    ['stop', 'stopping', 'stopped'],
    ['terminate', 'shutting-down', 'terminated'],
  ] as const)(
    'an instance that dies while it boots, with the shutdown behavior %s',
    async (InstanceInitiatedShutdownBehavior, ending, state) => {
      ec2.ec2.admin('POST', { launches: [{ outcome: 'dies-booting' }] });
      const id = await launch({ InstanceInitiatedShutdownBehavior });
      await reached(id, 'running');
      await reached(id, ending);
      expect((await reached(id, state)).StateReason?.Code).toBe('Client.InstanceInitiatedShutdown');
      expect(await consoleOf(id)).toBe('');
    },
  );

  // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html
  it.each([
    ['stop', 'stopped'],
    ['terminate', 'terminated'],
  ] as const)('an instance that a service of its own shuts down, with the shutdown behavior %s', async (behavior, state) => {
    const config = `#cloud-config
bootcmd:
  - printf 'Port ${port}' > /etc/ssh/sshd_config.d/p.conf
  - echo systemctl poweroff > /run/off.sh
  - printf '[Timer]\\nOnActiveSec=1h\\nOnUnitActiveSec=1h\\n' > /run/systemd/system/off.timer
  - printf '[Service]\\nType=oneshot\\nExecStart=/bin/sh /run/off.sh\\n' > /run/systemd/system/off.service
  - systemctl start off.timer
`;
    const id = await launch({ InstanceInitiatedShutdownBehavior: behavior, UserData: Buffer.from(config).toString('base64') });
    const { PublicIpAddress } = await reached(id, 'running');
    ec2.clock.advance(transition);
    await expect.poll(() => banner(PublicIpAddress)).toMatch(/^SSH-/);
    ec2.clock.advance(3_600_000);
    await expect.poll(() => stateOf(id)).not.toBe('running');
    expect(await reached(id, state)).toMatchObject({
      StateReason: {
        Code: 'Client.InstanceInitiatedShutdown',
        Message: 'Client.InstanceInitiatedShutdown: Instance initiated shutdown',
      },
    });
  });

  it('one start that goes back to stopped', async () => {
    const id = await launch();
    await reached(id, 'running');
    await stop(id);
    await reached(id, 'stopped');
    ec2.ec2.admin('POST', { starts: [{ outcome: 'stopped', reason: 'Client.InvalidKMSKey.InvalidState: The KMS key is disabled' }] });
    await start(id);
    expect(await stateOf(id)).toBe('pending');
    expect((await reached(id, 'stopped')).StateReason).toMatchObject({ Code: 'Client.InvalidKMSKey.InvalidState' });
    await start(id);
    await reached(id, 'running');
  });
});

describe('access to an instance', () => {
  it('depends on its security group', async () => {
    const id = await launch();
    const { PublicIpAddress } = await reached(id, 'running');
    await answers(PublicIpAddress);
    const IpPermissions = [{ IpProtocol: 'tcp', FromPort: port, ToPort: port, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }];
    await ec2.client.send(new RevokeSecurityGroupIngressCommand({ GroupId: network.groupId, IpPermissions }));
    expect(await banner(PublicIpAddress)).toBe('');
  });

  it('depends on the route of its subnet', async () => {
    const id = await launch();
    const { PublicIpAddress } = await reached(id, 'running');
    await answers(PublicIpAddress);
    await ec2.client.send(new DeleteRouteCommand({ RouteTableId: network.routeTableId, DestinationCidrBlock: '0.0.0.0/0' }));
    expect(await banner(PublicIpAddress)).toBe('');
  });

  it('needs the internet gateway, which cannot be detached while the instance has a public address', async () => {
    const id = await launch();
    await reached(id, 'running');
    const detach = () => ec2.client.send(new DetachInternetGatewayCommand({ InternetGatewayId: network.gatewayId, VpcId: network.vpcId }));
    expect(await refusal(detach())).toMatchObject({ code: 'DependencyViolation' });
    await stop(id);
    await detach();
  });
});

describe('after a restart of the embedded AWS', () => {
  it('running instances answer again at the same address, and stopped ones stay stopped', async () => {
    const [id, other] = [await launch(), await launch()];
    const { PublicIpAddress } = await reached(id, 'running');
    await answers(PublicIpAddress);
    await reached(other, 'running');
    await stop(other);
    await reached(other, 'stopped');
    ec2 = await ec2.restart();
    expect((await instanceOf(ec2.client, id)).PublicIpAddress).toBe(PublicIpAddress);
    await answers(PublicIpAddress);
    expect(await stateOf(other)).toBe('stopped');
  });

  it('instances in a transition continue', async () => {
    const launched = await launch();
    const ending = await launch();
    await terminate(ending);
    ec2 = await ec2.restart();
    await answers((await reached(launched, 'running')).PublicIpAddress);
    await reached(ending, 'terminated');
  });
});

describe('DescribeInstances', () => {
  it('finds only matching instances by each filter', async () => {
    const id = await launch({ ClientToken: 'token' });
    const { NetworkInterfaces, PublicIpAddress } = await reached(id, 'running');
    const ended = await launch({ ClientToken: 'other', TagSpecifications: [] });
    await terminate(ended);
    await reached(ended, 'terminated');
    const find = async (Name: string, ...Values: string[]) => {
      const { Reservations = [] } = await ec2.client.send(new DescribeInstancesCommand({ Filters: [{ Name, Values }] }));
      return Reservations.flatMap(({ Instances = [] }) => Instances.map(({ InstanceId }) => InstanceId));
    };
    for (const [name, value] of Object.entries({
      'instance-id': id,
      'tag:Name': 'bo*',
      'client-token': 'token',
      'instance-state-name': 'running',
      'vpc-id': network.vpcId,
      'subnet-id': network.subnetId,
      'instance.group-id': network.groupId,
      'network-interface.subnet-id': network.subnetId,
      'network-interface.network-interface-id': known(NetworkInterfaces?.[0]?.NetworkInterfaceId),
      'ip-address': known(PublicIpAddress),
    })) {
      expect({ name, found: await find(name, value) }).toEqual({ name, found: [id] });
      expect({ name, found: await find(name, 'nothing') }).toEqual({ name, found: [] });
    }
  });

  it('has pages', async () => {
    const ids = await Promise.all(Array.from({ length: 7 }, () => launch()));
    const first = await ec2.client.send(new DescribeInstancesCommand({ MaxResults: 5 }));
    const second = await ec2.client.send(new DescribeInstancesCommand({ MaxResults: 5, NextToken: first.NextToken }));
    const seen = [first, second].flatMap(({ Reservations = [] }) => Reservations.map(({ Instances }) => Instances?.[0]?.InstanceId));
    expect(seen.sort()).toEqual(ids.sort());
    expect(second.NextToken).toBeUndefined();
    expect(await refusal(ec2.client.send(new DescribeInstancesCommand({ InstanceIds: ids, MaxResults: 5 })))).toMatchObject({
      code: 'InvalidParameterCombination',
    });
  });
});
