import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readEnvironment } from '../../aws/records/read/environment.ts';
import { holderOf } from '../../core/lock.ts';
import { autoStopCaller } from '../../core/owner.ts';
import { deployForTests } from '../harness/deployment.ts';
import { expectAllRaised, expectFailure, raisedBy } from '../harness/failure.ts';
import { expectConverged } from '../harness/inventory.ts';
import { beginHeld, held, holdNext, letGo } from '../harness/pace.ts';
import type { User } from '../harness/users.ts';
import { wipe } from '../harness/wipe.ts';
import { begin, ended, mutatingCalls, runRemove, runStart, runStop, somePublicKey } from '../harness/workflows.ts';

let aws: TestAws;
let alice: User;
let bob: User;
deployForTests((deployed, user) => {
  aws = deployed;
  alice = user('alice');
  bob = user('bob');
});
afterEach(async () => {
  letGo(aws);
  await aws.post('eventbridge', { on: false });
  await wipe(aws);
});

const subject = { owner: 'alice', repository: 'acme/api' };
const command = ['cancel', 'acme/api'];
const read = () => readEnvironment(aws.clients.dynamodb, subject);
const input = { caller: 'alice', environment: subject };

/** Resolves to the execution that holds the environment, once it is held at a step. */
async function holderAt(place: Parameters<typeof held>[1]): Promise<string> {
  const executionArn = await vi.waitFor(
    async () => {
      const holder = holderOf((await read()) ?? {});
      if (!holder) throw new Error('Nobody holds the environment.');
      return holder.executionArn;
    },
    { timeout: 30_000, interval: 20 },
  );
  await held(aws, place, executionArn);
  return executionArn;
}

