import {
  DeleteKeyPairCommand,
  DeleteNetworkInterfaceCommand,
  DeleteSecurityGroupCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readEnvironment } from '../../aws/records/read/environment.ts';
import { deployForTests } from '../harness/deployment.ts';
import { expectConverged, expectNothing, inventory } from '../harness/inventory.ts';
import { expectKept } from '../harness/kept.ts';
import { beginHeld, letGo } from '../harness/pace.ts';
import { wipe } from '../harness/wipe.ts';
import { mutatingCalls, runRemove, runStart, runStop, runUninstall, somePublicKey } from '../harness/workflows.ts';

let aws: TestAws;
deployForTests((deployed) => {
  aws = deployed;
});
afterEach(async () => {
  letGo(aws);
  await wipe(aws);
});

const subject = { owner: 'alice', repository: 'acme/api' };
const record = () => readEnvironment(aws.clients.dynamodb, subject);
/** Makes the next call of an action fail for good; where it takes effect, only its answer is lost on the way. */
const refuse = (action: string, effect = false) =>
  aws.post('faults', { service: 'ec2', action, kind: 'error', code: 'OptInRequired', status: 401, effect });
/** What a failed operation keeps others from entering for has passed. */
const settle = () => aws.clock.advance(35_000);

/** Expects that the account holds the network and nothing of an environment. */
const expectNetworkAlone = () => expectConverged(aws, 0);

describe('a remove', () => {
  it('deletes all that was made for the environment, its record and its name, and leaves the others alone', async () => {
    await runStart(aws, { owner: 'bob' });
    const before = await inventory(aws);
    await runStart(aws);
    const removed = await runRemove(aws);
    const output = { ...subject, name: 'acme-api-alice', status: 'removed', keptUntil: null };
    expect(removed).toMatchObject({ status: 'SUCCEEDED', output });
    expect(await inventory(aws)).toEqual(before);
    expect(await runRemove(aws)).toMatchObject({ status: 'FAILED', error: 'EnvironmentNotFound' });
  });

  it('keeps the disk first where it was asked to', async () => {
    await runStart(aws);
    await aws.delete('calls');
    const { output } = await runRemove(aws, { keep: 30 });
    const [year, month, day] = [...new Date(aws.clock.now() + 30 * 86_400_000).toISOString().slice(0, 10).split('-')];
    expect(output).toMatchObject({ status: 'removed', keptUntil: expect.stringContaining(`${year}-${month}-${day}T`) });
    await expectNetworkAlone();
    await expectKept(aws, 1);
    expect((await mutatingCalls(aws)).slice(0, 3)).toEqual(['StopInstances', 'CreateImage', 'TerminateInstances']);
  });

  it('keeps the disk also in a later attempt that does not say so', async () => {
    await runStart(aws);
    await refuse('CreateImage');
    expect(await runRemove(aws, { keep: 7 })).toMatchObject({ error: 'AccountNotReady' });
    settle();
    expect((await runRemove(aws)).output?.keptUntil).not.toBeNull();
    await expectKept(aws, 1);
  });

  it('does as the team has chosen, unless it is told otherwise', async () => {
    await aws.post('lambda', { environment: { RECODE_TEAMMATES: 'everyone', RECODE_KEEP_REMOVED: '7d' } });
    await runStart(aws);
    expect((await runRemove(aws)).output?.keptUntil).not.toBeNull();
    await runStart(aws);
    expect((await runRemove(aws, { keep: false })).output?.keptUntil).toBeNull();
    await expectKept(aws, 1);
    await aws.post('lambda', { environment: { RECODE_TEAMMATES: 'everyone' } });
  });

  it('has no disk to keep where the instance is gone', async () => {
    const { output } = await runStart(aws);
    await aws.clients.ec2.send(new TerminateInstancesCommand({ InstanceIds: [output?.instanceId ?? ''] }));
    expect((await runRemove(aws, { keep: 7 })).output?.keptUntil).toBeNull();
    await expectNetworkAlone();
    await expectKept(aws, 0);
  });

  it('gives the name to the next who wants it', async () => {
    expect((await runStart(aws)).output?.name).toBe('acme-api');
    await runRemove(aws);
    expect((await runStart(aws, { owner: 'bob' })).output).toMatchObject({ name: 'acme-api', created: true });
    await expectConverged(aws, 1);
  });

  it('works on a stopped environment', async () => {
    await runStart(aws);
    await runStop(aws);
    expect(await runRemove(aws)).toMatchObject({ status: 'SUCCEEDED' });
    await expectNetworkAlone();
  });

  it('takes over from a stop that was killed', async () => {
    await runStart(aws);
    const executionArn = await beginHeld(aws, 'stopping', { caller: 'alice', environment: subject });
    await aws.clients.sfn.send(new StopExecutionCommand({ executionArn }));
    letGo(aws);
    expect(await runRemove(aws)).toMatchObject({ status: 'SUCCEEDED' });
    await expectNetworkAlone();
  });

  it('takes over from a start that was killed before the environment had anything', async () => {
    await runStart(aws, { owner: 'bob' });
    const before = await inventory(aws);
    const input = { caller: 'alice', environment: subject, request: { publicKey: somePublicKey } };
    const executionArn = await beginHeld(aws, 'creating', input);
    await aws.clients.sfn.send(new StopExecutionCommand({ executionArn }));
    letGo(aws);
    expect(await runRemove(aws)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await inventory(aws)).toEqual(before);
  });
});

