import { execFile } from 'node:child_process';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { StartInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readUserData } from '../../aws/ec2/user-data.ts';
import { readEnvironment, readEnvironments } from '../../aws/records/read/environment.ts';
import { readClaim } from '../../aws/records/read/names.ts';
import { settleSeconds } from '../../core/operation.ts';
import { deployForTests } from '../harness/deployment.ts';
import { expectAllRaised, expectFailure, raisedBy } from '../harness/failure.ts';
import { expectConverged, inventory } from '../harness/inventory.ts';
import { expectKept, wipeKept } from '../harness/kept.ts';
import { beginHeld, letGo } from '../harness/pace.ts';
import { withoutCapacity } from '../harness/placed.ts';
import { hasCalled, keys, type User } from '../harness/users.ts';
import { wipe } from '../harness/wipe.ts';
import {
  ended,
  mutatingCalls,
  runMove,
  runRemove,
  runRestart,
  runStart,
  runStop,
  runTransfer,
  somePublicKey,
} from '../harness/workflows.ts';

let aws: TestAws;
let alice: User;
let bob: User;
deployForTests((deployed, user) => {
  aws = deployed;
  [alice, bob] = [user('alice'), user('bob')];
});
afterEach(async () => {
  letGo(aws);
  await aws.delete('faults');
  await aws.delete('ec2');
  await aws.post('lambda', { environment: { RECODE_TEAMMATES: 'everyone' } });
  await wipe(aws);
  await wipeKept(aws);
});

const record = (owner: string) => readEnvironment(aws.clients.dynamodb, { owner, repository: 'acme/api' });
const settle = () => aws.clock.advance(settleSeconds * 1000);
const command = ['transfer', 'acme/api', '--to', 'bob'];

async function succeeds(user: User, ...args: string[]) {
  const ran = await user.run(args);
  expect(ran.code, ran.stderr).toBe(0);
  return ran;
}

