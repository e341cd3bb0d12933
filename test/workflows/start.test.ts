import { StartInstancesCommand, StopInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readEnvironment } from '../../aws/records/read/environment.ts';
import { settleSeconds } from '../../core/operation.ts';
import { deployForTests } from '../harness/deployment.ts';
import { expectConverged, inventory } from '../harness/inventory.ts';
import { wipe } from '../harness/wipe.ts';
import { runStart } from '../harness/workflows.ts';

let aws: TestAws;
deployForTests((deployed) => {
  aws = deployed;
});
afterEach(() => wipe(aws));

interface Call {
  service: string;
  action: string;
  functionName?: string;
}
const calls = async () => ((await aws.get('calls')) as { calls: Call[] }).calls ?? [];
const stepsOf = async () => new Set((await calls()).map(({ functionName = '' }) => functionName.split('-').at(-1)));
const timesCalled = async (wanted: string) => (await calls()).filter(({ action }) => action === wanted).length;
const loseImage = (count: number) =>
  aws.post('faults', { service: 'ec2', action: 'RunInstances', kind: 'error', code: 'InvalidAMIID.NotFound', count });
const instanceState = async () => (await inventory(aws)).instances[0]?.State?.Name;

describe('the first start in a region', () => {
  it('makes the network, the environment and its instance, under their exact names', async () => {
    const { output } = await runStart(aws);
    expect(output).toMatchObject({
      owner: 'alice',
      repository: 'acme/api',
      name: 'acme-api',
      status: 'started',
      created: true,
      instanceType: 't2.medium',
    });
    const { instances } = await expectConverged(aws, 1);
    expect(instances[0]?.InstanceId).toBe(output?.instanceId);
  });

  it('takes every option', async () => {
    const allowCidrs = ['0.0.0.0/0', '203.0.113.7/32'];
    const { output } = await runStart(aws, { instanceType: 'm6g.large', volumeSize: 64, volumeType: 'gp3', allowCidrs });
    expect(output?.instanceType).toBe('m6g.large');
    const { instances, volumes } = await expectConverged(aws, 1);
    expect(instances[0]?.Architecture).toBe('arm64');
    expect(volumes[0]).toMatchObject({ Size: 64, VolumeType: 'gp3' });
  });
});

describe('a second environment', () => {
  it('costs no network step', async () => {
    await runStart(aws);
    await aws.delete('calls');
    const { output } = await runStart(aws, { owner: 'bob' });
    expect(output).toMatchObject({ name: 'acme-api-bob', created: true });
    await expectConverged(aws, 2);
    const steps = await stepsOf();
    for (const step of ['claimNetwork', 'createVpc', 'createSubnet', 'createRouteTable', 'recordNetwork'])
      expect(steps).not.toContain(step);
    expect(steps).toContain('launchInstance');
  });
});

