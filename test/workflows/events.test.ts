import { StartInstancesCommand, StopInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { ListExecutionsCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readEnvironment } from '../../aws/records/read/environment.ts';
import { deployForTests } from '../harness/deployment.ts';
import { beginHeld, letGo } from '../harness/pace.ts';
import { wipe } from '../harness/wipe.ts';
import { runStart, somePublicKey } from '../harness/workflows.ts';

const subject = { owner: 'alice', repository: 'acme/api' };
const request = { publicKey: somePublicKey };
const patience = { timeout: 15_000, interval: 50 };

let aws: TestAws;
deployForTests((deployed) => {
  aws = deployed;
});
afterEach(async () => {
  letGo(aws);
  await Promise.all([aws.post('eventbridge', { on: false }), aws.post('scheduler', { on: false })]);
  await wipe(aws);
});

const record = () => readEnvironment(aws.clients.dynamodb, subject);

it('a stopped execution releases the environment, and says why', async () => {
  await aws.delete('eventbridge');
  const executionArn = await beginHeld(aws, 'creating', { caller: 'alice', environment: subject, request });
  await aws.clients.sfn.send(new StopExecutionCommand({ executionArn, cause: 'by hand' }));
  await vi.waitFor(async () => expect(await record()).toMatchObject({ lastError: { name: 'ExecutionAborted' } }), patience);
  expect((await record())?.lock).toEqual({ quietUntil: expect.any(Number) });
});

it('the schedule of the stack stops an environment when its time has come, and not before', async () => {
  await runStart(aws, { ...subject, autoStop: { kind: 'after', minutes: 60 } });
  const before = await sweeps();
  await aws.delete('scheduler');
  aws.clock.advance(50 * 60_000);
  await vi.waitFor(async () => expect(await sweeps()).toBeGreaterThan(before), patience);
  expect(await record()).toMatchObject({ observed: { state: 'running' } });
  aws.clock.advance(15 * 60_000);
  await vi.waitFor(async () => expect(await record()).toMatchObject({ observed: { state: 'stopped' } }), patience);
});

describe('an instance that changes outside Recode', () => {
  const state = async () => (await record())?.observed?.state;
  const recorded = (expected: string) => vi.waitFor(async () => expect(await state()).toBe(expected), patience);

  it('has its state in the record within seconds', async () => {
    const { output } = await runStart(aws, subject);
    await aws.delete('eventbridge');
    const InstanceIds = [output?.instanceId ?? ''];
    await aws.clients.ec2.send(new StopInstancesCommand({ InstanceIds }));
    await recorded('stopped');
    await aws.clients.ec2.send(new StartInstancesCommand({ InstanceIds }));
    await recorded('running');
    expect(await runStart(aws, subject)).toMatchObject({ status: 'SUCCEEDED', output: { instanceId: InstanceIds[0], created: false } });
  });

  it('is gone once it is terminated, and a start makes another one where that is asked for', async () => {
    const { output } = await runStart(aws, subject);
    await Promise.all([aws.delete('eventbridge'), aws.post('ec2', { latency: 'calibrated' })]);
    await aws.clients.ec2.send(new TerminateInstancesCommand({ InstanceIds: [output?.instanceId ?? ''] }));
    await recorded('gone');
    await aws.delete('ec2');
    expect(await runStart(aws, subject)).toMatchObject({ status: 'FAILED', error: 'InstanceGone' });
    const second = await runStart(aws, { ...subject, replaces: output?.instanceId ?? '' });
    expect(second).toMatchObject({ status: 'SUCCEEDED', output: { created: true } });
  });
});

async function sweeps(): Promise<number> {
  const stateMachineArn = `arn:aws:states:${aws.region}:${aws.accountId}:stateMachine:recode-auto-stop`;
  const { executions = [] } = await aws.clients.sfn.send(new ListExecutionsCommand({ stateMachineArn, statusFilter: 'SUCCEEDED' }));
  return executions.length;
}