describe('recode aws transfer', () => {
  it('gives the instance, its files and its name to the new owner, who alone gets in', async () => {
    const { json } = await succeeds(alice, 'start', 'acme/api', '--no-clone', '--json');
    const { instanceId, name } = json as { instanceId: string; name: string };
    // A key that she has put into the home folder must not let her in either.
    const { key, sshConfig, folder } = alice.files('acme/api');
    const publicKey = readFileSync(`${key}/id_ed25519.pub`, 'utf8').trim();
    await succeeds(
      alice,
      ...['ssh', 'acme/api', '--home', '--', `echo hers > note.txt; mkdir -p .ssh; echo '${publicKey}' > .ssh/authorized_keys`],
    );
    const question = [
      'This gives your environment acme/api in us-east-1 to bob:',
      '  It is stopped, which ends all connections and what runs on it.',
      '  bob becomes its owner. Your keys no longer get in.',
      '  All data on its disk goes along: files, tokens, the history of the shell.',
      'Nobody called bob has an environment in us-east-1 yet. Check the name: "recode aws whoami" shows it to its owner.',
      'Transfer it? [y/N] ',
    ];
    const declined = await alice.inTerminal(command, [['[y/N] ', `n${keys.enter}`]]);
    expect(declined.text).toContain(question.join('\n'));
    expect(await record('bob')).toBeUndefined();

    cpSync(key, `${folder}-copy`, { recursive: true });
    const { text, code } = await alice.inTerminal(command, [['[y/N] ', `y${keys.enter}`]]);
    expect(text).toMatch(
      /\n✓ Transferred acme\/api to bob\n\nIt accepts no SSH key until bob starts it with:\n {2}recode aws start acme\/api\n/,
    );
    expect(code).toBe(0);
    expect([existsSync(key), existsSync(sshConfig)]).toEqual([false, false]);
    expect((await succeeds(alice, 'list', '--json')).json).toEqual([]);
    await expectConverged(aws, 1, 'stopped');
    expect(await record('alice')).toBeUndefined();

    const started = await succeeds(bob, 'start', 'acme/api', '--no-clone', '--json');
    expect(started.stderr).toContain('acme/api was transferred to you by alice. Its disk is as its former owner left it.');
    expect(started.json).toMatchObject({ instanceId, name, owner: 'bob', created: false, status: 'started' });
    expect((await succeeds(bob, 'ssh', 'acme/api', '--home', '--', 'cat note.txt')).stdout).toBe('hers\n');
    await expectConverged(aws, 1);
    // Her key, at the address that it has now, with the host key that it has had.
    const { publicIpAddress } = started.json as { publicIpAddress: string };
    expect(await login(publicIpAddress, `${folder}-copy/id_ed25519`)).toContain('Permission denied (publickey)');
    expect(await login(publicIpAddress, `${bob.files('acme/api').key}/id_ed25519`)).toBe('');
    const logs = (await succeeds(bob, 'logs', 'acme/api')).stdout;
    expect(logs).toMatch(/acme\/api \(bob\): start succeeded/);
    expect((await record('bob'))?.lastOperations).toMatchObject([
      { kind: 'start', owner: 'alice' },
      { kind: 'transfer', owner: 'alice' },
      { kind: 'start' },
    ]);
  });

  it('asks only on a terminal, unless it is forced, and prints whose it is as JSON', async () => {
    await runStart(aws);
    const refused = await alice.run(command);
    expect(refused.stderr).toContain('recode aws transfer acme/api --to bob --force');
    expect(refused.code).toBe(2);
    const { json, stderr } = await succeeds(alice, ...command, '--force', '--json');
    expect(json).toMatchObject({
      repository: 'acme/api',
      owner: 'bob',
      name: 'acme-api',
      status: 'stopped',
      changed: true,
      sshCommand: null,
    });
    expect(stderr).toContain('bob had no environment in us-east-1 before. Check the name');
  });

  it('knows who has environments already', async () => {
    await runStart(aws);
    await runStart(aws, { owner: 'bob', repository: 'acme/web' });
    const { stderr } = await succeeds(alice, ...command, '--force');
    expect(stderr).not.toContain('Check the name');
  });

  it.each([
    ['alice', 'acme/api belongs to alice already.'],
    ['auto-stop@recode', `Invalid --to 'auto-stop@recode'. Use the name that "recode aws whoami" shows the new owner.`],
    ['b b', `Invalid --to 'b b'. Use the name that "recode aws whoami" shows the new owner.`],
  ])('is refused for %j', async (to, message) => {
    await runStart(aws);
    const args = ['transfer', 'acme/api', '--to', to, '--force'];
    expectFailure(await alice.run(args), ['aws', ...args], { name: 'UsageNotValid', message, usage: 'recode aws transfer' });
    expect(await record('alice')).not.toHaveProperty('transferTo');
  });

  it('needs a new owner, unless one is known', async () => {
    await runStart(aws);
    const args = ['transfer', 'acme/api', '--force'];
    const message = 'Use --to to name the new owner.';
    expectFailure(await alice.run(args), ['aws', ...args], { name: 'UsageNotValid', message, usage: 'recode aws transfer' });
  });

  it('is refused where the new owner has an environment of the repository, which says what to do', async () => {
    await runStart(aws);
    await runStart(aws, { owner: 'bob' });
    const args = [...command, '--force'];
    const before = await record('alice');
    expectFailure(await alice.run(args), ['aws', ...args], {
      name: 'NewOwnerHasEnvironment',
      message: 'bob has an environment for acme/api, and nobody can have two.',
    });
    expect(await record('alice')).toEqual(before);
    await expectConverged(aws, 2);
  });

  it('is refused where the new owner has as many environments as the team allows', async () => {
    await aws.post('lambda', { environment: { RECODE_TEAMMATES: 'everyone', RECODE_ENVIRONMENTS_PER_OWNER: '1' } });
    await runStart(aws);
    await runStart(aws, { owner: 'bob', repository: 'acme/web' });
    const before = await record('alice');
    expect(await runTransfer(aws)).toMatchObject({ error: 'TooManyEnvironments', cause: expect.stringContaining('bob has acme/web') });
    expect([await record('alice'), await record('bob')]).toEqual([before, undefined]);
  });

  it('that did not finish keeps everything else off, is shown once, and is finished by the same command or a retry', async () => {
    await runStart(aws);
    await aws.post('faults', { service: 'ec2', action: 'CreateTags', kind: 'error', code: 'OptInRequired', message: 'Not yours.' });
    expect(await runTransfer(aws)).toMatchObject({ error: 'AccountNotReady' });
    settle();
    const [theirs, its] = [await record('alice'), await record('bob')];
    expect([theirs?.transferTo, its?.transferFrom, its?.uid]).toEqual(['bob', 'alice', theirs?.uid]);
    const message = 'The transfer of acme/api from alice to bob did not finish.';
    const fix = 'recode aws transfer acme/api --to bob --owner alice';
    for (const [user, ...args] of [
      [alice, 'stop', 'acme/api'],
      [alice, 'remove', 'acme/api', '--force'],
      [alice, 'rename', 'acme/api', 'billing'],
      [bob, 'start', 'acme/api', '--no-clone'],
      [bob, 'remove', 'acme/api', '--force'],
      [bob, 'keys', 'add', 'acme/api'],
      [bob, 'schedule', 'set', 'acme/api', '2h'],
    ] as const)
      expectFailure(await user.run(args), ['aws', ...args], { name: 'TransferNotFinished', message, fix });
    for (const user of [alice, bob]) expect((await user.run(['transfer', 'acme/api', '--to', 'carol', '--force'])).stderr).toContain(fix);
    const { lock: _, ...free } = theirs ?? {};
    expect([await record('alice'), await record('bob')]).toEqual([free, its]);
    for (const [args, owner] of [
      [['list', '--all', '--json'], 'alice'],
      [['list', '--json'], 'bob'],
    ] as const)
      expect((await succeeds(owner === 'bob' ? bob : alice, ...args)).json).toMatchObject([{ repository: 'acme/api', owner }]);
    expect((await succeeds(bob, 'status', 'acme/api')).stdout).toContain(
      `${message.replace('The transfer of acme/api', 'Its transfer')} To finish it, run:\n  ${fix}\n`,
    );
    const doctor = await alice.run(['doctor']);
    expect(doctor.stdout.match(/Its transfer from alice to bob did not finish\./g)).toHaveLength(1);
    expect(doctor.stdout).toContain('recode aws transfer --to bob');

    const { stdout } = await succeeds(alice, 'retry', 'acme/api', '--force');
    expect(stdout).toMatch(/^Retrying the transfer that failed /);
    expect(stdout).toContain('✓ Transferred acme/api to bob');
    await expectConverged(aws, 1, 'stopped');
  });

  it('that is in progress is followed by the same command, and by one that has another new owner', async () => {
    await runStart(aws);
    await beginHeld(aws, 'transferring', { caller: 'alice', environment: { owner: 'alice', repository: 'acme/api' }, to: 'bob' });
    const following = alice.run([...command, '--force']);
    const other = bob.run(['transfer', 'acme/api', '--to', 'carol', '--owner', 'alice', '--force']);
    expect((await other).stderr).toContain('Only alice may do this');
    const toCarol = alice.run(['transfer', 'acme/api', '--to', 'carol', '--force']);
    await hasCalled(aws, alice, 'StartExecution', 2);
    letGo(aws);
    const [same, late] = await Promise.all([following, toCarol]);
    expect([same.code, same.stdout], same.stderr).toEqual([0, expect.stringContaining('✓ Transferred acme/api to bob')]);
    expect(late.code).toBe(3);
    expect(late.stderr).toContain('alice has no environment for acme/api.');
    await expectConverged(aws, 1, 'stopped');
  });

  it('is followed and cancelled like any other operation', async () => {
    await runStart(aws);
    const executionArn = await beginHeld(aws, 'transferring', {
      caller: 'alice',
      environment: { owner: 'alice', repository: 'acme/api' },
      to: 'bob',
    });
    expect((await succeeds(alice, 'list')).stdout).toContain('being transferred');
    expect((await bob.run(['start', 'acme/api', '--no-clone'])).stderr).toMatch(
      /A transfer is running on the environment acme\/api, .*by alice/,
    );
    expect((await succeeds(alice, 'cancel', 'acme/api', '--force', '--json')).json).toMatchObject({ cancelled: true });
    letGo(aws);
    expect(await ended(aws, executionArn)).toMatchObject({ status: 'ABORTED' });
    for (const owner of ['alice', 'bob']) expect((await record(owner))?.lock).toHaveProperty('quietUntil');
    settle();
    expect(await runTransfer(aws)).toMatchObject({ status: 'SUCCEEDED' });
    await expectConverged(aws, 1, 'stopped');
  });
});

