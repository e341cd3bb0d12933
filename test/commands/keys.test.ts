import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { expect, it } from 'vitest';
import { changeKeys } from '../../aws/records/hold/environment.ts';
import { readEnvironment } from '../../aws/records/read/environment.ts';
import type { Environment } from '../../core/environment.ts';
import { mostKeys } from '../../core/keys.ts';
import { keyPairFrom, sshFingerprint } from '../../core/openssh-key.ts';
import { deployForTests } from '../harness/deployment.ts';
import { expectAllRaised, expectFailure, raisedBy } from '../harness/failure.ts';
import type { User } from '../harness/users.ts';
import { runStop } from '../harness/workflows.ts';

let aws: TestAws;
/** Alice's machines: the one that creates the environment, and two more. */
let desktop: User;
let laptop: User;
let phone: User;
let bob: User;
deployForTests(async (deployed, user) => {
  aws = deployed;
  desktop = user('alice');
  laptop = user('alice', 'laptop');
  phone = user('alice', 'phone');
  bob = user('bob');
  await succeeds(desktop, 'start', 'acme/api');
});

async function succeeds(user: User, ...args: string[]): Promise<unknown> {
  const ran = await user.run([...args, '--json']);
  expect(ran.code, ran.stderr + ran.stdout).toBe(0);
  return ran.json;
}
const connects = (user: User) => user.prints(['ssh', 'acme/api', '--no-start', '--', 'echo in']);
const isIn = { code: 0, stdout: 'in\n', stderr: '' };
async function recordNow(): Promise<Environment> {
  const record = await readEnvironment(aws.clients.dynamodb, { owner: 'alice', repository: 'acme/api' });
  if (!record) throw new Error('There is no environment.');
  return record;
}
const addressNow = async () => (await recordNow()).observed?.publicIpAddress;
/** What ssh says with a private key, whether a machine is to use it or not. */
async function sshWith(privateKeyFile: string): Promise<string> {
  const { knownHosts } = laptop.files('acme/api');
  const settings = ['BatchMode=yes', 'IdentitiesOnly=yes', 'IdentityAgent=none', `UserKnownHostsFile=${knownHosts}`];
  const options = [...settings.flatMap((setting) => ['-o', setting]), '-p', '2200', `recode@${await addressNow()}`];
  const args = ['-F', '/dev/null', '-i', privateKeyFile, ...options, 'echo in'];
  return new Promise((resolve) => execFile('ssh', args, (_, stdout, stderr) => resolve(stdout + stderr)));
}
const sshAs = (user: User) => sshWith(join(user.files('acme/api').key, 'id_ed25519'));
/** What a command has printed after its progress. */
const resultOf = ({ stdout }: { readonly stdout: string }) => stdout.slice(stdout.indexOf('✓'));
const publicKeyOn = (user: User) => readFileSync(join(user.files('acme/api').key, 'id_ed25519.pub'), 'utf8').trim();
const fingerprintOn = (user: User) => sshFingerprint(publicKeyOn(user));
const keysOn = async (user: User) => {
  const keys = (await succeeds(user, 'keys', 'list', 'acme/api')) as { fingerprint: string; thisMachine: boolean }[];
  return keys.map(({ fingerprint, thisMachine }) => [fingerprint, thisMachine]);
};

it('lets nobody in from a machine whose key was not added, and says how to add it', async () => {
  const command = ['ssh', 'acme/api', '--', 'true'];
  const message = `This machine has no SSH key that acme/api accepts. It would be in ${laptop.files('acme/api').key}.`;
  const ran = await laptop.run(command);
  expectFailure(ran, ['aws', ...command], { name: 'PrivateKeyNotHere', message });
  expect(ran.stderr).toContain('Run "recode aws keys add acme/api" to let this machine in');
  expect(existsSync(laptop.files('acme/api').folder)).toBe(false);
});

