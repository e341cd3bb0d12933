import {
  AuthorizeSecurityGroupIngressCommand,
  DeleteTagsCommand,
  DescribeSecurityGroupsCommand,
  ModifyNetworkInterfaceAttributeCommand,
  RevokeSecurityGroupIngressCommand,
  StopInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { deployForTests } from '../harness/deployment.ts';
import { expectConverged, inventory } from '../harness/inventory.ts';
import { wipe } from '../harness/wipe.ts';
import { runStart } from '../harness/workflows.ts';

// What a start ensures of an environment that exists, after somebody has changed it by hand.

let aws: TestAws;
deployForTests((deployed) => {
  aws = deployed;
});
afterEach(() => wipe(aws));

const sshFrom = (CidrIp: string) => [{ IpProtocol: 'tcp', FromPort: 2200, ToPort: 2200, IpRanges: [{ CidrIp }] }];
const state = async () => (await inventory(aws)).instances[0]?.State?.Name;
const record = async () => (await inventory(aws)).items?.find(({ kind }) => kind === 'environment');

async function stopByHand(instanceId = ''): Promise<void> {
  await aws.clients.ec2.send(new StopInstancesCommand({ InstanceIds: [instanceId] }));
  await vi.waitFor(async () => expect(await state()).toBe('stopped'), { timeout: 10_000 });
}

async function group(): Promise<string | undefined> {
  const Filters = [{ Name: 'group-name', Values: ['recode-acme-api-security-group'] }];
  return (await aws.clients.ec2.send(new DescribeSecurityGroupsCommand({ Filters }))).SecurityGroups?.[0]?.GroupId;
}

async function card(): Promise<string | undefined> {
  return (await inventory(aws)).instances[0]?.NetworkInterfaces?.[0]?.NetworkInterfaceId;
}

describe.each(['running', 'stopped'])('a start of a %s instance', (found) => {
  it('lets SSH in again where somebody has closed the port', async () => {
    const { output } = await runStart(aws);
    if (found === 'stopped') await stopByHand(output?.instanceId);
    const GroupId = await group();
    await aws.clients.ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId, IpPermissions: sshFrom('0.0.0.0/0') }));
    expect(await runStart(aws)).toMatchObject({ status: 'SUCCEEDED', output: { instanceId: output?.instanceId } });
    await expectConverged(aws, 1);
  });

  it('replaces the blocks that may reach SSH by those that are asked for, and remembers them', async () => {
    const { output } = await runStart(aws);
    if (found === 'stopped') await stopByHand(output?.instanceId);
    const allowCidrs = ['198.51.100.7/32', '203.0.113.0/24'];
    expect((await runStart(aws, { allowCidrs, autoStop: { kind: 'never' } })).output).toMatchObject({
      instanceId: output?.instanceId,
      allowCidrs,
    });
    await expectConverged(aws, 1);
    expect(await record()).toMatchObject({ wanted: { allowCidrs, autoStop: { kind: 'never' } } });
    const GroupId = await group();
    await aws.clients.ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: sshFrom('0.0.0.0/0') }));
    expect((await runStart(aws)).output?.allowCidrs).toEqual(allowCidrs);
    await expectConverged(aws, 1);
  });

  it('gives it a public address where its interface was to have none', async () => {
    const { output } = await runStart(aws);
    const NetworkInterfaceId = await card();
    await aws.clients.ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, AssociatePublicIpAddress: false }));
    if (found === 'stopped') await stopByHand(output?.instanceId);
    expect((await runStart(aws)).output).toMatchObject({
      instanceId: output?.instanceId,
      publicIpAddress: expect.stringMatching(/^127\./),
    });
    await expectConverged(aws, 1);
  });
});

describe('a start', () => {
  it('remembers the blocks that were asked for where it fails before the rules are changed, and the next start lets them in', async () => {
    await runStart(aws);
    const fault = { service: 'ec2', action: 'AuthorizeSecurityGroupIngress', kind: 'error', code: 'RulesPerSecurityGroupLimitExceeded' };
    await aws.post('faults', { ...fault, count: 2 });
    const allowCidrs = ['203.0.113.0/24'];
    expect(await runStart(aws, { allowCidrs })).toMatchObject({ status: 'FAILED', error: 'QuotaReached' });
    expect(await record()).toMatchObject({ wanted: { allowCidrs } });
    aws.clock.advance(40_000);
    expect((await runStart(aws)).output?.allowCidrs).toEqual(allowCidrs);
    await expectConverged(aws, 1);
  });

  it('fails by the name of its own where the instance gets no public address', async () => {
    const { output } = await runStart(aws);
    const NetworkInterfaceId = (await card()) ?? '';
    await aws.clients.ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, AssociatePublicIpAddress: false }));
    // Recode leaves an interface alone that is not tagged as its own.
    await aws.clients.ec2.send(new DeleteTagsCommand({ Resources: [NetworkInterfaceId], Tags: [{ Key: 'recode:managed-by' }] }));
    const failed = await runStart(aws);
    expect(failed).toMatchObject({ status: 'FAILED', error: 'NoPublicAddress' });
    expect(failed.cause).toContain(`The instance ${output?.instanceId} runs without a public address.`);
  });

  it('fails at once where the instance was taken out of its security group', async () => {
    await runStart(aws);
    const { SecurityGroups = [] } = await aws.clients.ec2.send(new DescribeSecurityGroupsCommand({}));
    const foreign = SecurityGroups.find(({ GroupName }) => GroupName === 'default')?.GroupId ?? '';
    await aws.clients.ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId: await card(), Groups: [foreign] }));
    const failed = await runStart(aws);
    expect(failed).toMatchObject({ status: 'FAILED', error: 'ResourceDiffers' });
    expect(failed.cause).toContain(`in the security groups ${foreign}, not in ${await group()}`);
  });
});
