import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetExecutionHistoryCommand, ListExecutionsCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { putEnvironment } from '../../aws/records/hold/environment.ts';
import { readEnvironment } from '../../aws/records/read/environment.ts';
import type { AutoStop } from '../../core/auto-stop.ts';
import type { RecordedEnvironmentInput } from '../../core/document.ts';
import { stateMachineArn } from '../../core/executions.ts';
import { autoStopCaller } from '../../core/owner.ts';
import { instance } from '../functions/documents.ts';
import { recordOf } from '../functions/installed.ts';
import { expectConverged, expectNothing } from '../harness/inventory.ts';
import { beginHeld, letGo } from '../harness/pace.ts';
import type { Called } from '../harness/proof.ts';
import { hasCalled, type User, userOf } from '../harness/users.ts';
import { wipe } from '../harness/wipe.ts';
import { begin, deployedAws, type Ended, ended, runRemove, runStart, runStop, somePublicKey } from '../harness/workflows.ts';

const minute = 60_000;
const afterAnHour: AutoStop = { kind: 'after', minutes: 60 };
const subject = { owner: 'alice', repository: 'acme/api' };

let aws: TestAws;
let directory: string;
let alice: User;
let bob: User;
/** The executions of recode-stop that were there before a test. */
let before: ReadonlySet<string>;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'recode-auto-stop-'));
  aws = await deployedAws();
  alice = userOf(aws, 'alice', directory);
  bob = userOf(aws, 'bob', directory);
});
beforeEach(async () => {
  before = new Set(await stops(new Set()));
});
afterEach(async () => {
  letGo(aws);
  await wipe(aws);
});
afterAll(async () => {
  await aws.stop();
  rmSync(directory, { recursive: true });
});

const record = () => readEnvironment(aws.clients.dynamodb, subject);
const dueAt = async () => Date.parse((await record())?.wanted.stopAt ?? '');

async function beginSweep(): Promise<string> {
  return (
    (await aws.clients.sfn.send(new StartExecutionCommand({ stateMachineArn: stateMachineArn(aws, 'auto-stop'), input: '{}' })))
      .executionArn ?? ''
  );
}
const sweep = async (): Promise<Ended<unknown>> => ended(aws, await beginSweep());

/** The stops that were asked for or begun since the test began, oldest first. */
async function stops(known: ReadonlySet<string> = before): Promise<string[]> {
  const { executions = [] } = await aws.clients.sfn.send(
    new ListExecutionsCommand({ stateMachineArn: stateMachineArn(aws, 'stop'), maxResults: 1000 }),
  );
  return executions.flatMap(({ executionArn = '' }) => (known.has(executionArn) ? [] : [executionArn])).reverse();
}
const endOfStops = async () => Promise.all((await stops()).map((executionArn) => ended<unknown>(aws, executionArn)));

/** Waits until the last stop that was asked for has found that an operation holds the environment, so many times. */
async function waitsFor(kind: string, times = 1): Promise<void> {
  const failures = async () => {
    const executionArn = (await stops()).at(-1);
    const { events = [] } = await aws.clients.sfn.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }));
    return events.filter(({ lambdaFunctionFailedEventDetails: failed }) => failed?.cause?.includes(`A ${kind} is running on`)).length;
  };
  await expect.poll(failures, { timeout: 20_000, interval: 20 }).toBe(times);
}

/** Moves the clock to so long after the time at which the environment is due. */
async function advanceTo(afterDue: number): Promise<void> {
  aws.clock.advance((await dueAt()) + afterDue - aws.clock.now());
}

