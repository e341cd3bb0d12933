import {
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DisassociateRouteTableCommand,
  type Instance,
  ModifySubnetAttributeCommand,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterEach, describe, expect, it } from 'vitest';
import { tagged } from '../../aws/ec2/tags.ts';
import { readEnvironment } from '../../aws/records/read/environment.ts';
import { network } from '../../core/names.ts';
import { networkTags } from '../../core/tags.ts';
import { environmentTagsOf, tagging } from '../functions/resources.ts';
import { deployForTests } from '../harness/deployment.ts';
import { expectInvariants } from '../harness/invariants.ts';
import { expectConverged, expectNothing, inventory } from '../harness/inventory.ts';
import { beginHeld, held, holdNext, letGo } from '../harness/pace.ts';
import { endingWithoutCapacity, placed, withoutCapacity } from '../harness/placed.ts';
import { wipe } from '../harness/wipe.ts';
import { begin, ended, runRemove, runStart, runStop, runUninstall, somePublicKey } from '../harness/workflows.ts';

let aws: TestAws;
deployForTests((deployed) => {
  aws = deployed;
});
afterEach(async () => {
  await aws.delete('ec2');
  await wipe(aws);
});

const allZones = [...'abcdef'].map((letter) => `us-east-1${letter}`);
const callsOf = async (action: string) =>
  ((await aws.get('calls')) as { calls: { action: string }[] }).calls.filter((call) => call.action === action).length;

/** Makes what a first start leaves that fails after it created the subnet. */
async function leaveNetworkIn(AvailabilityZone: string): Promise<void> {
  const { ec2 } = aws.clients;
  const { vpc, subnet } = network;
  const made = await ec2.send(new CreateVpcCommand({ CidrBlock: vpc.cidr, TagSpecifications: tagged('vpc', networkTags(vpc.name), []) }));
  await ec2.send(
    new CreateSubnetCommand({
      VpcId: made.Vpc?.VpcId,
      CidrBlock: subnet.cidr,
      AvailabilityZone,
      TagSpecifications: tagged('subnet', networkTags(subnet.name), []),
    }),
  );
}

describe('a start that finds the subnet full', () => {
  it('creates a second subnet, which the next start uses at once', async () => {
    await runStart(aws);
    await aws.post('ec2', { full: ['10.0.0.0/24'] });
    await aws.delete('calls');
    expect((await runStart(aws, { owner: 'bob' })).output).toMatchObject({ created: true });
    expect([await callsOf('CreateNetworkInterface'), await callsOf('CreateSubnet')]).toEqual([2, 1]);
    await aws.delete('calls');
    expect((await runStart(aws, { owner: 'carol' })).output).toMatchObject({ created: true });
    expect([await callsOf('CreateNetworkInterface'), await callsOf('CreateSubnet')]).toEqual([1, 0]);
    const { blocks, instances } = await placed(aws);
    expect(blocks).toEqual(['10.0.0.0/24', '10.0.1.0/24']);
    expect(instances.map(([, network]) => network)).toEqual(['10.0.0', '10.0.1', '10.0.1']);
    await expectConverged(aws, 3);
  });

  it('shares the second subnet with others that need it at once', async () => {
    await runStart(aws);
    await aws.post('ec2', { full: ['10.0.0.0/24'] });
    const owners = ['bob', 'carol', 'dave', 'erin'];
    const ended = await Promise.all(owners.map((owner) => runStart(aws, { owner })));
    expect(ended.map(({ output }) => output?.created)).toEqual(owners.map(() => true));
    expect((await placed(aws)).blocks).toEqual(['10.0.0.0/24', '10.0.1.0/24']);
    await expectConverged(aws, 5);
  });

  it('starts a stopped environment there, which has kept its address', async () => {
    await runStart(aws);
    const stopped = await runStop(aws);
    await aws.post('ec2', { full: ['10.0.0.0/24'] });
    expect((await runStart(aws)).output).toMatchObject({ created: false, instanceId: stopped.output?.instanceId });
    expect((await placed(aws)).blocks).toEqual(['10.0.0.0/24']);
    await expectConverged(aws, 1);
  });
});