it('lets a second machine in once the first one syncs the keys, and the first one still', async () => {
  const added = await laptop.prints(['keys', 'add', 'acme/api']);
  expect({ ...added, stdout: resultOf(added) }).toEqual({
    code: 0,
    stdout: `✓ Added this machine's key ${fingerprintOn(laptop)} to acme/api

It works once this runs on a machine that can log in:
  recode aws keys sync acme/api

Or after the next stop and start, which end what runs on the instance:
  recode aws restart acme/api
`,
    stderr: '',
  });
  expect(publicKeyOn(laptop)).toMatch(new RegExp(`^ssh-ed25519 \\S+ recode acme/api ${hostname()}$`));
  const address = await addressNow();
  const message = `The instance at ${address} says: recode@${address}: Permission denied (publickey).`;
  for (const command of [
    ['start', 'acme/api'],
    ['keys', 'sync', 'acme/api'],
  ]) {
    const refused = await laptop.run(command);
    expectFailure(refused, ['aws', ...command], { name: 'SshKeyRefused', message });
    expect(refused.stderr).toContain('Run "recode aws keys sync acme/api" on a machine that can log in');
  }
  expect((await desktop.prints(['keys', 'list', 'acme/api'])).stderr).toBe(
    '\nIf a key that was added after the last start does not work yet, run this on a machine that can log in:\n  recode aws keys sync acme/api\n',
  );

  const synced = await desktop.prints(['keys', 'sync', 'acme/api']);
  expect({ ...synced, stdout: resultOf(synced) }).toEqual({
    code: 0,
    stdout: `✓ acme/api now accepts the recorded keys\n  + ${fingerprintOn(laptop)}  recode acme/api ${hostname()}\n`,
    stderr: '',
  });
  expect(await connects(laptop)).toEqual(isIn);
  expect(await connects(desktop)).toEqual(isIn);
  expect(await addressNow()).toBe(address);
  for (const machine of [desktop, laptop]) {
    expect(resultOf(await machine.prints(['keys', 'sync', 'acme/api']))).toBe('✓ acme/api already accepts the recorded keys\n');
  }
});

it('keeps a synced key after the next stop and start', async () => {
  expect(await succeeds(laptop, 'restart', 'acme/api')).toMatchObject({ status: 'started' });
  expect(await connects(laptop)).toEqual(isIn);
  expect(await connects(desktop)).toEqual(isIn);
  expect((await desktop.prints(['keys', 'list', 'acme/api'])).stderr).toBe('');
});

it('adds a key once', async () => {
  const { stdout } = await laptop.prints(['keys', 'add', 'acme/api']);
  expect(stdout).toBe(`✓ acme/api already has this machine's key ${fingerprintOn(laptop)}\n`);
  expect(
    (await laptop.prints(['keys', 'add', 'acme/api', '--public-key', join(desktop.files('acme/api').key, 'id_ed25519.pub')])).stdout,
  ).toBe(`✓ acme/api already has the key ${fingerprintOn(desktop)}\n`);
  expect(await keysOn(desktop)).toHaveLength(2);
});

it('lists the keys on each machine, with its own', async () => {
  expect(await keysOn(desktop)).toEqual([
    [fingerprintOn(desktop), true],
    [fingerprintOn(laptop), false],
  ]);
  expect(await succeeds(laptop, 'keys', 'list', 'acme/api')).toEqual([
    { fingerprint: fingerprintOn(desktop), comment: 'recode acme/api', publicKey: publicKeyOn(desktop), addedAt: null, thisMachine: false },
    {
      fingerprint: fingerprintOn(laptop),
      comment: `recode acme/api ${hostname()}`,
      publicKey: publicKeyOn(laptop),
      addedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      thisMachine: true,
    },
  ]);
  const { stdout } = await laptop.prints(['keys', 'list', 'acme/api']);
  const rows = stdout.trimEnd().split('\n');
  expect(rows).toHaveLength(3);
  expect(rows[2]).toMatch(/^SHA256:\S{43} {2}\d+\w ago +this machine {2}recode acme\/api /);
});

it('starts a stopped environment from the second machine, which stays the one of the first', async () => {
  await runStop(aws);
  expect(await succeeds(laptop, 'start', 'acme/api')).toMatchObject({ status: 'started', changed: true });
  expect(await connects(laptop)).toEqual(isIn);
  expect((await keysOn(laptop))[0]).toEqual([fingerprintOn(desktop), false]);
});

/** A key without a machine: its file, and its public half. */
function tabletKey(seed: number): { readonly file: string; readonly fingerprint: string } {
  const file = join(laptop.files('acme/api').folder, `tablet-${seed}`);
  const { privateKey, publicKey } = keyPairFrom(Buffer.alloc(32, seed), `tablet ${seed}`);
  writeFileSync(file, privateKey, { mode: 0o600 });
  writeFileSync(`${file}.pub`, `${publicKey}\n`);
  return { file, fingerprint: sshFingerprint(publicKey) };
}
const onInstance = (script: string) => succeedsThere(['ssh', 'acme/api', '--home', '--', script]);
async function succeedsThere(args: string[]): Promise<void> {
  const { code, stderr } = await laptop.prints(args);
  expect(code, stderr).toBe(0);
}
/** Puts a program before the instance's own `sudo`. */
const replaceSudo = (script: string) =>
  onInstance(`mkdir -p fake; cat > fake/sudo <<'END'\n#!/bin/sh\n${script}\nEND\nchmod +x fake/sudo; echo 'PATH=~/fake:$PATH' > .bashrc`);
