import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ListExecutionsCommand } from '@aws-sdk/client-sfn';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ErrorName } from '../../core/errors.ts';
import { stateMachineArn } from '../../core/executions.ts';
import type { OperationKind } from '../../core/operations.ts';
import { deployForTests } from '../harness/deployment.ts';
import { expectAllRaised, expectFailure, expectNothingChanged, raisedBy } from '../harness/failure.ts';
import { expectConverged, expectNothing } from '../harness/inventory.ts';
import { holdNext, letGo, type Place } from '../harness/pace.ts';
import { hasCalled, keys, type User } from '../harness/users.ts';
import { runRemove, runStart } from '../harness/workflows.ts';

let aws: TestAws;
let bob: User;
deployForTests((deployed, user) => {
  aws = deployed;
  bob = user('bob');
});
afterEach(() => letGo(aws));

const start = ['start', 'acme/api'];
const stop = ['stop', 'acme/api'];
const remove = ['remove', 'acme/api', '--force'];
const uninstall = ['uninstall', '--force'];

/** The execution of a kind that runs. */
async function running(kind: OperationKind): Promise<string> {
  const { executions = [] } = await aws.clients.sfn.send(
    new ListExecutionsCommand({ stateMachineArn: stateMachineArn(aws, kind), statusFilter: 'RUNNING' }),
  );
  expect(executions).toHaveLength(1);
  return executions[0]?.executionArn ?? '';
}

/** Sends Ctrl-C to a command that follows an execution, and expects that the execution goes on; resolves to its ARN. */
async function interrupt(kind: OperationKind, command: readonly string[], what: string): Promise<string> {
  await aws.delete('calls');
  const ran = await bob.run(command, { interrupted: hasCalled(aws, bob, 'GetExecutionHistory') });
  const executionArn = await running(kind);
  const message = `You interrupted this command, not the ${what}, which continues. Its execution is ${executionArn}.`;
  expectFailure(ran, ['aws', ...command], { name: 'Interrupted', message });
  return executionArn;
}

/** Gives a command again, and lets the execution go on once the command follows it: its sentences are those of another command's execution. */
async function again(command: readonly string[]) {
  await aws.delete('calls');
  const ran = bob.run(command);
  await hasCalled(aws, bob, 'DescribeStateMachineForExecution');
  letGo(aws);
  return ran;
}

describe('Ctrl-C before anything begins', () => {
  it.each<[string, readonly string[]]>([
    ['the start of acme/api before it started', start],
    ['the look at acme/api before it ended', ['status', 'acme/api']],
  ])('ends %s, and nothing is begun', async (what, command) => {
    await aws.post('faults', { service: 'sts', action: 'GetCallerIdentity', kind: 'delay', milliseconds: 60_000 });
    const taken = async () => expect(await aws.get('faults')).toMatchObject({ faults: [] });
    const ran = await bob.run(command, { interrupted: vi.waitFor(taken, { timeout: 50_000, interval: 20 }) });
    const message = `You interrupted ${what}.`;
    expectFailure(ran, ['aws', ...command], { name: 'Cancelled', message });
    await expectNothingChanged(aws);
  });

  it('that SIGTERM ends begins nothing either', async () => {
    await aws.post('faults', { service: 'sts', action: 'GetCallerIdentity', kind: 'delay', milliseconds: 60_000 });
    const taken = async () => expect(await aws.get('faults')).toMatchObject({ faults: [] });
    const ran = await bob.run(start, { interrupted: vi.waitFor(taken, { timeout: 50_000, interval: 20 }), signal: 'SIGTERM' });
    expectFailure(ran, ['aws', ...start], { name: 'TerminatedEarly', message: 'SIGTERM ended the start of acme/api before it started.' });
    await expectNothingChanged(aws);
  });
});

it('Ctrl-C while the execution is asked for says which it is: it may run', async () => {
  await aws.post('faults', { service: 'states', action: 'StartExecution', kind: 'lost-answer' });
  await aws.post('faults', { service: 'states', action: 'StartExecution', kind: 'delay', milliseconds: 60_000 });
  const taken = async () => expect(await aws.get('faults')).toMatchObject({ faults: [] });
  const command = ['start', 'acme/early'];
  const ran = await bob.run(command, { interrupted: vi.waitFor(taken, { timeout: 50_000, interval: 20 }) });
  const message = `You interrupted this command, not the start of acme/early, which continues. Its execution is ${await running('start')}.`;
  expectFailure(ran, ['aws', ...command], { name: 'Interrupted', message });
  expect((await bob.run(command)).code).toBe(0);
  expect((await bob.run(['remove', 'acme/early', '--force'])).code).toBe(0);
});