/** Tries to log in with a key, and resolves to what ssh says of it. */
async function login(address: string, key: string): Promise<string> {
  const options = ['BatchMode=yes', 'IdentitiesOnly=yes', 'StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR'];
  const args = ['-F', 'none', '-p', '2200', '-i', key, ...options.flatMap((option) => ['-o', option]), `recode@${address}`, 'true'];
  return new Promise((resolve) => {
    execFile('ssh', args, (_, __, stderr) => resolve(stderr.replace(/^.*Warning.*\n/gm, '')));
  });
}

describe('an environment that was transferred', () => {
  const bobs = { owner: 'bob' };
  let instanceId = '';
  beforeEach(async () => {
    instanceId = (await runStart(aws)).output?.instanceId ?? '';
    expect(await runTransfer(aws)).toMatchObject({
      status: 'SUCCEEDED',
      output: { owner: 'bob', formerOwner: 'alice', repository: 'acme/api', name: 'acme-api', status: 'transferred' },
    });
  });

  it('lets nobody in who starts its instance outside Recode: its user data has no key', async () => {
    expect(await readUserData(aws.clients.ec2, instanceId)).not.toContain(somePublicKey.split(' ')[1]);
    expect((await record('bob'))?.wanted).not.toHaveProperty('publicKey');
    await aws.clients.ec2.send(new StartInstancesCommand({ InstanceIds: [instanceId] }));
  });

  it('has its name, its claim and no other record', async () => {
    expect(await readClaim(aws.clients.dynamodb, 'acme-api')).toMatchObject({
      environment: 'bob/acme/api',
      uid: (await record('bob'))?.uid,
    });
    expect((await readEnvironments(aws.clients.dynamodb)).items).toHaveLength(1);
    const { instances, volumes, networkInterfaces, securityGroups, keyPairs } = await inventory(aws);
    const tags = [...instances, ...volumes, ...securityGroups, ...keyPairs].map(({ Tags }) => Tags);
    for (const each of [...tags, ...networkInterfaces.map(({ TagSet }) => TagSet)])
      expect(each).toContainEqual({ Key: 'recode:owner', Value: 'bob' });
  });

  it('is started by nobody but its owner, who brings the first key', async () => {
    const refusal = { error: 'NoAcceptedKey', cause: expect.stringContaining('bob has not started it since it was transferred') };
    expect(await runStart(aws, { ...bobs, caller: 'alice' })).toMatchObject(refusal);
    expect(await runRestart(aws, bobs)).toMatchObject(refusal);
    expect(await runMove(aws, bobs)).toMatchObject(refusal);
    const args = ['start', 'acme/api', '--owner', 'bob', '--force'];
    expectFailure(await alice.run(args), ['aws', ...args], {
      name: 'NoAcceptedKey',
      message: 'acme/api accepts no SSH key yet: bob has not started it since it was transferred.',
    });
    expect(await runStart(aws, bobs)).toMatchObject({ status: 'SUCCEEDED', output: { instanceId } });
    expect(await readUserData(aws.clients.ec2, instanceId)).toContain(somePublicKey.split(' ')[1]);
    expect(await runRestart(aws, { ...bobs, caller: 'alice' })).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('accepts a key that its owner adds before the first start', async () => {
    expect((await succeeds(bob, 'keys', 'list', 'acme/api', '--json')).json).toEqual([]);
    await succeeds(bob, 'keys', 'add', 'acme/api');
    await succeeds(bob, 'start', 'acme/api', '--no-clone');
    expect((await succeeds(bob, 'ssh', 'acme/api', '--', 'echo in')).stdout).toBe('in\n');
    expect((await succeeds(bob, 'keys', 'list', 'acme/api', '--json')).json).toMatchObject([{ thisMachine: true }]);
  });

  it('can be renamed, stopped and removed before it is started, and its former owner may create another one', async () => {
    await succeeds(bob, 'rename', 'acme/api', 'billing');
    expect(await runStop(aws, bobs)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await runStart(aws)).toMatchObject({ status: 'SUCCEEDED', output: { created: true, name: 'acme-api' } });
    expect(await runRemove(aws, bobs)).toMatchObject({ status: 'SUCCEEDED' });
    await expectConverged(aws, 1);
  });

  it('can go back, and on to somebody else', async () => {
    expect(await runTransfer(aws, { ...bobs, to: 'alice' })).toMatchObject({ status: 'SUCCEEDED' });
    expect(await runTransfer(aws, { to: 'carol' })).toMatchObject({ status: 'SUCCEEDED' });
    expect(await runStart(aws, { owner: 'carol' })).toMatchObject({ status: 'SUCCEEDED', output: { instanceId, name: 'acme-api' } });
    await expectConverged(aws, 1);
  });

  it('keeps keys in home folders out also after a move', async () => {
    expect(await runStart(aws, bobs)).toMatchObject({ status: 'SUCCEEDED' });
    const moved = await runMove(aws, bobs);
    expect(moved).toMatchObject({ status: 'SUCCEEDED' });
    expect(await readUserData(aws.clients.ec2, moved.output?.instanceId ?? '')).not.toContain('.ssh/authorized_keys');
  });
});

describe('a transfer', () => {
  it('stops a running instance once, and gives tags in one call', async () => {
    await runStart(aws);
    await aws.delete('calls');
    await runTransfer(aws);
    expect(await mutatingCalls(aws)).toEqual(['StopInstances', 'ModifyInstanceAttribute', 'CreateTags']);
  });

  it('takes the disk along that an unfinished move has kept, and leaves those of removed environments', async () => {
    await runStart(aws);
    await runRemove(aws, { keep: 30 });
    await runStart(aws);
    const zones = ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => `us-east-1${letter}`);
    await withoutCapacity(aws, ...zones);
    expect(await runMove(aws)).toMatchObject({ error: 'NoCapacity' });
    await expectKept(aws, 2);
    settle();
    expect(await runTransfer(aws)).toMatchObject({ status: 'SUCCEEDED' });
    await aws.delete('ec2');
    expect(await runStart(aws, { owner: 'bob' })).toMatchObject({ status: 'SUCCEEDED', output: { created: true } });
    await expectConverged(aws, 1);
    await expectKept(aws, 1);
  });

  it('transfers what is left of an environment whose instance was terminated outside Recode', async () => {
    const { output } = await runStart(aws);
    await aws.clients.ec2.send(new TerminateInstancesCommand({ InstanceIds: [output?.instanceId ?? ''] }));
    expect(await runTransfer(aws)).toMatchObject({ error: 'InstanceGone' });
    settle();
    expect(await runTransfer(aws)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await record('bob')).toMatchObject({ observed: { state: 'gone' } });
    expect(await runStart(aws, { owner: 'bob', replaces: output?.instanceId ?? '' })).toMatchObject({ status: 'SUCCEEDED' });
    await expectConverged(aws, 1);
  });

  it('is refused to a teammate, also where everyone may act', async () => {
    await runStart(aws);
    const before = await record('alice');
    const refusal = { error: 'TeammateNotAllowed', cause: expect.stringContaining('Only alice may do this') };
    expect(await runTransfer(aws, { caller: 'bob' })).toMatchObject(refusal);
    expect(await record('alice')).toEqual(before);
  });

  it('is an administrator’s, too', async () => {
    await runStart(aws);
    await aws.post('identities', { accessKeyId: 'ada', arn: 'arn:aws:sts::000000000000:assumed-role/Admin/ada' });
    await aws.post('lambda', { environment: { RECODE_TEAMMATES: 'administrators', RECODE_ADMINISTRATORS: 'arn:aws:iam::*:role/Admin' } });
    expect(await runTransfer(aws, { caller: 'ada' })).toMatchObject({ status: 'SUCCEEDED' });
    expect((await record('bob'))?.lastOperations?.at(-1)).toMatchObject({
      kind: 'transfer',
      owner: 'role:Admin:ada',
      byAdministrator: true,
    });
  });
});

it('the errors of a transfer are all shown', () => expectAllRaised(raisedBy.transfer));