describe('a start of a type that the zone of the subnet does not offer', () => {
  it('creates a subnet in a zone that does, which the next start of it uses at once', async () => {
    await withoutCapacity(aws, ...allZones.filter((zone) => zone !== 'us-east-1e'));
    await runStart(aws);
    await withoutCapacity(aws);
    for (const owner of ['bob', 'carol']) {
      await aws.delete('calls');
      expect((await runStart(aws, { owner, instanceType: 't3.large' })).output).toMatchObject({ instanceType: 't3.large' });
    }
    expect([await callsOf('RunInstances'), await callsOf('CreateSubnet')]).toEqual([1, 0]);
    const zones = (await placed(aws)).instances.map(([zone]) => zone);
    expect(zones[0]).toBe('us-east-1e');
    expect([zones[1], zones[2]]).toEqual([expect.not.stringMatching('us-east-1e'), zones[1]]);
    await expectConverged(aws, 3);
  });

  it('does the same where the subnet is left of an earlier network', async () => {
    await leaveNetworkIn('us-east-1e');
    expect((await runStart(aws, { instanceType: 't3.large' })).output).toMatchObject({ created: true, instanceType: 't3.large' });
    expect(await placed(aws)).toEqual({ blocks: ['10.0.0.0/24', '10.0.1.0/24'], instances: [['us-east-1a', '10.0.1']] });
    await expectConverged(aws, 1);
  });
});

describe('a start that finds no capacity', () => {
  it('moves on to the next zone, and leaves nothing in the one before', async () => {
    await withoutCapacity(aws, 'us-east-1a');
    expect((await runStart(aws)).output).toMatchObject({ created: true });
    expect(await placed(aws)).toEqual({ blocks: ['10.0.0.0/24', '10.0.1.0/24'], instances: [['us-east-1b', '10.0.1']] });
    await expectConverged(aws, 1);
  });

  it('moves on from zone to zone, each once', async () => {
    await withoutCapacity(aws, ...allZones.slice(0, -1));
    expect((await runStart(aws)).output).toMatchObject({ created: true });
    expect(await callsOf('RunInstances')).toBe(6);
    expect((await placed(aws)).instances).toEqual([['us-east-1f', '10.0.5']]);
    await expectConverged(aws, 1);
  });

  it('fails if no zone has any, saying what to try, and is resumed in whichever has some', async () => {
    await withoutCapacity(aws, ...allZones);
    const failed = await runStart(aws);
    expect(failed).toMatchObject({ status: 'FAILED', error: 'NoCapacity' });
    expect(JSON.parse(failed.cause ?? '')).toMatchObject({
      errorMessage: expect.stringMatching(
        /^No zone has capacity for t2\.medium now: not us-east-1a, .*, us-east-1f\. Try t3\.medium\. AWS says: .*\(InsufficientInstanceCapacity\)\.$/,
      ),
    });
    expect(await callsOf('RunInstances')).toBe(6);
    await expectInvariants(aws);
    await withoutCapacity(aws, ...allZones.filter((zone) => zone !== 'us-east-1c'));
    expect((await runStart(aws)).output).toMatchObject({ created: true });
    expect((await placed(aws)).instances.map(([zone]) => zone)).toEqual(['us-east-1c']);
    await expectConverged(aws, 1);
  });

  it('finds another subnet in the only zone with capacity', async () => {
    await withoutCapacity(aws, 'us-east-1a');
    await runStart(aws);
    await aws.post('ec2', { full: ['10.0.1.0/24'] });
    await withoutCapacity(aws, ...['a', 'c', 'd', 'e', 'f'].map((letter) => `us-east-1${letter}`));
    expect((await runStart(aws, { owner: 'bob' })).output).toMatchObject({ created: true });
    expect((await placed(aws)).instances).toEqual([
      ['us-east-1b', '10.0.1'],
      ['us-east-1b', expect.not.stringMatching('10.0.1')],
    ]);
    await expectConverged(aws, 2);
  });

  it('resolves the image again after it has moved on, and keeps its place', async () => {
    await withoutCapacity(aws, 'us-east-1a');
    const gone = { service: 'ec2', action: 'RunInstances', kind: 'error', code: 'InvalidAMIID.NotFound' };
    await aws.post('faults', { ...gone, skip: 1 });
    expect((await runStart(aws)).output).toMatchObject({ created: true });
    expect([await callsOf('RunInstances'), await callsOf('DescribeImages')]).toEqual([3, 3]);
    expect((await placed(aws)).instances).toEqual([['us-east-1b', '10.0.1']]);
    await expectConverged(aws, 1);
  });
});

// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/troubleshooting-launch-instances.html
describe('a start whose launch EC2 accepts and then ends for want of capacity', () => {
  const subject = { environment: { owner: 'alice', repository: 'acme/api' } };
  const record = () => readEnvironment(aws.clients.dynamodb, subject.environment);

  /** Launches an instance as a start of the environment does. Returns its ID. */
  async function launchByHand(): Promise<string | undefined> {
    const { ec2 } = aws.clients;
    const { Images = [] } = await ec2.send(new DescribeImagesCommand({ Filters: [{ Name: 'architecture', Values: ['x86_64'] }] }));
    const [card] = (await inventory(aws)).networkInterfaces;
    const { Instances = [] } = await ec2.send(
      new RunInstancesCommand({
        ImageId: Images[0]?.ImageId,
        InstanceType: 't2.medium',
        MinCount: 1,
        MaxCount: 1,
        NetworkInterfaces: [{ DeviceIndex: 0, NetworkInterfaceId: card?.NetworkInterfaceId }],
        TagSpecifications: [...tagging('instance', environmentTagsOf('instance')), ...tagging('volume', environmentTagsOf('volume'))],
      }),
    );
    return Instances[0]?.InstanceId;
  }

  it('moves on to the next zone with a launch of its own, and leaves nothing in the one before', async () => {
    await endingWithoutCapacity(aws, 'us-east-1a');
    const started = await runStart(aws);
    expect(started.output).toMatchObject({ created: true });
    const { Reservations = [] } = await aws.clients.ec2.send(new DescribeInstancesCommand({}));
    const launchOf = ({ LaunchTime }: Instance) => LaunchTime?.getTime() ?? 0;
    const all = Reservations.flatMap(({ Instances = [] }) => Instances).sort((one, other) => launchOf(one) - launchOf(other));
    const [ended, next] = all.slice(-2);
    expect(ended).toMatchObject({ State: { Name: 'terminated' }, StateReason: { Code: 'Server.InsufficientInstanceCapacity' } });
    expect(next).toMatchObject({ State: { Name: 'running' }, InstanceId: started.output?.instanceId });
    expect(next?.ClientToken).not.toBe(ended?.ClientToken);
    expect(await placed(aws)).toEqual({ blocks: ['10.0.0.0/24', '10.0.1.0/24'], instances: [['us-east-1b', '10.0.1']] });
    await expectConverged(aws, 1);
  });

  it('moves on from zone to zone, each once, and fails as after a refusal if none has any', async () => {
    await runStart(aws, { owner: 'bob' });
    await endingWithoutCapacity(aws, ...allZones);
    await aws.delete('calls');
    const failed = await runStart(aws);
    expect(failed).toMatchObject({ status: 'FAILED', error: 'NoCapacity' });
    expect(JSON.parse(failed.cause ?? '')).toMatchObject({
      errorMessage: expect.stringMatching(
        /^No zone has capacity for t2\.medium now: not us-east-1a, .*, us-east-1f\. Try t3\.medium\. The instance i-\w+ is terminated: Server\.InsufficientInstanceCapacity: .*\.$/,
      ),
    });
    expect(await callsOf('RunInstances')).toBe(6);
    expect(await record()).not.toHaveProperty('observed');
    await expectInvariants(aws);
    await withoutCapacity(aws);
    expect((await runStart(aws)).output).toMatchObject({ created: true });
    await expectConverged(aws, 2);
  });

  it('launches another one while it waits for that of an earlier start, which died', async () => {
    await aws.post('faults', { service: 'ec2', action: 'RunInstances', kind: 'error', code: 'VcpuLimitExceeded', status: 400 });
    expect(await runStart(aws)).toMatchObject({ error: 'QuotaReached' });
    aws.clock.advance(35_000);
    await endingWithoutCapacity(aws, 'us-east-1a');
    await holdNext(aws, 'pending');
    const left = await launchByHand();
    await withoutCapacity(aws);
    const executionArn = await begin(aws, 'start', { caller: 'alice', ...subject, request: { publicKey: somePublicKey } });
    await held(aws, 'pending', executionArn);
    expect(await record()).toMatchObject({ observed: { instanceId: left, state: 'pending' } });
    letGo(aws);
    expect(await ended(aws, executionArn)).toMatchObject({ status: 'SUCCEEDED', output: { created: true } });
    expect((await record())?.observed?.instanceId).not.toBe(left);
    await expectConverged(aws, 1);
  });

  it('leaves no lost disk in the record of a start that died after it: the next start needs no agreement', async () => {
    await endingWithoutCapacity(aws, 'us-east-1a');
    const executionArn = await beginHeld(aws, 'pending', { caller: 'alice', ...subject, request: { publicKey: somePublicKey } });
    await aws.delete('eventbridge');
    await aws.clients.sfn.send(new StopExecutionCommand({ executionArn }));
    await expect.poll(async () => (await record())?.observed, { timeout: 20_000 }).toMatchObject({ state: 'pending' });
    await aws.post('eventbridge', { on: false });
    await withoutCapacity(aws);
    letGo(aws);
    aws.clock.advance(35_000);
    expect(await runStart(aws)).toMatchObject({ status: 'SUCCEEDED', output: { created: true } });
    await expectConverged(aws, 1);
  });

  it('starts a stopped environment in vain, which names the move, and stays stopped', async () => {
    await runStart(aws);
    await runStop(aws);
    await endingWithoutCapacity(aws, 'us-east-1a');
    const cause = expect.stringMatching(/is stopped: Server\.InsufficientInstanceCapacity: /);
    expect(await runStart(aws)).toMatchObject({ error: 'NoCapacityToStart', cause });
    expect(await record()).toMatchObject({ observed: { state: 'stopped' } });
    await withoutCapacity(aws);
    aws.clock.advance(35_000);
    expect(await runStart(aws)).toMatchObject({ status: 'SUCCEEDED', output: { created: false } });
    await expectConverged(aws, 1);
  });
});