describe('a sweep', () => {
  it('finds nothing to do where Recode is not installed', async () => {
    expect(await sweep()).toMatchObject({ status: 'SUCCEEDED' });
    await expectNothing(aws);
    expect(await stops()).toEqual([]);
  });

  it('stops an environment when it is due, and not before; the next start gives it another time', async () => {
    await runStart(aws, { autoStop: afterAnHour });
    const due = await dueAt();
    await advanceTo(-minute);
    expect(await sweep()).toMatchObject({ status: 'SUCCEEDED' });
    expect(await stops()).toEqual([]);
    await advanceTo(0);
    expect(await sweep()).toMatchObject({ status: 'SUCCEEDED' });
    const [stop] = await endOfStops();
    expect(stop).toMatchObject({ status: 'SUCCEEDED', output: { ...subject, status: 'stopped', changed: true } });
    expect(stop?.executionArn).toMatch(new RegExp(`:execution:recode-stop:auto-stop-[0-9a-f-]{36}-${Math.floor(due / 1000)}-1$`));
    await expectConverged(aws, 1, 'stopped');
    expect((await record())?.wanted).not.toHaveProperty('stopAt');
    const { output } = await runStart(aws);
    expect(Date.parse(output?.stopAt ?? '')).toBeGreaterThan(due);
    expect(Date.parse(output?.stopAt ?? '')).toBe(await dueAt());
  });

  it('leaves alone what is never to stop', async () => {
    await runStart(aws, { autoStop: { kind: 'never' } });
    aws.clock.advance(8 * 24 * 60 * minute);
    expect(await sweep()).toMatchObject({ status: 'SUCCEEDED' });
    expect(await stops()).toEqual([]);
    await expectConverged(aws, 1);
  });

  it('asks for a stop once, however many sweeps there are at once and one after the other', async () => {
    await runStart(aws, { autoStop: afterAnHour });
    await advanceTo(0);
    aws.clock.setRate(4); // all of it in five minutes, on a busy machine too
    const sweeps = await Promise.all([beginSweep(), beginSweep(), beginSweep()]);
    for (const each of [...sweeps, await beginSweep()]) expect(await ended(aws, each)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await endOfStops()).toMatchObject([{ status: 'SUCCEEDED' }]);
    expect(await sweep()).toMatchObject({ status: 'SUCCEEDED' });
    expect(await stops()).toHaveLength(1);
    await expectConverged(aws, 1, 'stopped');
  });

  it('asks again, but not sooner than in five minutes, for a stop that failed', async () => {
    await runStart(aws, { autoStop: afterAnHour });
    await advanceTo(0);
    await aws.post('faults', { service: 'ec2', action: 'StopInstances', kind: 'error', code: 'OptInRequired' });
    await sweep();
    expect(await endOfStops()).toMatchObject([{ status: 'FAILED', error: 'AccountNotReady' }]);
    expect(await record()).toMatchObject({ wanted: { power: 'off' }, lastError: { name: 'AccountNotReady' } });
    await advanceTo(5 * minute);
    await sweep();
    expect(await endOfStops()).toMatchObject([{ status: 'FAILED' }, { status: 'SUCCEEDED' }]);
    await expectConverged(aws, 1, 'stopped');
  });

  it('stops an environment that is at work as soon as that has ended, without another sweep', async () => {
    await runStart(aws, { autoStop: afterAnHour });
    const due = await dueAt();
    await advanceTo(minute);
    const rename = await beginHeld(aws, 'renaming', { caller: 'alice', environment: subject, name: 'billing' });
    expect(await sweep()).toMatchObject({ status: 'SUCCEEDED' });
    await waitsFor('rename');
    letGo(aws);
    expect(await ended(aws, rename)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await endOfStops()).toMatchObject([{ status: 'SUCCEEDED', output: { name: 'billing', changed: true } }]);
    expect(Date.parse((await record())?.observed?.at ?? '')).toBeLessThan(due + 5 * minute);
    await expectConverged(aws, 1, 'stopped');
  });

  it('stops one whose operation has failed, and not one whose operation has given it another time', async () => {
    await runStart(aws, { autoStop: afterAnHour });
    const starting = { caller: 'bob', environment: subject, request: { publicKey: somePublicKey } };
    const checking = { service: 'ec2', action: 'DescribeInstances', function: 'recode-prod-checkInstanceRunning' };
    await advanceTo(0);
    const failing = await beginHeld(aws, 'pending', starting);
    await sweep();
    await waitsFor('start');
    await aws.post('faults', { ...checking, kind: 'error', code: 'OptInRequired' });
    letGo(aws);
    expect(await ended(aws, failing)).toMatchObject({ status: 'FAILED', error: 'AccountNotReady' });
    expect(await endOfStops()).toMatchObject([{ status: 'SUCCEEDED' }]);
    await expectConverged(aws, 1, 'stopped');

    await runStart(aws, { autoStop: afterAnHour });
    await advanceTo(0);
    const start = await beginHeld(aws, 'pending', starting);
    await sweep();
    await waitsFor('start');
    letGo(aws);
    expect(await ended(aws, start)).toMatchObject({ status: 'SUCCEEDED' });
    expect((await endOfStops()).map(({ error }) => error)).toEqual([undefined, 'AutoStopNotDue']);
    await expectConverged(aws, 1);
  });

  it('waits for an operation until the next sweep, which asks for another stop', async () => {
    await runStart(aws, { autoStop: afterAnHour });
    await advanceTo(0);
    const checking = { service: 'ec2', action: 'DescribeInstances', function: 'recode-prod-checkInstanceRunning' };
    await aws.post('faults', { ...checking, kind: 'error', code: 'RequestLimitExceeded', count: 10_000 });
    const start = await begin(aws, 'start', { caller: 'bob', environment: subject, request: { publicKey: somePublicKey } });
    await expect.poll(async () => (await record())?.lock).toMatchObject({ executionArn: start });
    await sweep();
    const [first] = await endOfStops();
    expect(first).toMatchObject({ status: 'FAILED', error: 'AutoStopHeldUp', cause: expect.stringContaining('A start is running on') });
    expect((await record())?.lastOperations ?? []).not.toContainEqual(expect.objectContaining({ executionArn: first?.executionArn }));
    aws.clock.advance(5 * minute);
    await sweep();
    expect(await stops()).toHaveLength(2);
    await aws.delete('faults');
    await ended(aws, start);
    await endOfStops();
  });

  it('fails in the end where a stop cannot be asked for, and has asked for all others', async () => {
    await runStart(aws);
    const stopAt = new Date(aws.clock.now()).toISOString();
    const due = Array.from({ length: 30 }, (_, index) =>
      recordOf({
        repository: `acme/${index}`,
        uid: randomUUID(),
        name: `acme-${index}`,
        instance,
        publicIpAddress: '127.64.0.1',
        stopAt,
      }),
    );
    for (const environment of due) await putEnvironment(aws.clients.dynamodb, environment);
    await aws.post('faults', {
      service: 'states',
      action: 'StartExecution',
      function: 'recode-prod-requestStop',
      kind: 'error',
      code: 'InvalidName',
    });
    const failed = await sweep();
    expect(failed).toMatchObject({ status: 'FAILED', error: 'AwsRefused' });
    expect(failed.cause).toContain('InvalidName');
    // None of them has an instance: there is nothing to stop, and nothing to be asked for again.
    const ends = await endOfStops();
    expect(ends).toHaveLength(29);
    expect(new Set(ends.map(({ error }) => error))).toEqual(new Set(['InstanceGone']));
    aws.clock.advance(5 * minute);
    expect(await sweep()).toMatchObject({ status: 'SUCCEEDED' });
    expect(await stops()).toHaveLength(30);
    await endOfStops();
  });
});

