import { CreateVpcCommand, DescribeInstancesCommand, DescribeVpcsCommand, RunInstancesCommand } from '@aws-sdk/client-ec2';
import { afterEach, describe, expect, it } from 'vitest';
import { createBuckets } from '../../src/buckets.ts';
import { createClock } from '../../src/clock.ts';
import { operations } from '../../src/ec2/ec2.ts';
import { throttle } from '../../src/ec2/throttle.ts';
import { type Ec2Limits, profiles } from '../../src/profiles.ts';
import { jumpingClock } from '../harness/jumping-clock.ts';
import { refusal, startEc2, type TestEc2 } from './server.ts';

const stopped = () => createClock(() => 1_700_000_000_000);
const limits = profiles.throttled.ec2.limits as Ec2Limits;

/** How many calls are allowed at once, and how many more after each of the next seconds. */
function allowed(action: string, input: Record<string, unknown>): number[] {
  const clock = stopped();
  const buckets = createBuckets(clock);
  const count = () => {
    for (let calls = 0; ; calls += 1) {
      try {
        throttle(buckets, limits, 'us-east-1', action, input);
      } catch {
        return calls;
      }
    }
  };
  return [0, 1000, 1000].map((pause) => {
    clock.advance(pause);
    return count();
  });
}

// https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
describe('the limits of EC2', () => {
  const filtered = { Filters: [{ Name: 'vpc-id', Values: ['vpc-1'] }] };
  it.each([
    ['RunInstances', { MaxCount: 1 }, [5, 2, 2]],
    ['StartInstances', { InstanceIds: ['i-1'] }, [5, 2, 2]],
    ['StopInstances', { InstanceIds: ['i-1'] }, [50, 5, 5]],
    ['TerminateInstances', { InstanceIds: ['i-1'] }, [100, 5, 5]],
    ['CreateNetworkInterface', {}, [100, 5, 5]],
    ['ModifyNetworkInterfaceAttribute', {}, [100, 5, 5]],
    ['DeleteNetworkInterface', {}, [100, 5, 5]],
    ['DeleteVolume', {}, [100, 5, 5]],
    ['CreateTags', {}, [100, 10, 10]],
    ['DeleteTags', {}, [100, 10, 10]],
    ['AuthorizeSecurityGroupIngress', {}, [50, 5, 5]],
    ['ImportKeyPair', {}, [50, 5, 5]],
    ['CreateVpc', {}, [50, 5, 5]],
    ['DescribeInstances', {}, [50, 10, 10]],
    ['DescribeInstances', { InstanceIds: ['i-1'] }, [50, 10, 10]],
    ['DescribeInstances', filtered, [100, 20, 20]],
    ['DescribeInstances', { MaxResults: 100 }, [100, 20, 20]],
    ['DescribeInstanceStatus', {}, [50, 10, 10]],
    ['DescribeNetworkInterfaces', {}, [50, 10, 10]],
    ['DescribeSecurityGroups', {}, [50, 10, 10]],
    ['DescribeVolumes', {}, [50, 10, 10]],
    ['DescribeVpcs', {}, [100, 20, 20]],
    ['DescribeSubnets', filtered, [100, 20, 20]],
    ['GetConsoleOutput', {}, [100, 20, 20]],
  ])('%s with %o', (action, input, expected) => {
    expect(allowed(action, input)).toEqual(expected);
  });

  it.each([
    ['RunInstances', (count: number) => ({ MaxCount: count })],
    ['StartInstances', (count: number) => ({ InstanceIds: Array(count).fill('i-1') })],
    ['StopInstances', (count: number) => ({ InstanceIds: Array(count).fill('i-1') })],
    ['TerminateInstances', (count: number) => ({ InstanceIds: Array(count).fill('i-1') })],
  ])('%s has 1000 instances at once', (action, inputOf) => {
    expect(allowed(action, inputOf(1001))).toEqual([0, 0, 0]);
    expect(allowed(action, inputOf(1000))[0]).toBe(1);
    expect(allowed(action, inputOf(400))[0]).toBe(2);
  });

  it('count each action in each region on its own', () => {
    const buckets = createBuckets(stopped());
    const run = (region: string, action = 'RunInstances') => throttle(buckets, limits, region, action, { MaxCount: 1 });
    for (let calls = 0; calls < 5; calls += 1) run('us-east-1');
    expect(() => run('us-east-1')).toThrow('Request limit exceeded.');
    expect(() => run('eu-west-1')).not.toThrow();
    expect(() => run('us-east-1', 'StartInstances')).not.toThrow();
  });

  it('name only actions that the embedded EC2 has', () => {
    const named = [...Object.keys(limits.actions), ...Object.keys(limits.instances), ...limits.readingAll.actions];
    expect(named.filter((action) => !Object.hasOwn(operations, action))).toEqual([]);
  });
});

describe('the embedded EC2', () => {
  let ec2: TestEc2;
  const start = async (latency: string, farthest: number) => {
    ec2 = await startEc2(undefined, jumpingClock(farthest));
    ec2.ec2.admin('POST', { latency });
  };
  /** Lets the time pass until the calls have been answered. */
  const answered = <T>(calls: Promise<T>[]): Promise<T[]> => {
    const timer = setInterval(() => ec2.clock.advance(300), 5);
    return Promise.all(calls).finally(() => clearInterval(timer));
  };
  afterEach(() => ec2.stop());
  const run = new RunInstancesCommand({ MinCount: 1, MaxCount: 1, ImageId: 'ami-1', InstanceType: 't3.micro' });

  it('refuses a call too many at once, and others after their time', async () => {
    await start('throttled', 0);
    const calls = Array.from({ length: 6 }, () => refusal(ec2.client.send(run)));
    // The others take their time, which does not pass.
    expect(await Promise.race(calls)).toEqual({ code: 'RequestLimitExceeded', message: 'Request limit exceeded.', status: 503 });
    const codes = (await answered(calls)).map(({ code }) => code);
    expect(codes.filter((code) => code === 'RequestLimitExceeded')).toHaveLength(1);
  });

  it.each(['instant', 'calibrated'])('has no limits with the latency %s', async (latency) => {
    await start(latency, 2000);
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => refusal(ec2.client.send(run))));
    expect(outcomes.filter(({ code }) => code === 'RequestLimitExceeded')).toEqual([]);
    await Promise.all(Array.from({ length: 60 }, () => ec2.client.send(new DescribeInstancesCommand({}))));
  });

  it('takes 0.3 s for a call with calibrated latency, whether it succeeds or not', async () => {
    await start('calibrated', 2000);
    const begin = ec2.clock.now();
    await ec2.client.send(new DescribeVpcsCommand({}));
    expect(ec2.clock.now() - begin).toBe(300);
    await refusal(ec2.client.send(new CreateVpcCommand({ CidrBlock: 'nonsense' })));
    expect(ec2.clock.now() - begin).toBe(600);
  });
});