describe('an environment that exists', () => {
  it('is left as it is when it is started', async () => {
    const first = await runStart(aws);
    await aws.delete('calls');
    const second = await runStart(aws);
    expect(second).toMatchObject({ output: { ...first.output, created: false, changed: false } });
    const mutating = (await calls()).filter(({ service, action }) => service === 'ec2' && !action.startsWith('Describe'));
    expect(mutating).toEqual([]);
    await expectConverged(aws, 1);
  });

  it('is started again when it is stopped, with another address and the same host key', async () => {
    const first = await runStart(aws);
    await aws.clients.ec2.send(new StopInstancesCommand({ InstanceIds: [first.output?.instanceId ?? ''] }));
    await vi.waitFor(async () => expect(await instanceState()).toBe('stopped'), { timeout: 10_000 });
    const second = await runStart(aws);
    expect(second).toMatchObject({ output: { ...first.output, created: false, publicIpAddress: expect.any(String) } });
    expect(second.output?.publicIpAddress).not.toBe(first.output?.publicIpAddress);
    await expectConverged(aws, 1);
  });

  it('is started again when it is still stopping', async () => {
    const first = await runStart(aws);
    await aws.post('ec2', { latency: 'calibrated' });
    await aws.clients.ec2.send(new StopInstancesCommand({ InstanceIds: [first.output?.instanceId ?? ''] }));
    expect(await instanceState()).toBe('stopping');
    const second = await runStart(aws);
    await aws.post('ec2', { latency: 'instant' });
    expect(second).toMatchObject({ output: { instanceId: first.output?.instanceId, created: false } });
    await expectConverged(aws, 1);
  });

  it('gets its new address recorded when somebody else stopped and started it', async () => {
    const first = await runStart(aws);
    const ids = { InstanceIds: [first.output?.instanceId ?? ''] };
    await aws.clients.ec2.send(new StopInstancesCommand(ids));
    await vi.waitFor(async () => expect(await instanceState()).toBe('stopped'), { timeout: 10_000 });
    await aws.clients.ec2.send(new StartInstancesCommand(ids));
    const second = await runStart(aws);
    expect(second).toMatchObject({ output: { created: false, instanceId: first.output?.instanceId } });
    expect(second.output?.publicIpAddress).not.toBe(first.output?.publicIpAddress);
    await expectConverged(aws, 1);
  });

  it('gets a new instance when somebody terminated its own, once it may have an empty disk', async () => {
    const first = await runStart(aws);
    const lost = first.output?.instanceId ?? '';
    const before = await inventory(aws);
    await aws.clients.ec2.send(new TerminateInstancesCommand({ InstanceIds: [lost] }));
    const message = `The instance ${lost} of acme/api was terminated outside Recode. A new instance has an empty disk.`;
    // EC2 shows it, and from then on the record.
    for (const replaces of [undefined, undefined, 'i-0123456789abcdef0']) {
      const refused = await runStart(aws, { ...(replaces && { replaces }) });
      expect(refused).toMatchObject({ status: 'FAILED', error: 'InstanceGone', cause: expect.stringContaining(message) });
      aws.clock.advance(settleSeconds * 1000);
    }
    expect((await inventory(aws)).instances).toEqual([]);
    const second = await runStart(aws, { replaces: lost });
    expect(second).toMatchObject({ output: { created: true, status: 'started', name: first.output?.name } });
    expect(second.output?.instanceId).not.toBe(lost);
    expect(second.output?.hostKey).not.toBe(first.output?.hostKey);
    const { keyPairs, securityGroups, networkInterfaces } = await inventory(aws);
    expect(keyPairs.map(({ KeyPairId }) => KeyPairId)).toEqual(before.keyPairs.map(({ KeyPairId }) => KeyPairId));
    expect(securityGroups.map(({ GroupId }) => GroupId)).toEqual(before.securityGroups.map(({ GroupId }) => GroupId));
    const interfaces = (of: typeof networkInterfaces) => of.map(({ NetworkInterfaceId }) => NetworkInterfaceId);
    expect(interfaces(networkInterfaces)).toEqual(interfaces(before.networkInterfaces));
    await expectConverged(aws, 1);
  });

  it('goes on with a new instance after a failure, without being asked to again, but not with another one', async () => {
    const { output } = await runStart(aws);
    const lost = output?.instanceId ?? '';
    await aws.clients.ec2.send(new TerminateInstancesCommand({ InstanceIds: [lost] }));
    await aws.post('faults', { service: 'ec2', action: 'RunInstances', kind: 'error', code: 'VcpuLimitExceeded' });
    expect(await runStart(aws, { replaces: lost })).toMatchObject({ error: 'QuotaReached' });
    aws.clock.advance(settleSeconds * 1000);
    const second = await runStart(aws);
    expect(second).toMatchObject({ status: 'SUCCEEDED', output: { created: true } });
    expect((await readEnvironment(aws.clients.dynamodb, { owner: 'alice', repository: 'acme/api' }))?.wanted).not.toHaveProperty(
      'replaces',
    );
    await aws.clients.ec2.send(new TerminateInstancesCommand({ InstanceIds: [second.output?.instanceId ?? ''] }));
    expect(await runStart(aws)).toMatchObject({ error: 'InstanceGone' });
  });
});

describe('a start that fails', () => {
  it('tells that AWS has reached a quota, and is resumed with another type', async () => {
    await aws.post('faults', {
      service: 'ec2',
      action: 'RunInstances',
      kind: 'error',
      code: 'VcpuLimitExceeded',
      message: 'You may not have another t2.medium.',
    });
    const failed = await runStart(aws);
    expect(failed).toMatchObject({ status: 'FAILED', error: 'QuotaReached' });
    expect((await inventory(aws)).items).toContainEqual(
      expect.objectContaining({ kind: 'environment', lastError: expect.objectContaining({ name: 'QuotaReached' }) }),
    );
    const resumed = await runStart(aws, { instanceType: 't3.medium' });
    expect(resumed).toMatchObject({ output: { created: true, instanceType: 't3.medium' } });
    await expectConverged(aws, 1);
  });

  it('resolves the image again where it has gone before the launch', async () => {
    await loseImage(1);
    expect((await runStart(aws)).output).toMatchObject({ created: true });
    await expectConverged(aws, 1);
    expect(await timesCalled('DescribeImages')).toBe(2);
  });

  it('says that there is no image where it has gone twice, and is resumed', async () => {
    await loseImage(2);
    expect(await runStart(aws)).toMatchObject({
      status: 'FAILED',
      error: 'ImageNotFound',
      cause: expect.stringContaining('InvalidAMIID.NotFound'),
    });
    expect(await timesCalled('RunInstances')).toBe(2);
    expect((await runStart(aws)).output).toMatchObject({ created: true });
    await expectConverged(aws, 1);
  });

  it('tells at once why an instance died while it booted', async () => {
    await aws.post('ec2', { launches: [{ outcome: 'terminated', reason: 'Client.InvalidSnapshot: the key is disabled' }] });
    expect(await runStart(aws)).toMatchObject({
      status: 'FAILED',
      error: 'InstanceFailedToLaunch',
      cause: expect.stringContaining('the key is disabled'),
    });
    expect((await runStart(aws)).output).toMatchObject({ created: true });
    await expectConverged(aws, 1);
  });

  it('refuses an instance type that does not exist before it makes anything', async () => {
    expect(await runStart(aws, { instanceType: 't9.medium' })).toMatchObject({ status: 'FAILED', error: 'InstanceTypeNotFound' });
    const { items, ...resources } = await inventory(aws);
    expect(items).toBeUndefined();
    for (const found of Object.values(resources)) expect(found).toEqual([]);
  });
});