describe('several subnets', () => {
  it('are deleted by an uninstall', async () => {
    await withoutCapacity(aws, 'us-east-1a', 'us-east-1b');
    await runStart(aws);
    await runRemove(aws);
    expect((await placed(aws)).blocks).toHaveLength(3);
    expect(await runUninstall(aws)).toMatchObject({ output: { status: 'uninstalled' } });
    await expectNothing(aws);
  });

  it('have their way to the internet again when a start rebuilds the network after an uninstall that failed', async () => {
    await withoutCapacity(aws, 'us-east-1a');
    await runStart(aws);
    await runRemove(aws);
    await aws.post('faults', { service: 'ec2', action: 'DeleteSubnet', kind: 'error', code: 'OptInRequired', status: 401 });
    expect(await runUninstall(aws)).toMatchObject({ status: 'FAILED', error: 'AccountNotReady' });
    aws.clock.advance(35_000);
    expect((await runStart(aws)).output).toMatchObject({ created: true });
    await expectConverged(aws, 1);
  });

  it('are finished by the start that needs one that a crash has left', async () => {
    await withoutCapacity(aws, 'us-east-1a');
    await runStart(aws);
    const { routeTables, subnets } = await inventory(aws);
    const second = subnets.find(({ CidrBlock }) => CidrBlock === '10.0.1.0/24');
    const used = routeTables[0]?.Associations?.find(({ SubnetId }) => SubnetId === second?.SubnetId);
    await aws.clients.ec2.send(new DisassociateRouteTableCommand({ AssociationId: used?.RouteTableAssociationId }));
    await aws.clients.ec2.send(new ModifySubnetAttributeCommand({ SubnetId: second?.SubnetId, MapPublicIpOnLaunch: { Value: false } }));
    expect((await runStart(aws, { owner: 'bob' })).output).toMatchObject({ created: true });
    await expectConverged(aws, 2);
  });
});