describe('recode aws cancel', () => {
  it.each([false, true])('stops a start that somebody follows, who learns who did it; events of AWS: %s', async (events) => {
    // The table and the network are there, which would take a while.
    await runStart(aws, { owner: 'carol', repository: 'acme/other' });
    if (events) await aws.delete('eventbridge');
    await holdNext(aws, 'creating');
    const start = ['start', 'acme/api'];
    const following = alice.run(start);
    const executionArn = await holderAt('creating');
    const { code, stdout, stderr } = await bob.prints([...command, '--owner', 'alice', '--force']);
    const cancelled = 'Stopping the operation\nReleasing the lock\n\n✓ Cancelled the start of acme/api, which is creating (failed)\n';
    expect(stdout).toBe(`${cancelled}To continue it, run:\n  recode aws retry acme/api --owner alice\n`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const message = 'bob cancelled the start of acme/api.';
    expectFailure(await following, ['aws', ...start], { name: 'OperationCancelled', message });
    expect(await ended(aws, executionArn)).toMatchObject({ status: 'ABORTED', error: 'OperationCancelled', cause: message });
    expect(await read()).toMatchObject({
      lock: { quietUntil: expect.any(Number) },
      lastError: { name: 'OperationCancelled', message },
      lastOperations: [{ executionArn, kind: 'start', owner: 'alice', error: 'OperationCancelled' }],
    });
    expect((await alice.run(['status', 'acme/api'])).stdout).toMatch(/Last error, \d+s ago: bob cancelled the start of acme\/api\.\n/);
    const ssh = ['ssh', 'acme/api'];
    expectFailure(await alice.run(ssh), ['aws', ...ssh], { name: 'EnvironmentNotStarted', message: 'acme/api is creating (failed).' });
    letGo(aws);
    const retried = await alice.prints(['retry', 'acme/api']);
    expect(retried.stdout).toMatch(/^Retrying the start that failed \d+\w ago: bob cancelled the start of acme\/api\.\n/);
    expect(retried.stdout).toContain('✓ Started acme/api\n');
    await expectConverged(aws, 2);
  });

  it.each([
    ['starts', async () => runStart(aws, subject), 2],
    ['removes', async () => runRemove(aws, subject), 1],
  ] as const)('leaks nothing that the last Lambda of a cancelled start makes: the next operation %s', async (_, next, left) => {
    // The network is complete.
    await runStart(aws, { owner: 'carol', repository: 'acme/other' });
    await aws.delete('calls');
    // EC2 takes its time, and the Lambda waits for it while its execution is cancelled.
    await aws.post('faults', { service: 'ec2', action: 'RunInstances', kind: 'delay', milliseconds: 1_000 });
    const executionArn = await begin(aws, 'start', { ...input, request: { publicKey: somePublicKey } });
    await vi.waitFor(async () => expect(await aws.get('faults')).toEqual({ faults: [] }), { timeout: 30_000, interval: 2 });
    aws.clock.setRate(0.001);
    expect(await mutatingCalls(aws)).not.toContain('TerminateInstances');
    expect((await alice.run([...command, '--json'])).json).toMatchObject({ cancelled: true, executionArn });
    expect((await read())?.observed).toBeUndefined();
    letGo(aws);
    expect(await next()).toMatchObject({ status: 'SUCCEEDED' });
    expect((await mutatingCalls(aws)).filter((action) => action === 'RunInstances')).toHaveLength(1);
    await expectConverged(aws, left);
  });

  it('says that no operation is running, and that there is no environment', async () => {
    await runStart(aws, subject);
    expect(await alice.prints(command)).toEqual({ code: 0, stdout: 'No operation is running on acme/api.\n', stderr: '' });
    const nothing = { ...subject, cancelled: false, operation: null, executionArn: null };
    expect(await alice.run([...command, '--json'])).toMatchObject({ code: 0, json: nothing });
    const message = 'bob has no environment for acme/api in us-east-1.';
    expectFailure(await bob.run(command), ['aws', ...command], { name: 'EnvironmentNotFound', message });
  });

  it('cancels nothing if the operation has ended by itself meanwhile', async () => {
    await runStart(aws, subject);
    const executionArn = await beginHeld(aws, 'stopping', input);
    await aws.delete('calls');
    // The stop ends while the cancel has not read the record yet: its Lambda crashes three times, and is repeated seconds later.
    const crash = { service: 'dynamodb', action: 'GetItem', function: 'recode-prod-cancelOperation', kind: 'crash-before' };
    await aws.post('faults', { ...crash, count: 3 });
    const cancelling = alice.prints(command);
    await vi.waitFor(async () => expect(await aws.get('faults')).toMatchObject({ faults: [{ count: 2 }] }), {
      timeout: 30_000,
      interval: 20,
    });
    letGo(aws);
    expect(await ended(aws, executionArn)).toMatchObject({ status: 'SUCCEEDED' });
    const { code, stdout } = await cancelling;
    expect(stdout).toBe('Stopping the operation\n\nNothing was cancelled: the stop of acme/api had ended before.\n');
    expect(code).toBe(0);
    expect(await read()).toMatchObject({ observed: { state: 'stopped' }, lastOperations: [{ kind: 'start' }, { kind: 'stop' }] });
    expect((await read())?.lastError).toBeUndefined();
  });

  it('may be given twice, by two people', async () => {
    await runStart(aws, subject);
    const executionArn = await beginHeld(aws, 'stopping', input);
    const both = await Promise.all([alice.run([...command, '--json']), bob.run([...command, '--owner', 'alice', '--force', '--json'])]);
    for (const { code, json } of both) {
      expect(code).toBe(0);
      // The later one may find the lock released.
      expect([executionArn, null]).toContain((json as { executionArn: string | null }).executionArn);
    }
    expect(await ended(aws, executionArn)).toMatchObject({ status: 'ABORTED', error: 'OperationCancelled' });
    letGo(aws);
    expect(await runStop(aws, subject)).toMatchObject({ status: 'SUCCEEDED' });
    await expectConverged(aws, 1, 'stopped');
  });

  it('lets go of what a dead execution still holds, without changing its end', async () => {
    await runStart(aws, subject);
    const executionArn = await beginHeld(aws, 'stopping', input);
    await aws.clients.sfn.send(new StopExecutionCommand({ executionArn, cause: 'by hand' }));
    expect(holderOf((await read()) ?? {})?.executionArn).toBe(executionArn);
    const { stdout } = await alice.prints(command);
    expect(stdout).toContain('\nNothing was cancelled: the stop of acme/api had ended before.\n  by hand\n');
    expect(await read()).toMatchObject({ lock: { quietUntil: expect.any(Number) }, lastError: { name: 'ExecutionAborted' } });
  });

  it("asks before it touches a teammate's environment", async () => {
    await runStart(aws, subject);
    const executionArn = await beginHeld(aws, 'stopping', input);
    const args = [...command, '--owner', 'alice'];
    const ran = await bob.run(args);
    expect(ran.stderr.replace(/\d+s ago/, 'N ago')).toContain('acme/api belongs to alice. Cancel its stop, started N ago by alice?');
    expect(ran.code).toBe(2);
    const declined = await bob.inTerminal(args, [['[y/N]', 'n\r']]);
    expect(declined).toMatchObject({ code: 1, text: expect.stringContaining('Cancelled.') });
    expect(holderOf((await read()) ?? {})?.executionArn).toBe(executionArn);
    const accepted = await bob.inTerminal(args, [['[y/N]', 'y\r']]);
    expect(accepted).toMatchObject({ code: 0, text: expect.stringContaining('✓ Cancelled the stop of acme/api') });
  });

  it('says that a cancelled automatic stop runs again, and how to change its time', async () => {
    await runStart(aws, { ...subject, autoStop: { kind: 'after', minutes: 60 } });
    const { uid = '', wanted } = (await read()) ?? {};
    aws.clock.advance(60 * 60_000);
    await beginHeld(aws, 'stopping', { ...input, caller: autoStopCaller, due: { uid, stopAt: wanted?.stopAt } });
    const { stdout } = await alice.prints(command);
    expect(stdout).toMatch(/✓ Cancelled the stop of acme\/api[\s\S]*\n {2}recode aws extend acme\/api 2h\n$/);
  });
});

it('raises all that a cancel leads to', () => {
  expectAllRaised(raisedBy.cancel);
});