const restoreSudo = () => onInstance('rm -r fake .bashrc');

it('changes the keys of the instance at once on a machine that can log in', async () => {
  const { file, fingerprint } = tabletKey(9);
  const added = await laptop.prints(['keys', 'add', 'acme/api', '--public-key', `${file}.pub`]);
  expect(resultOf(added)).toBe(`✓ Added the key ${fingerprint} to acme/api\n\nIt works now.\n`);
  expect(await sshWith(file)).toBe('in\n');

  const removed = await laptop.prints(['keys', 'remove', 'acme/api', 'tablet 9']);
  expect(resultOf(removed)).toBe(
    `✓ Removed the key ${fingerprint} from acme/api\n\nIt is refused now. Open connections with a removed key stay open.\n`,
  );
  expect(await sshWith(file)).toContain('Permission denied (publickey)');
  expect(await connects(desktop)).toEqual(isIn);
});

it('records a change that it cannot make on the instance, and says how to make it there', async () => {
  await replaceSudo('echo "sudo: a password is required" >&2; exit 1');
  const { file, fingerprint } = tabletKey(10);
  const added = await laptop.prints(['keys', 'add', 'acme/api', '--public-key', `${file}.pub`]);
  expect(added.code).toBe(0);
  const reason = 'The instance says: sudo: a password is required.';
  expect(added.stderr).toContain(`! The change is recorded, but not on the instance yet. ${reason}\n`);
  expect(added.stdout).toContain(`✓ Added the key ${fingerprint} to acme/api\n\nIt works once this runs on a machine that can log in:\n`);
  expect(await sshWith(file)).toContain('Permission denied (publickey)');
  const sync = ['keys', 'sync', 'acme/api'];
  expectFailure(await laptop.run(sync), ['aws', ...sync], { name: 'InstanceKeysNotReplaced', message: reason });
  expect(await connects(laptop)).toEqual(isIn);

  await restoreSudo();
  expect(await succeeds(laptop, ...sync)).toMatchObject({ changed: true, added: [fingerprint], removed: [] });
  await succeeds(laptop, 'keys', 'remove', 'acme/api', fingerprint);
});

it('syncs a key too that is recorded in the meantime', async () => {
  const { file, fingerprint } = tabletKey(11);
  await replaceSudo('touch ~/waiting; until [ -e ~/go ]; do sleep 0.1; done; PATH=${PATH#*:} exec sudo "$@"');
  const syncing = succeeds(laptop, 'keys', 'sync', 'acme/api');
  await onInstance('until [ -e ~/waiting ]; do sleep 0.1; done');
  const record = await recordNow();
  const { publicKey: first, moreKeys = [] } = record.wanted;
  const publicKey = readFileSync(`${file}.pub`, 'utf8').trim();
  const addedAt = record.updatedAt;
  const keys = { publicKey: first ?? '', moreKeys: [...moreKeys, { publicKey, addedAt }] };
  expect(await changeKeys(aws.clients.dynamodb, record, keys)).toBe(true);
  await onInstance('touch ~/go');
  expect(await syncing).toMatchObject({ changed: true, added: [fingerprint] });
  expect(await sshWith(file)).toBe('in\n');
  await restoreSudo();
  await succeeds(laptop, 'keys', 'remove', 'acme/api', fingerprint);
});

it('refuses a removed key of its own machine once another one syncs, also of the machine that came first', async () => {
  const { stdout } = await desktop.prints(['keys', 'remove', 'acme/api', fingerprintOn(desktop)]);
  expect(stdout).toContain(
    `✓ Removed the key ${fingerprintOn(desktop)} from acme/api\n\nIt is refused once this runs on a machine that can log in:\n  recode aws keys sync acme/api\n`,
  );
  expect(await sshAs(desktop)).toBe('in\n');
  // A machine whose key is not recorded could lock everybody out.
  const sync = ['keys', 'sync', 'acme/api'];
  const message = `This machine has no SSH key that acme/api accepts. It would be in ${desktop.files('acme/api').key}.`;
  expectFailure(await desktop.run(sync), ['aws', ...sync], { name: 'PrivateKeyNotHere', message });

  expect(await succeeds(laptop, ...sync)).toEqual({
    repository: 'acme/api',
    owner: 'alice',
    changed: true,
    added: [],
    removed: [fingerprintOn(desktop)],
    keys: [expect.objectContaining({ fingerprint: fingerprintOn(laptop), thisMachine: true })],
  });
  expect(await connects(laptop)).toEqual(isIn);
  expect(await sshAs(desktop)).toContain('Permission denied (publickey)');
  expect((await desktop.run(['ssh', 'acme/api', '--', 'true'])).stderr).toContain('This machine has no SSH key that acme/api accepts.');
});

