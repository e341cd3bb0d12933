import { CreateNetworkInterfaceCommand, DescribeSubnetsCommand } from '@aws-sdk/client-ec2';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterEach, describe, expect, it } from 'vitest';
import { deployForTests } from '../harness/deployment.ts';
import { expectInvariants } from '../harness/invariants.ts';
import { placed, withoutCapacity } from '../harness/placed.ts';
import { wipe } from '../harness/wipe.ts';
import { runStart, runStop } from '../harness/workflows.ts';

let aws: TestAws;
deployForTests((deployed) => {
  aws = deployed;
});
afterEach(async () => {
  await aws.delete('ec2');
  await wipe(aws);
});

const callsOf = async (action: string) =>
  ((await aws.get('calls')) as { calls: { action: string }[] }).calls.filter((call) => call.action === action).length;

/** Takes all addresses that are free in a block. Resolves to the IDs of what has them. */
async function fill(block: string): Promise<Set<string>> {
  const { ec2 } = aws.clients;
  const { Subnets: [subnet] = [] } = await ec2.send(new DescribeSubnetsCommand({ Filters: [{ Name: 'cidr-block', Values: [block] }] }));
  const free = subnet?.AvailableIpAddressCount ?? 0;
  expect(free).toBeGreaterThan(0);
  const made = await Promise.all(
    Array.from({ length: free }, () => ec2.send(new CreateNetworkInterfaceCommand({ SubnetId: subnet?.SubnetId }))),
  );
  return new Set(made.flatMap(({ NetworkInterface }) => NetworkInterface?.NetworkInterfaceId ?? []));
}

describe('a start that finds the subnet full', () => {
  it('creates a second subnet, which the next start uses at once', async () => {
    await runStart(aws);
    const theirs = await fill('10.0.0.0/24');
    await aws.delete('calls');
    expect((await runStart(aws, { owner: 'bob' })).output).toMatchObject({ created: true });
    expect([await callsOf('CreateNetworkInterface'), await callsOf('CreateSubnet')]).toEqual([2, 1]);
    await aws.delete('calls');
    expect((await runStart(aws, { owner: 'carol' })).output).toMatchObject({ created: true });
    expect([await callsOf('CreateNetworkInterface'), await callsOf('CreateSubnet')]).toEqual([1, 0]);
    const { blocks, instances } = await placed(aws);
    expect(blocks).toEqual(['10.0.0.0/24', '10.0.1.0/24']);
    expect(instances.map(([, network]) => network)).toEqual(['10.0.0', '10.0.1', '10.0.1']);
    await expectInvariants(aws, theirs);
  });

  it('shares the second subnet with others that need it at once', async () => {
    await runStart(aws);
    const theirs = await fill('10.0.0.0/24');
    const owners = ['bob', 'carol', 'dave', 'erin'];
    const ended = await Promise.all(owners.map((owner) => runStart(aws, { owner })));
    expect(ended.map(({ output }) => output?.created)).toEqual(owners.map(() => true));
    expect((await placed(aws)).blocks).toEqual(['10.0.0.0/24', '10.0.1.0/24']);
    await expectInvariants(aws, theirs);
  });

  it('starts a stopped environment there, which has kept its address', async () => {
    await runStart(aws);
    const stopped = await runStop(aws);
    const theirs = await fill('10.0.0.0/24');
    expect((await runStart(aws)).output).toMatchObject({ created: false, instanceId: stopped.output?.instanceId });
    expect((await placed(aws)).blocks).toEqual(['10.0.0.0/24']);
    await expectInvariants(aws, theirs);
  });

  it('finds another subnet in the only zone with capacity', async () => {
    await withoutCapacity(aws, 'us-east-1a');
    await runStart(aws);
    const theirs = await fill('10.0.1.0/24');
    await withoutCapacity(aws, ...['a', 'c', 'd', 'e', 'f'].map((letter) => `us-east-1${letter}`));
    expect((await runStart(aws, { owner: 'bob' })).output).toMatchObject({ created: true });
    expect((await placed(aws)).instances).toEqual([
      ['us-east-1b', '10.0.1'],
      ['us-east-1b', expect.not.stringMatching('10.0.1')],
    ]);
    await expectInvariants(aws, theirs);
  });
});