// One environment's life. Each part of it is interrupted.
describe('Ctrl-C while an execution is followed ends the command alone; given again, it follows', () => {
  beforeAll(async () => {
    await runStart(aws);
    await runRemove(aws);
  });

  it.each<[OperationKind, Place, readonly string[], string]>([
    ['start', 'creating', start, 'start of acme/api'],
    ['stop', 'stopping', stop, 'stop of acme/api'],
    ['remove', 'removing', remove, 'removal of acme/api'],
    ['uninstall', 'uninstalling', uninstall, 'uninstall'],
  ])('the %s', async (kind, place, command, what) => {
    await holdNext(aws, place);
    const executionArn = await interrupt(kind, command, what);
    // Its own execution is refused first.
    const { code, json, stderr } = await again([...command, '--json']);
    expect(stderr).toMatch(/ is already (starting|stopping|being removed|being uninstalled), started \d+s ago by you\.$/m);
    expect(json).toMatchObject({ executionArn });
    expect(code).toBe(0);
  });

  it('and in the end there is nothing left', async () => {
    await expectNothing(aws);
    expect(existsSync(bob.files('acme/api').folder)).toBe(false);
  });

  it('a follow', async () => {
    await runStart(aws);
    await holdNext(aws, 'creating');
    expect((await bob.run([...start, '--no-wait'])).code).toBe(0);
    const executionArn = await interrupt('start', ['follow', 'acme/api'], 'operation on acme/api');
    const { code, json } = await again(['follow', 'acme/api', '--json']);
    expect(json).toMatchObject({ status: 'started', created: true, executionArn });
    expect(code).toBe(0);
    await expectConverged(aws, 2);
  });
});

it('Ctrl-C during the check of the SSH connection says how to connect to the environment, which is running', async () => {
  const bin = mkdtempSync(join(tmpdir(), 'recode-bin-'));
  onTestFinished(() => rmSync(bin, { recursive: true }));
  // As an instance that lets nobody in yet.
  writeFileSync(join(bin, 'ssh'), '#!/bin/sh\n[ "$1" = -V ] && exit 0\nexec sleep 20\n', { mode: 0o755 });
  const env = { PATH: `${bin}:${process.env.PATH}` };
  const { text, code } = await bob.inTerminal(['start', 'acme/checked'], [['Checking the SSH connection', keys.ctrlC]], env);
  const connect = `ssh -F ${bob.files('acme/checked').sshConfig} acme-checked`;
  const message = `You interrupted this command after the start of acme/checked had ended. To connect, run: ${connect}`;
  expect(text.replaceAll(/\s+/g, ' ')).toContain(message);
  expect(code).toBe(130);
  await promisify(execFile)('/bin/sh', ['-c', `${connect} true`]);
  expect((await bob.run(['remove', 'acme/checked', '--force'])).code).toBe(0);
});

describe('a signal', () => {
  it.each<[NodeJS.Signals, ErrorName, string, string]>([
    ['SIGTERM', 'Terminated', 'SIGTERM ended', 'acme/terminated'],
    ['SIGHUP', 'HungUp', 'The closed terminal ended', 'acme/closed'],
  ])('%s while an execution is followed is told as Ctrl-C is, and the execution goes on', async (signal, name, who, repository) => {
    await holdNext(aws, 'creating');
    await aws.delete('calls');
    const command = ['start', repository];
    const ran = await bob.run(command, { interrupted: hasCalled(aws, bob, 'GetExecutionHistory'), signal });
    const message = `${who} this command, not the start of ${repository}, which continues. Its execution is ${await running('start')}.`;
    expectFailure(ran, ['aws', ...command], { name, message });
    expect((await again(command)).code).toBe(0);
  });
});

it('raises all that an interruption is told by', () => {
  expectAllRaised(raisedBy.interrupted);
});