it('keeps the last key', async () => {
  const command = ['keys', 'remove', 'acme/api', `recode acme/api ${hostname()}`];
  expectFailure(await laptop.run(command), ['aws', ...command], {
    name: 'LastKey',
    message: 'It is the only key that the environment accepts.',
  });
});

it('knows no key by another name', async () => {
  const command = ['keys', 'remove', 'acme/api', 'phone'];
  expectFailure(await laptop.run(command), ['aws', ...command], {
    name: 'KeyNotFound',
    message: "acme/api has no key with the fingerprint or comment 'phone'.",
  });
});

it.each([
  ['add', 'acme/api'],
  ['remove', 'acme/api', 'phone'],
  ['sync', 'acme/api'],
])("changes no keys of a teammate's environment: %s", async (...words) => {
  const command = ['keys', ...words, '--owner', 'alice'];
  expectFailure(await bob.run(command), ['aws', ...command], {
    name: 'NotYourEnvironment',
    message: 'The environment of acme/api belongs to alice.',
  });
  expect(existsSync(bob.files('acme/api', 'alice').folder)).toBe(false);
});

it("lists a teammate's keys", async () => {
  expect(await succeeds(bob, 'keys', 'list', 'acme/api', '--owner', 'alice')).toMatchObject([{ thisMachine: false }]);
});

it.each([
  ['a file that does not exist', undefined, /given\.pub\.none': there is no such file or folder\.$/],
  ['a private key', keyPairFrom(Buffer.alloc(32, 7), 'x').privateKey, /not the public half of an Ed25519 key/],
  ['a key of another type', 'ssh-rsa AAAAB3NzaC1yc2E= me\n', /not the public half of an Ed25519 key/],
  ['two keys', `${keyPairFrom(Buffer.alloc(32, 7), 'x').publicKey}\n`.repeat(2), /not the public half of an Ed25519 key/],
])('takes no key from %s', async (_, text, problem) => {
  const file = join(laptop.files('acme/api').folder, 'given.pub');
  if (text !== undefined) writeFileSync(file, text);
  const { code, json } = await laptop.run([
    'keys',
    'add',
    'acme/api',
    '--public-key',
    text === undefined ? `${file}.none` : file,
    '--json',
  ]);
  expect(code).toBe(2);
  expect(json).toMatchObject({ error: { name: 'UsageNotValid', message: expect.stringMatching(problem) } });
});

it('has nothing to sync where nothing runs', async () => {
  await runStop(aws);
  const sync = ['keys', 'sync', 'acme/api'];
  const ran = await laptop.run(sync);
  expectFailure(ran, ['aws', ...sync], { name: 'NoStartedInstance', message: 'acme/api is stopped.' });
  expect(ran.stderr).toContain('The recorded keys work after the next start: "recode aws start acme/api".');
  const { file, fingerprint } = tabletKey(12);
  expect(resultOf(await laptop.prints(['keys', 'add', 'acme/api', '--public-key', `${file}.pub`]))).toBe(
    `✓ Added the key ${fingerprint} to acme/api\n\nIt works after the next start:\n  recode aws start acme/api\n`,
  );
  await succeeds(laptop, 'start', 'acme/api');
  expect(await sshWith(file)).toBe('in\n');
});

it('makes no key that there is no room for', async () => {
  const record = await recordNow();
  const { publicKey } = record.wanted;
  const moreKeys = Array.from({ length: mostKeys - 1 }, (_, number) => ({
    publicKey: keyPairFrom(Buffer.alloc(32, number), `key ${number}`).publicKey,
    addedAt: record.createdAt,
  }));
  expect(await changeKeys(aws.clients.dynamodb, record, { publicKey: publicKey ?? '', moreKeys })).toBe(true);
  const command = ['keys', 'add', 'acme/api'];
  expectFailure(await phone.run(command), ['aws', ...command], { name: 'TooManyKeys', message: 'An environment accepts up to 20 keys.' });
  expect(existsSync(phone.files('acme/api').folder)).toBe(false);
});

it('raises all that keys can fail with', () => {
  expectAllRaised(raisedBy.keys);
});
