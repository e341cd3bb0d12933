import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { executionProgress } from '../../aws/executions/executions.ts';
import { readEnvironment } from '../../aws/records/read/environment.ts';
import { holderOf } from '../../core/lock.ts';
import { deployForTests } from '../harness/deployment.ts';
import { expectFailure } from '../harness/failure.ts';
import { beginHeld, letGo } from '../harness/pace.ts';
import { hasCalled, type User } from '../harness/users.ts';
import { wipe } from '../harness/wipe.ts';

let aws: TestAws;
let alice: User;
deployForTests((deployed, user) => {
  aws = deployed;
  alice = user('alice');
});
afterEach(async () => {
  letGo(aws);
  await aws.delete('faults');
  await wipe(aws);
});

const subject = { owner: 'alice', repository: 'acme/api' };
const holder = async () => holderOf((await readEnvironment(aws.clients.dynamodb, subject)) ?? {})?.executionArn;
const throttleHistory = () =>
  aws.post('faults', { service: 'states', action: 'GetExecutionHistory', kind: 'error', code: 'ThrottlingException', count: 1_000 });

/** Puts an `ssh` on the PATH that notes what it is run with. */
function notedSsh(): { readonly env: Readonly<Record<string, string>>; readonly checks: () => number } {
  const bin = mkdtempSync(join(tmpdir(), 'recode-bin-'));
  onTestFinished(() => rmSync(bin, { recursive: true }));
  const log = join(bin, 'log');
  writeFileSync(log, '');
  const PATH = process.env.PATH ?? '';
  writeFileSync(join(bin, 'ssh'), `#!/bin/sh\necho "$*" >> '${log}'\nPATH='${PATH}' exec ssh "$@"\n`, { mode: 0o755 });
  return { env: { PATH: `${bin}:${PATH}` }, checks: () => readFileSync(log, 'utf8').match(/ acme-api true$/gm)?.length ?? 0 };
}

it('a stop ends by its record, and says how by its execution, though AWS does not answer for its history', async () => {
  expect((await alice.run(['start', 'acme/api'])).code).toBe(0);
  await throttleHistory();
  const { code, stdout } = await alice.run(['stop', 'acme/api']);
  expect(stdout).toMatch(/^\n✓ Stopped acme\/api\n/m);
  expect(code).toBe(0);
});

it('a remove does so too, whose record is gone', async () => {
  expect((await alice.run(['start', 'acme/api'])).code).toBe(0);
  await throttleHistory();
  const { code, json } = await alice.run(['remove', 'acme/api', '--force', '--json']);
  expect(json).toMatchObject({ status: 'removed', changed: true });
  expect(code).toBe(0);
});

it('an execution that dies without a change of the record is noticed by its history', async () => {
  expect((await alice.run(['start', 'acme/api'])).code).toBe(0);
  const executionArn = await beginHeld(aws, 'stopping', { caller: 'bob', environment: subject });
  await aws.delete('calls');
  const following = alice.run(['follow', 'acme/api']);
  await hasCalled(aws, alice, 'GetItem', 3);
  await aws.clients.sfn.send(new StopExecutionCommand({ executionArn }));
  const again = 'recode aws stop acme/api';
  expectFailure(await following, ['aws', 'follow', 'acme/api'], {
    name: 'ExecutionAborted',
    message: 'Someone stopped the execution.',
    again,
  });
  expect(await holder()).toBe(executionArn);
});

it('a start connects while the control plane still works, and not again after that', async () => {
  const ssh = notedSsh();
  // Long enough to see that it is held.
  const hold = { service: 'dynamodb', action: 'UpdateItem', function: 'recode-prod-finishOperation', kind: 'delay', milliseconds: 20_000 };
  await aws.post('faults', hold);
  const starting = alice.run(['start', 'acme/api', '--no-clone'], { env: ssh.env });
  const sentences = async () => (await executionProgress(aws.clients.sfn, (await holder()) ?? '')).sentences;
  await vi.waitFor(async () => expect(await sentences()).toEqual(['Saving the environment']), { timeout: 50_000, interval: 20 });
  aws.clock.setRate(0.001);
  await vi.waitFor(() => expect(ssh.checks()).toBe(1), { timeout: 50_000, interval: 20 });
  expect(await sentences()).toEqual(['Saving the environment']);
  letGo(aws);
  const { code, stdout } = await starting;
  expect(stdout).toContain('✓ Started acme/api');
  expect(code).toBe(0);
  expect(ssh.checks()).toBe(1);
});

it('a start connects once to an instance that runs already', async () => {
  expect((await alice.run(['start', 'acme/api'])).code).toBe(0);
  const ssh = notedSsh();
  const { code, stdout } = await alice.run(['start', 'acme/api', '--no-clone'], { env: ssh.env });
  expect(stdout).toContain('✓ acme/api is already started');
  expect(code).toBe(0);
  expect(ssh.checks()).toBe(1);
});