describe('after a start that failed', () => {
  it.each([
    ['before', 'CreateSecurityGroup'],
    ['after', 'CreateSecurityGroup'],
    ['after', 'ImportKeyPair'],
    ['after', 'CreateNetworkInterface'],
    ['after', 'RunInstances'],
  ])('%s %s took effect, a remove leaves the network alone', async (when, action) => {
    // The first start in a region launches before the network is complete.
    await runStart(aws);
    await runRemove(aws);
    await refuse(action, when === 'after');
    expect(await runStart(aws)).toMatchObject({ status: 'FAILED', error: 'AccountNotReady' });
    expect(await record()).toMatchObject({ wanted: { power: 'on' }, lastError: { name: 'AccountNotReady' } });
    settle();
    expect(await runRemove(aws)).toMatchObject({ status: 'SUCCEEDED' });
    await expectNetworkAlone();
  });

  it('in the network, a remove leaves what the next start, or an uninstall, goes on from', async () => {
    await refuse('CreateRouteTable');
    expect(await runStart(aws)).toMatchObject({ error: 'AccountNotReady' });
    settle();
    expect(await runRemove(aws)).toMatchObject({ status: 'SUCCEEDED' });
    expect((await inventory(aws)).vpcs).toHaveLength(1);
    expect(await runUninstall(aws)).toMatchObject({ output: { status: 'uninstalled' } });
    await expectNothing(aws);
  });
});

describe('where somebody has deleted resources by hand', () => {
  it('a remove deletes what is left', async () => {
    const { output } = await runStart(aws);
    const { ec2 } = aws.clients;
    const { networkInterfaces, securityGroups, keyPairs } = await inventory(aws);
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [output?.instanceId ?? ''] }));
    await vi.waitFor(async () => expect((await inventory(aws)).instances).toEqual([]), { timeout: 10_000, interval: 20 });
    await ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: networkInterfaces[0]?.NetworkInterfaceId }));
    await ec2.send(new DeleteSecurityGroupCommand({ GroupId: securityGroups[0]?.GroupId }));
    await ec2.send(new DeleteKeyPairCommand({ KeyPairId: keyPairs[0]?.KeyPairId }));
    expect(await runRemove(aws)).toMatchObject({ status: 'SUCCEEDED' });
    await expectNetworkAlone();
  });

  it('a remove waits for an instance that is being stopped or terminated', async () => {
    const { output } = await runStart(aws);
    const InstanceIds = [output?.instanceId ?? ''];
    await aws.post('ec2', { latency: 'calibrated' });
    await aws.clients.ec2.send(new StopInstancesCommand({ InstanceIds }));
    await aws.clients.ec2.send(new TerminateInstancesCommand({ InstanceIds }));
    expect(await runRemove(aws)).toMatchObject({ status: 'SUCCEEDED' });
    await expectNetworkAlone();
  });
});

describe('a remove that failed', () => {
  it.each(['TerminateInstances', 'DeleteSecurityGroup'])(
    'at %s keeps the environment for the next remove alone, which finishes it',
    async (action) => {
      await runStart(aws);
      await refuse(action);
      expect(await runRemove(aws)).toMatchObject({ status: 'FAILED', error: 'AccountNotReady' });
      expect(await record()).toMatchObject({ wanted: { power: 'removed' }, lastError: { name: 'AccountNotReady' } });
      settle();
      for (const refused of [await runStart(aws), await runStop(aws)]) {
        expect(refused).toMatchObject({ status: 'FAILED', error: 'EnvironmentBeingRemoved' });
        expect(refused.cause).toContain('The removal of acme/api started, but did not finish.');
      }
      expect(await runRemove(aws)).toMatchObject({ status: 'SUCCEEDED' });
      await expectNetworkAlone();
    },
  );
});