describe('a stop that a sweep has asked for', () => {
  const dueStop = async (): Promise<Called<RecordedEnvironmentInput>> => {
    const { uid = '', wanted: { stopAt = '' } = {} } = (await record()) ?? {};
    return { caller: autoStopCaller, environment: subject, due: { uid, stopAt } };
  };

  it('stops nothing that was stopped and started again meanwhile', async () => {
    await runStart(aws, { autoStop: afterAnHour });
    const input = await dueStop();
    await advanceTo(0);
    await runStop(aws);
    await runStart(aws);
    expect(await ended(aws, await begin(aws, 'stop', input))).toMatchObject({ status: 'FAILED', error: 'AutoStopNotDue' });
    await expectConverged(aws, 1);
  });

  it('stops nothing that was found started meanwhile, after its time: whoever did that wants it to go on', async () => {
    await runStart(aws, { autoStop: afterAnHour });
    const input = await dueStop();
    await advanceTo(minute);
    expect(Date.parse((await runStart(aws)).output?.stopAt ?? '')).toBeGreaterThan(aws.clock.now());
    expect(await ended(aws, await begin(aws, 'stop', input))).toMatchObject({ status: 'FAILED', error: 'AutoStopNotDue' });
    await expectConverged(aws, 1);
  });

  it('stops nothing that was removed and made anew meanwhile', async () => {
    await runStart(aws, { autoStop: afterAnHour });
    const input = await dueStop();
    await runRemove(aws);
    await runStart(aws, { autoStop: afterAnHour });
    expect(await ended(aws, await begin(aws, 'stop', input))).toMatchObject({ status: 'FAILED', error: 'AutoStopNotDue' });
    await expectConverged(aws, 1);
  });

  it('is followed by a person’s stop, and shown as started automatically', async () => {
    await runStart(aws, { autoStop: afterAnHour });
    const input = await dueStop();
    aws.clock.advance(61 * 60_000);
    await beginHeld(aws, 'stopping', input);
    expect((await alice.prints(['status', 'acme/api'])).stdout).toMatch(
      /\nA stop is running, started automatically \d+[sm] ago: Waiting for the instance to stop\n$/,
    );
    const { code, stderr } = await bob.run(['start', 'acme/api', '--owner', 'alice', '--force']);
    expect(stderr).toMatch(/A stop is running on the environment acme\/api, started automatically \d+[sm] ago\./);
    expect(code).toBe(3);
    await aws.delete('calls');
    const stopping = alice.prints(['stop', 'acme/api']);
    // Its own execution has failed by then, whose sentences it knew, and it has seen who is at work.
    await hasCalled(aws, alice, 'DescribeStateMachineForExecution');
    letGo(aws);
    const { stdout } = await stopping;
    expect(stdout).toMatch(/\nacme\/api is already stopping, started automatically \d+[sm] ago\.\n/);
    expect(stdout).toContain('✓ Stopped acme/api\n');
  });
});

describe('recode aws start --auto-stop', () => {
  const zone = { env: { TZ: 'Asia/Tokyo' } };
  const start = (...args: string[]) => alice.run(['start', 'acme/api', ...args], zone);

  it('says when the environment stops, on the clock of this machine; so do status and list', async () => {
    const { stdout } = await start('--auto-stop', '2h');
    expect(stdout).toMatch(/\n {2}Stops {5}\w.* \d\d:\d\d \(Asia\/Tokyo\)\n/);
    const [, when = ''] = /Stops {5}(.*) \(/.exec(stdout) ?? [];
    const status = await alice.run(['status', 'acme/api'], zone);
    expect(status.stdout).toMatch(new RegExp(`\n {2}stops +${when} \\(Asia/Tokyo\\)\n {2}auto-stop +2h\n`));
    expect((await alice.run(['list'], zone)).stdout).toMatch(new RegExp(` STOPS .*\n.* ${when} `));
  });

  it('may be changed of an environment that is started, and of one that is stopped; left out, it stays', async () => {
    const first = (await start('--auto-stop', '2h', '--json')).json as { stopAt: string };
    expect(Date.parse(first.stopAt)).toBe(await dueAt());

    expect((await start('--json')).json).toMatchObject({ stopAt: first.stopAt });
    const changed = await start('--auto-stop', 'never');
    expect(changed.stdout).toMatch(/✓ acme\/api is already started\n[\s\S]*\n {2}Stops {5}never\n/);
    expect(await record()).toMatchObject({ wanted: { autoStop: { kind: 'never' } } });
    expect((await record())?.wanted).not.toHaveProperty('stopAt');
    expect((await alice.run(['status', 'acme/api', '--json'])).json).toMatchObject({ stopAt: null, autoStop: 'never' });

    await runStop(aws);
    expect((await alice.run(['list', '--json'])).json).toMatchObject([{ stopAt: null }]);
    const { stopAt } = (await start('--auto-stop', '20:00', '--json')).json as { stopAt: string };
    expect(new Date(stopAt).toISOString().slice(11)).toBe('11:00:00.000Z');
    expect(await record()).toMatchObject({ wanted: { stopAt, autoStop: { kind: 'daily', time: '20:00', timeZone: 'Asia/Tokyo' } } });
  });

  it('is the team’s default where nothing was said, and records no wish', async () => {
    const { stopAt } = (await start('--json')).json as { stopAt: string };
    expect(stopAt.slice(11)).toBe('20:00:00.000Z');
    expect((await record())?.wanted).not.toHaveProperty('autoStop');
    expect((await alice.run(['status', 'acme/api'])).stdout).toContain('auto-stop          team default\n');
  });

  it('is refused in an execution’s input that names no time zone', async () => {
    const ran = await runStart(aws, { autoStop: { kind: 'daily', time: '20:00', timeZone: 'Europe/Pariss' } });
    expect(ran).toMatchObject({ status: 'FAILED', error: 'InputNotValid' });
    expect(ran.cause).toContain('a time zone of the IANA database');
  });
});
